/* What a reader sees of the page in replay, and where: `paragraphs` are the article's as the capture has them. */
async paragraphs => {
  const plain = text => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const root = document.documentElement, body = document.body;
  if (!body) return null;
  const height = Math.max(root.scrollHeight, body.scrollHeight), width = root.clientWidth;
  const box = element => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left + scrollX, top + scrollY, width, height].map(Math.round);
  };
  const shown = element => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const all = selector => [...document.querySelectorAll(selector)];

  // The article: the smallest of its usual elements that holds most of its paragraphs.
  const wanted = paragraphs.map(one => plain(one).slice(0, 80)).filter(Boolean);
  const holds = element => {
    const text = plain(element.innerText ?? "");
    return { element, length: text.length, count: wanted.filter(one => text.includes(one)).length };
  };
  const candidates = all("article, main, [role=main], [itemprop=articleBody]").filter(shown).map(holds);
  const whole = holds(body);
  const best = candidates.filter(one => one.count >= whole.count * 0.8 && one.count > 0).sort((a, b) => a.length - b.length)[0];

  // What is never the same twice, or is not the page's own: frames, films, advertisements, clocks and counters.
  const VOLATILE = "iframe, frame, video, audio, canvas, embed, object, time, progress, meter, marquee, " +
    '[class*="advert" i], [class^="ad-" i], [class*=" ad-" i], [id^="ad-" i], [id*="google_ads" i], ins.adsbygoogle, ' +
    '[class*="clock" i], [class*="countdown" i], [class*="counter" i], [class*="ticker" i], [id*="clock" i], ' +
    '[id*="countdown" i], [id*="counter" i], [role="timer"], [role="marquee"]';
  const boxes = all("img, video, audio, iframe, frame, embed, object").filter(shown).map(element => ({
    url: element.currentSrc || element.src || element.data || "", box: box(element),
  }));
  return {
    text: body.innerText ?? "",
    title: document.title,
    width, height, boxes,
    article: box((best ?? whole).element),
    masks: all(VOLATILE).filter(shown).map(box),
  };
}
