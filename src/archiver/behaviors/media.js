async ({ until }) => {
  const WAIT = 5000;   // ms for the first picture of a film
  const sourced = player => player.currentSrc || player.src || player.srcObject || player.querySelector("source[src]");
  const known = self.archiverPlayers ??= new WeakSet();   // of this isolated world: calls before this one
  const players = [...document.querySelectorAll("video, audio")]
    .filter(player => sourced(player) && !player.error && !known.has(player));
  players.forEach(player => known.add(player));
  const ready = player => player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  const start = async player => {
    const [muted, paused] = [player.muted, player.paused];
    player.muted = true;
    player.preload = "auto";
    player.play().catch(() => {});
    const patience = Math.min(until, Date.now() + WAIT);
    const first = async () => {
      while (Date.now() < patience && !ready(player) && !player.error) await new Promise(done => setTimeout(done, 25));
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
  return { media: players.length, media_started: started.filter(Boolean).length };
}
