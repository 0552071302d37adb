async ({ until }) => {
  const SCREENS = 60;          // an endless page ends here
  const PICTURE_WAIT = 2000;   // ms for the pictures of one screen
  const frame = () => new Promise(done => { requestAnimationFrame(() => done()); setTimeout(done, 100); });
  const height = () => Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0);
  const inView = element => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.width > 0;
  };
  const lazy = new Set([...document.images].filter(image => image.loading === "lazy" && !image.complete));
  const counts = { screens: 0, lazy_images: 0 };

  const settled = async () => {
    const patience = Math.min(until, Date.now() + PICTURE_WAIT);
    await frame();             // observers of what is in view run once per frame
    await frame();
    while (Date.now() < patience && [...document.images].some(image => !image.complete && inView(image))) {
      await new Promise(done => setTimeout(done, 25));
    }
  };

  let top = Math.max(0, scrollY - innerHeight);
  while (Date.now() < until && counts.screens < SCREENS) {
    scrollTo({ top, behavior: "instant" });
    await settled();
    counts.screens += 1;
    if (top + innerHeight >= height()) break;
    top += Math.round(innerHeight * 0.8);
  }
  counts.lazy_images = [...lazy].filter(image => image.complete && image.naturalWidth > 0).length;
  return counts;
}
