async ({ until, page, behaviours }) => {
  const counts = {}, failed = [];
  const run = async name => {
    if (Date.now() >= until) return;
    try {
      const told = await behaviours[name]({ until, page });
      for (const [key, value] of Object.entries(told)) counts[key] = (counts[key] ?? 0) + value;
    } catch (error) {
      failed.push(`${name} (${error})`);
    }
  };
  const advert = /(?:^|\.)(?:doubleclick|googlesyndication|adnxs|criteo|taboola|outbrain|amazon-adsystem|rubiconproject)\./;
  const foreign = advert.test(location.hostname) || /^(?:google_ads|aswift)/.test(self.name);
  await page.findClosed();
  const films = run("media");          // films are long: they are asked for at once
  await run("scroll");
  const pictures = run("variants");
  const pressed = page.kept.pressed;
  for (const name of foreign ? [] : ["open", "carousel", "more"]) await run(name);
  if (page.kept.pressed > pressed) await run("scroll");
  await Promise.all([films, pictures]);
  if (page.kept.pressed > pressed || counts.growths) {
    await page.findClosed();
    await Promise.all([run("media"), run("variants")]);
  }
  if (self.parent !== self) scrollTo({ top: 0, behavior: "instant" });
  counts.led_back = page.kept.away;
  return { counts, failed };
}
