async ({ until }) => {
  const WAIT = 3000;   // ms for the first picture of a film
  const players = [...document.querySelectorAll("video, audio")].filter(player => !player.error);
  const ready = player => player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA || player.error
    || player.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
  const start = async player => {
    const [muted, paused] = [player.muted, player.paused];
    player.muted = true;
    player.preload = "auto";
    player.play().catch(() => {});
    const patience = Math.min(until, Date.now() + WAIT);
    while (Date.now() < patience && !ready(player)) await new Promise(done => setTimeout(done, 25));
    if (paused) {
      player.pause();
      if (player.seekable.length) player.currentTime = 0;
    }
    player.muted = muted;
    return player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  };
  const started = await Promise.all(players.map(start));
  return { media: players.length, media_started: started.filter(Boolean).length };
}
