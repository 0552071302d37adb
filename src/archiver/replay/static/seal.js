// Runs in every replayed page after wombat.js and before the page's own scripts: the second of two walls.
// The first is the Content-Security-Policy of `archiver.replay.guard`, which no script can undo; here stands what
// a policy cannot say.
(() => {
  "use strict";
  const { prefix, timestamp, target_frame: frame } = self.wbinfo;

  // Service workers are refused, so a page must not wait for one: it takes the way of a browser without them.
  delete Navigator.prototype.serviceWorker;

  // Peer connections are no fetches and obey no `connect-src`.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) {
    delete self[name];
  }

  // Rules for speculative loading make the browser ask for pages, and no policy of the page's is consulted.
  new MutationObserver(() => {
    for (const script of [...document.scripts]) {
      if (script.type.toLowerCase() === "speculationrules") script.remove();
    }
  }).observe(document, { childList: true, subtree: true });

  // Each script stands in a block of its own: names that all scripts may use are made known by `archiver.replay.lexical`.
  Object.defineProperty(self, "__archiver_share", {
    value: (names) => {
      for (const [name, get, set] of names) {
        if (Object.hasOwn(self, name)) continue;
        try {
          get();
        } catch {
          continue; // it was no declaration
        }
        Object.defineProperty(self, name, { get, set, configurable: true });
      }
    },
  });

  // Links to "_blank" and "_top" are given this name by pywb; popups are forbidden, so they open in place.
  if (self === self.top) self.name = frame;

  // A script that finds the real `location` still ends in the archive, never on the live web.
  self.navigation?.addEventListener("navigate", (event) => {
    const to = new URL(event.destination.url);
    if (!/^https?:$/.test(to.protocol) || to.origin === self.location.origin) return;
    event.preventDefault();
    self.location.href = `${prefix}${timestamp}mp_/${to.href}`;
  });
})();
