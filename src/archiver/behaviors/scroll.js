async ({ until, page }) => {
  const SCREENS = 120;         // a page ends here
  const GROWTHS = 40;          // one that adds to itself whenever its end comes into view ends here
  const HOLDERS = 12, HOLDER_SCREENS = 60;
  const PICTURE_WAIT = 2000;   // ms for the pictures of one screen
  const SWAP_WAIT = 300;       // ms for a script to put a picture where it belongs
  const ANSWER_WAIT = 4000;    // ms for what the page has asked for
  const GROW_WAIT = 250;       // ms for the page to add to itself, when it has asked for nothing
  const LAZY = "img[data-src], img[data-srcset], img[data-original], img[data-lazy-src], img.lazyload, " +
    "[data-bg], [data-background], [data-background-image]";
  const end = Math.min(until, Date.now() + (until - Date.now()) / 2);
  const counts = { screens: 0, images_awaited: 0, growths: 0, scrollers: 0, screens_left: 0 };

  const inView = element => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0;
  };
  const since = new WeakMap();
  const unswapped = element => {
    const source = element.currentSrc ?? "";
    const bare = element.tagName === "IMG" ? !source || source.startsWith("data:")
      : getComputedStyle(element).backgroundImage === "none";
    if (!bare) return false;
    if (!since.has(element)) since.set(element, Date.now());
    return Date.now() - since.get(element) < SWAP_WAIT;
  };
  const awaited = new Set();
  const coming = () => [
    ...page.all("img").filter(image => !image.complete && inView(image)),
    ...page.all(LAZY).filter(element => inView(element) && unswapped(element)),
  ];
  const settled = async () => {
    const patience = Math.min(end, Date.now() + PICTURE_WAIT);
    coming().forEach(element => awaited.add(element));
    await page.painted();      // observers of what is in view run once per frame
    await page.painted();
    for (let waiting = coming(); waiting.length && Date.now() < patience; waiting = coming()) {
      waiting.forEach(element => awaited.add(element));
      await page.pause(25);
    }
  };
  // Time alone would say nothing on a busy machine: so many frames must have been painted as well.
  const grew = async (scroller, length, patient) => {
    const before = scroller[length], last = Math.min(end, Date.now() + ANSWER_WAIT);
    let [frames, patience] = patient ? [12, Date.now() + GROW_WAIT] : [2, 0];
    while (scroller[length] <= before && Date.now() < last && (frames > 0 || Date.now() < patience)) {
      if (await page.answered(last - Date.now())) [frames, patience] = [24, Date.now() + 2 * GROW_WAIT];
      await page.painted();
      frames -= 1;
    }
    return scroller[length] > before;
  };

  // From `place` to the end of what scrolls, and on as long as it grows.
  const walk = async (scroller, [at, length, size], screens, place = 0) => {
    const patient = !page.met("scrollers").has(scroller);
    page.met("scrollers").add(scroller);
    for (let seen = 1, growths = 0; ; seen += 1) {
      scroller.scrollTo({ [at]: place, behavior: "instant" });
      await settled();
      counts.screens += 1;
      if (place + scroller[size] >= scroller[length] - 1) {
        if (!await grew(scroller, length, patient)) break;
        growths += 1;
        counts.growths += 1;
      }
      if (seen >= screens || growths >= GROWTHS || Date.now() >= end) {
        counts.screens_left += 1;
        break;
      }
      place += Math.max(100, Math.round(scroller[size] * 0.8));
    }
  };
  const DOWN = ["top", "scrollHeight", "clientHeight"], ACROSS = ["left", "scrollWidth", "clientWidth"];

  const root = document.scrollingElement ?? document.documentElement;
  const from = page.kept.touched === undefined ? 0 : Math.max(0, page.kept.touched - innerHeight);
  page.kept.touched = undefined;
  if (self.parent === self || root.scrollHeight > root.clientHeight + 1) await walk(root, DOWN, SCREENS, from);
  else await settled();

  const scrolls = element => {
    const down = element.scrollHeight > element.clientHeight + 40, across = element.scrollWidth > element.clientWidth + 40;
    if (!down && !across || element.clientHeight < 80 || element.clientWidth < 80 || element === root) return null;
    if (/^(?:HTML|BODY|TEXTAREA|PRE|CODE|SELECT)$/.test(element.tagName) || page.met("scrollers").has(element)) return null;
    const { overflowY, overflowX } = getComputedStyle(element), moves = /auto|scroll/;
    const axis = down && moves.test(overflowY) ? DOWN : across && moves.test(overflowX) ? ACROSS : null;
    return axis && page.visible(element) ? axis : null;
  };
  for (const element of page.all("*")) {
    const axis = scrolls(element);
    if (!axis || counts.scrollers >= HOLDERS || Date.now() >= end) continue;
    counts.scrollers += 1;
    page.show(element);
    await walk(element, axis, HOLDER_SCREENS);
    element.scrollTo({ [axis[0]]: 0, behavior: "instant" });
  }
  page.kept.touched = undefined;
  counts.images_awaited = awaited.size;
  return counts;
}
