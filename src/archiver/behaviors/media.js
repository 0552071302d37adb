async ({ until, page }) => {
  const WAIT = 5000;      // ms for the first picture of a film
  const FACADES = 12;
  const counts = { media: 0, media_started: 0, facades: 0, facades_left: 0 };
  const sourced = player => player.currentSrc || player.src || player.srcObject || player.querySelector("source[src]");
  const fresh = element => !page.met("players").has(element);

  // Pictures of players that become players when they are pressed
  const HOLDER = 'figure, [class*="video" i], [class*="player" i], [class*="embed" i], [class*="youtube" i], [class*="vimeo" i]';
  const FACADE = '[data-youtube-id], [data-vimeo-id], [data-videoid], [class*="facade" i], [class*="lite-youtube" i]';
  const plays = () => page.all('button, [role="button"]').filter(button =>
    /(?:^|[\s_-])play(?:$|[\s_-])|playbtn/i.test(page.names(button)) || page.says(button, "play"));
  const empty = holder => !holder.querySelector("iframe") && ![...holder.querySelectorAll("video, audio")].some(sourced);
  const lite = page.all("*").filter(one => one.localName.startsWith("lite-") || one.matches(FACADE));
  const facades = [...lite, ...plays().filter(button => page.above(button, HOLDER) && !lite.some(one => one.contains(button)))]
    .filter(one => fresh(one) && empty(one.matches("button, [role=button]") ? page.above(one, HOLDER) ?? one : one)
      && page.allowed(one));
  for (const facade of facades) {
    page.met("players").add(facade);
    if (counts.facades >= FACADES || Date.now() >= until) counts.facades_left += 1;
    else {
      facade.click();
      page.kept.pressed += 1;
      counts.facades += 1;
    }
  }
  if (counts.facades) await page.painted();

  const players = page.all("video, audio").filter(player => sourced(player) && !player.error && fresh(player));
  players.forEach(player => page.met("players").add(player));
  const ready = player => player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  const start = async player => {
    const [muted, paused] = [player.muted, player.paused];
    player.muted = true;
    player.preload = "auto";
    player.play().catch(() => {});
    const patience = Math.min(until, Date.now() + WAIT);
    const first = async () => {
      while (Date.now() < patience && !ready(player) && !player.error) await page.pause(25);
      return ready(player);
    };
    const started = await first();
    if (paused) {
      player.pause();
      if (player.seekable.length) player.currentTime = 0;
      await first();
    }
    player.muted = muted;
    return started;
  };
  const started = await Promise.all(players.map(start));
  const lasting = players.filter((player, place) => started[place] && Number.isFinite(player.duration));
  const length = Math.round(1000 * lasting.reduce((sum, player) => sum + player.duration, 0));
  return { ...counts, media: players.length, media_started: started.filter(Boolean).length, media_ms: length };
}
