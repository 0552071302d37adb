// A dedicated worker: counts the words that the page sends it, and asks how fast people read.
self.onmessage = async ({ data: { text, api } }) => {
  const { wordsPerMinute } = await (await fetch(`${api}/reading-speed.json`)).json();
  const words = text.split(/\s+/).filter(Boolean).length;
  self.postMessage({ words, minutes: Math.round(words / wordsPerMinute) });
};
