// The banner is about the page that opened first. What the frame shows later cannot be read from here, and may be a copy
// of another page and another day: when the frame loads again, that is said. Listens before the frame begins to load.
"use strict";

let loaded = 0;
document.addEventListener(
  "load",
  (event) => {
    if (event.target.localName !== "iframe" || ++loaded < 2) return;
    document.querySelector(".onward span").hidden = false;
    document.querySelector(".strip .offset")?.remove();
  },
  true, // load does not bubble
);

// A link into a page that was opened alone keeps its fragment on the way here; the frame's address has none.
document.addEventListener("DOMContentLoaded", () => {
  if (location.hash) document.querySelector("iframe").src += location.hash;
});
