// Lays replay's picture over the capture's: a slider says where the one ends and the other begins, and a box shows
// only what differs. Without this script the two stand side by side.
"use strict";

for (const pair of document.querySelectorAll(".pair")) {
  const handles = pair.querySelector(".handles");
  if (!handles) continue;
  const both = pair.querySelector(".both");
  const range = handles.querySelector("input[type=range]");
  const difference = handles.querySelector("input[type=checkbox]");
  const cut = () => both.style.setProperty("--cut", `${range.value}%`);
  range.addEventListener("input", cut);
  difference.addEventListener("change", () => {
    both.classList.toggle("difference", difference.checked);
    range.disabled = difference.checked;
  });
  cut();
  both.classList.add("laid");
  both.tabIndex = 0; // the box scrolls, so that the slider stays in sight
  handles.hidden = false;
}
