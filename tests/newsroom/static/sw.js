// Keeps one page for readers without a connection; answers nothing itself while there is one.
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open("lantern").then((cache) => cache.add("/offline")));
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  event.respondWith(fetch(event.request).catch(() => caches.match("/offline")));
});
