async ({ until }) => {
  const SCREENS = 60;          // an endless page ends here
  const PICTURE_WAIT = 2000;   // ms for the pictures of one screen
  const frame = () => new Promise(done => { requestAnimationFrame(() => done()); setTimeout(done, 100); });
  const height = () => Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0);
  const inView = element => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.width > 0;
  };
  const awaited = new Set();
  const coming = () => [...document.images].filter(image => !image.complete && inView(image));

  const settled = async () => {
    const patience = Math.min(until, Date.now() + PICTURE_WAIT);
    coming().forEach(image => awaited.add(image));
    await frame();             // observers of what is in view run once per frame
    await frame();
    for (let waiting = coming(); waiting.length && Date.now() < patience; waiting = coming()) {
      waiting.forEach(image => awaited.add(image));
      await new Promise(done => setTimeout(done, 25));
    }
  };

  let screens = 0;
  let top = Math.max(0, scrollY - innerHeight);
  while (Date.now() < until && screens < SCREENS) {
    scrollTo({ top, behavior: "instant" });
    await settled();
    screens += 1;
    if (top + innerHeight >= height()) break;
    top += Math.round(innerHeight * 0.8);
  }
  return { screens, images_awaited: awaited.size };
}
