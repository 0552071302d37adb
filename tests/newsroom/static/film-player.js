// A player as news sites have them: it reads a manifest, begins with the least rendition, and loads as it plays.
const video = document.querySelector("video[data-film]");
const text = async url => (await fetch(url)).text();
const bytes = async url => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
  return answer.arrayBuffer();
};

async function hls(url) {
  const lines = (await text(url)).split("\n");
  const variants = lines.flatMap((line, n) => line.startsWith("#EXT-X-STREAM-INF") ? [lines[n + 1]] : []);
  const chosen = new URL(variants[0], url).href;
  const list = (await text(chosen)).split("\n");
  const head = list.find(line => line.startsWith("#EXT-X-MAP")).match(/URI="([^"]*)"/)[1];
  const pieces = list.filter(line => line && !line.startsWith("#"));
  return [head, ...pieces].map(each => new URL(each, chosen).href);
}

async function dash(url) {
  const film = new DOMParser().parseFromString(await text(url), "text/xml");
  const rendition = film.querySelector("Representation");
  const base = new URL(rendition.querySelector("BaseURL")?.textContent ?? "", url).href;
  const template = film.querySelector("SegmentTemplate");
  const named = [...film.querySelectorAll("Initialization")].slice(0, 1).map(one => one.getAttribute("sourceURL"));
  if (template) {
    const filled = (name, time) => template.getAttribute(name)
      .replace("$RepresentationID$", rendition.getAttribute("id")).replace("$Time$", time);
    const run = template.querySelector("S");
    const times = Array.from({ length: Number(run.getAttribute("r")) + 1 }, (_, n) => n * Number(run.getAttribute("d")));
    named.push(filled("initialization"), ...times.map(time => filled("media", time)));
  }
  named.push(...[...rendition.querySelectorAll("SegmentURL")].map(one => one.getAttribute("media")));
  return named.map(each => new URL(each, base).href);
}

async function play() {
  const url = new URL(video.dataset.film, location.href).href;
  const pieces = await (url.endsWith(".mpd") ? dash(url) : hls(url));
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise(done => source.addEventListener("sourceopen", done, { once: true }));
  const buffer = source.addSourceBuffer('video/mp4; codecs="vp09.00.21.08"');
  for (const [number, piece] of pieces.entries()) {
    while (number > 1 && video.currentTime < (number - 1) * 2 - 1) await new Promise(done => setTimeout(done, 50));
    buffer.appendBuffer(await bytes(piece));
    await new Promise(done => buffer.addEventListener("updateend", done, { once: true }));
  }
  source.endOfStream();
}
video.muted = true;
play().catch(error => { document.title = String(error); });
