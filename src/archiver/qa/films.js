/* Whether the films of a frame really play and seek: one line for each that has a source. */
async patience => {
  if (matchMedia("(scripting: none)").matches) return []; // a sandbox in which no timer ends
  const BEFORE_END = 0.25; // seconds
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const until = async (test, ms) => {
    for (const end = Date.now() + ms; Date.now() < end; await pause(25)) if (test()) return true;
    return test();
  };
  const sourced = player => player.currentSrc || player.src || player.srcObject || player.querySelector("source[src]");
  // A player takes any time for its own, so that it is asked for a picture as well.
  const reaches = async (player, time) => {
    let sought = false;
    player.addEventListener("seeked", () => { sought = true; }, { once: true });
    player.currentTime = time;
    const there = () => sought && player.readyState >= 2 && player.currentTime >= time - player.duration / 4;
    return until(() => player.error || there(), patience).then(there);
  };
  const judge = async player => {
    const url = player.currentSrc || player.src || "";
    const [muted, paused] = [player.muted, player.paused];
    player.muted = true;
    player.preload = "auto";
    player.play().catch(() => {});
    const told = (why, quote = "") => ({ url, why, quote });
    try {
      if (!await until(() => player.readyState >= 2 || player.error, patience)) return told("film-not-begun");
      if (player.error) return told("film-error", String(player.error.message || player.error.code));
      const from = player.currentTime;
      if (!await until(() => player.currentTime > from || player.ended, patience)) return told("film-stands");
      if (!Number.isFinite(player.duration) || player.duration <= 0.5) return told("");
      if (!await reaches(player, player.duration / 2)) return told("film-not-sought");
      return told(await reaches(player, player.duration - BEFORE_END) ? "" : "film-no-end");
    } finally {
      if (paused) player.pause();
      player.muted = muted;
    }
  };
  return Promise.all([...document.querySelectorAll("video, audio")].filter(sourced).map(judge));
}
