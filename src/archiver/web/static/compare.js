// Lays the newer screenshot over the older one; the slider says where the one ends and the other begins.
// Without this script the two stand side by side.
"use strict";

const slider = document.querySelector(".slider");
const pictures = document.querySelector(".pictures");
if (slider && pictures) {
  const range = slider.querySelector("input");
  const cut = () => pictures.style.setProperty("--cut", `${100 - Number(range.value)}%`);
  range.addEventListener("input", cut);
  cut();
  pictures.classList.add("laid");
  pictures.tabIndex = 0; // the box scrolls, so that the slider stays in sight
  slider.hidden = false;
}
