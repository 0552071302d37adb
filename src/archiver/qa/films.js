/* Whether the films of a frame really play and seek: one line for each that has a source. */
async patience => {
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const until = async (test, ms) => {
    for (const end = Date.now() + ms; Date.now() < end; await pause(25)) if (test()) return true;
    return test();
  };
  const sourced = player => player.currentSrc || player.src || player.srcObject || player.querySelector("source[src]");
  const judge = async player => {
    const url = player.currentSrc || player.src || "";
    const [muted, paused] = [player.muted, player.paused];
    player.muted = true;
    player.preload = "auto";
    player.play().catch(() => {});
    const told = why => ({ url, why });
    try {
      if (!await until(() => player.readyState >= 2 || player.error, patience)) return told("it does not begin");
      if (player.error) return told(`it cannot be played (${player.error.message || player.error.code})`);
      const from = player.currentTime;
      if (!await until(() => player.currentTime > from || player.ended, patience)) return told("its time stands still");
      if (!Number.isFinite(player.duration) || player.duration <= 0.5) return told("");
      const middle = player.duration / 2;
      let sought = false;
      player.addEventListener("seeked", () => { sought = true; }, { once: true });
      player.currentTime = middle;
      const there = () => sought && Math.abs(player.currentTime - middle) < player.duration / 4 + 1;
      return told(await until(there, patience) ? "" : "it cannot be sought in");
    } finally {
      if (paused) player.pause();
      player.muted = muted;
    }
  };
  return Promise.all([...document.querySelectorAll("video, audio")].filter(sourced).map(judge));
}
