// Runs first in every replayed page, before wombat.js and whatever a browser may take for a script of the page's own:
// the second of two walls. The first is the Content-Security-Policy of `archiver.replay.guard`, which no script can
// undo; here stands what a policy cannot say.
(() => {
  "use strict";
  const origin = self.location.origin;
  const [, archive] = /^(\/[^/]+\/\d*)/.exec(self.location.pathname) || [];
  const peers = ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"];

  // A script that finds the real `location` still ends in the archive, never on the live web.
  const navigated = (realm) => (event) => {
    const to = new URL(event.destination.url);
    if (to.origin === origin && to.protocol !== "blob:") return;
    if (to.protocol === "about:") return;
    event.preventDefault();
    if (/^https?:$/.test(to.protocol) && archive) realm.location.href = `${archive}mp_/${to.href}`;
  };

  const sealed = new WeakSet();
  const seal = (realm) => {
    try {
      if (sealed.has(realm) || realm.location.origin === undefined) return;
    } catch {
      return; // another origin's, which has no rights here
    }
    sealed.add(realm);
    // Peer connections are no fetches and obey no `connect-src`.
    for (const name of peers) delete realm[name];
    // Service workers are refused, so a page must not wait for one: it takes the way of a browser without them.
    delete realm.Navigator.prototype.serviceWorker;
    realm.navigation?.addEventListener("navigate", navigated(realm));
    watch(realm);
  };

  // Rules for speculative loading make the browser ask for pages, and no policy of the page's is consulted.
  const watch = (realm) => {
    const { document } = realm;
    new realm.MutationObserver(() => {
      for (const script of [...document.scripts]) {
        if (script.type.toLowerCase() === "speculationrules") script.remove();
      }
      for (let index = 0; index < realm.length; index++) seal(realm[index]);
    }).observe(document, { childList: true, subtree: true });
  };
  seal(self);

  // A frame that a script has just made is a realm of its own, and can be used before anything is loaded into it.
  for (const kind of [HTMLIFrameElement, HTMLFrameElement, HTMLObjectElement]) {
    for (const name of ["contentWindow", "contentDocument"]) {
      const plain = Object.getOwnPropertyDescriptor(kind.prototype, name);
      Object.defineProperty(kind.prototype, name, {
        ...plain,
        get() {
          const found = plain.get.call(this);
          const realm = found && (name === "contentWindow" ? found : found.defaultView);
          if (realm) seal(realm);
          return found;
        },
      });
    }
  }

  const known = () => {
    for (let index = 0; index < self.length; index++) seal(self[index]);
  };
  const entering = ["appendChild", "insertBefore", "replaceChild", "append", "prepend", "before", "after"];
  entering.push("replaceWith", "replaceChildren", "insertAdjacentElement", "insertAdjacentHTML", "moveBefore", "write");
  for (const kind of [Node, Element, CharacterData, Document, DocumentFragment, HTMLDocument]) {
    for (const name of entering) {
      const plain = Object.getOwnPropertyDescriptor(kind.prototype, name);
      if (!plain) continue;
      const { [name]: made } = {
        [name](...given) {
          const result = plain.value.apply(this, given);
          if (self.length) known();
          return result;
        },
      };
      Object.defineProperty(kind.prototype, name, { ...plain, value: made });
    }
  }
  for (const name of ["innerHTML", "outerHTML"]) {
    const plain = Object.getOwnPropertyDescriptor(Element.prototype, name);
    const set = function (value) {
      plain.set.call(this, value);
      if (self.length) known();
    };
    Object.defineProperty(Element.prototype, name, { ...plain, set });
  }

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
  if (self === self.top) self.name = "___wb_replay_top_frame";
})();
