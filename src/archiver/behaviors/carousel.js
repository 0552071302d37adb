async ({ until, page }) => {
  const CAROUSELS = 12, SLIDES = 40;
  const PICTURE_WAIT = 2000;   // ms for the pictures of one slide
  const KINDS = ["carousel", "slider", "swiper", "gallery", "slideshow", "splide", "glide", "flickity", "slick"];
  const HOLDER = ['[aria-roledescription="carousel" i]', "[data-carousel]", ...KINDS.map(kind => `[class*="${kind}" i]`)]
    .map(one => `${one}:not(html, body, main)`).join(", ");
  const SHOWS = 'img, picture, video, [role="img"], [style*="url("]';
  const NEXT = /(?:^|[\s_-])(?:next|(?:arrow|button|control)[\s_-]+right|right[\s_-]+arrow)(?:$|[\s_-])/i;
  const BACK = /(?:^|[\s_-])(?:prev|previous|(?:arrow|button|control)[\s_-]+left|left[\s_-]+arrow)(?:$|[\s_-])/i;
  const PRESSABLE = 'button, [role="button"], a, input[type="button"], [class*="next" i]';
  const counts = { carousels: 0, slides: 0, slides_left: 0 };

  const named = (element, pattern) => pattern.test(`${page.names(element)} ${element.ariaLabel ?? ""}`);
  const holderOf = button => {
    let holder = button.parentElement && page.above(button.parentElement, HOLDER);
    while (holder && !holder.querySelector(SHOWS)) holder = holder.parentElement && page.above(holder.parentElement, HOLDER);
    if (holder || !page.says(button, "next")) return holder;
    const group = page.above(button, 'figure, section, [role="region"], [role="group"]');
    return group && group.querySelector(SHOWS) ? group : null;
  };
  // What a reader sees of it now: pictures where they stand, and text.
  const state = holder => {
    const around = holder.getBoundingClientRect();
    const shown = [...holder.querySelectorAll(SHOWS)].map(one => [one, one.getBoundingClientRect()])
      .filter(([one, box]) => box.width && box.right > around.left && box.left < around.right && page.visible(one));
    const places = shown.map(([one, box]) =>
      `${one.currentSrc ?? ""} ${one.getAttribute("style") ?? ""} ${Math.round((box.left - around.left) / 8)}`);
    return [...places, holder.innerText].join("\n");
  };
  const pictures = async holder => {
    const patience = Math.min(until, Date.now() + PICTURE_WAIT);
    const coming = () => [...holder.querySelectorAll("img")].some(image => !image.complete && page.visible(image));
    while (coming() && Date.now() < patience) await page.pause(25);
  };
  const goRound = async (button, holder) => {
    const seen = [state(holder)];
    let now = "";
    while (seen.length <= SLIDES && Date.now() < until && page.allowed(button)) {
      for (let tries = 0; tries < 2 && (now = state(holder)) === seen.at(-1); tries += 1) {   // a press may be lost
        await page.press(button);
        await pictures(holder);
      }
      now = state(holder);
      if (seen.includes(now)) break;   // it has come round, or does not move
      seen.push(now);
    }
    counts.slides += seen.length - 1;
    if (seen.length > SLIDES) counts.slides_left += 1;
    if (seen.length < 2 || now === seen[0]) return;
    const before = button.previousElementSibling;   // where the other one mostly is, whatever its language
    const back = [...holder.querySelectorAll(PRESSABLE.replace("next", "prev"))].find(one => named(one, BACK))
      ?? (before?.tagName === button.tagName ? before : null);
    for (let step = 1; back && step < seen.length && page.allowed(back); step += 1) {
      await page.act(back, () => back.click());
      if (state(holder) === seen[0]) break;
    }
  };

  const held = new Set();
  for (const button of page.all(PRESSABLE)) {
    if (page.met("carousels").has(button) || Date.now() >= until) continue;
    if (!named(button, NEXT) && !page.says(button, "next") || !page.allowed(button) || page.above(button, "form, table")) continue;
    const holder = holderOf(button);
    if (!holder || held.has(holder)) continue;
    page.met("carousels").add(button);
    held.add(holder);
    if (counts.carousels >= CAROUSELS) {
      counts.slides_left += 1;
      continue;
    }
    counts.carousels += 1;
    await goRound(button, holder);
  }
  return counts;
}
