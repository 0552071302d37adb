// What an article page does by itself. Each step stands alone: a failed one leaves the others working.
"use strict";

const api = document.currentScript.dataset.api;
const article = document.getElementById("article");
const at = (id) => document.getElementById(id);

function ready(element) {
  element.dataset.state = "ready";
}

function tag(name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

async function fillBanner() {
  const { members, goal } = await (await fetch(`${api}/membership.json`)).json();
  at("membership-count").textContent = members.toLocaleString(article.dataset.language);
  at("membership-goal").max = goal;
  at("membership-goal").value = members;
  ready(at("membership-count"));
}

async function fillComments() {
  const answer = await fetch(`${api}/comments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ article: article.dataset.article, language: article.dataset.language }),
  });
  const { comments } = await answer.json();
  at("comments-list").replaceChildren(
    ...comments.map(({ name, day, text }) => {
      const comment = tag("div", "", { class: "comment" });
      comment.append(tag("p", text), tag("small", `${name}, ${day}`));
      return comment;
    }),
  );
  ready(at("comments-list"));
}

async function savePosition() {
  const body = Uint8Array.from({ length: 256 }, (_, index) => index);
  const answer = await fetch(`${api}/position`, { method: "POST", body });
  const { bytes, sha256 } = await answer.json();
  const place = at("position-saved");
  place.textContent = place.dataset.pattern.replace("{bytes}", bytes).replace("{digest}", sha256.slice(0, 12));
  ready(place);
}

function countWords() {
  const place = at("word-count");
  const worker = new Worker("/static/counter.js");
  worker.onmessage = ({ data }) => {
    place.textContent = place.dataset.pattern.replace("{words}", data.words).replace("{minutes}", data.minutes);
    ready(place);
    worker.terminate();
  };
  const text = [...document.querySelectorAll("#story > p:not(.fine), #story blockquote p")].map((p) => p.textContent).join(" ");
  worker.postMessage({ text, api });
}

function showLater() {
  const observer = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      target.src = target.dataset.src;
      observer.unobserve(target);
    }
  });
  document.querySelectorAll("img.later").forEach((image) => observer.observe(image));
}

function feedItem({ url, picture, section, title, published, day, text }) {
  const item = tag("div", "", { class: "feed-item" });
  const heading = tag("h3", "");
  heading.append(tag("a", title, { href: url }));
  item.append(
    tag("img", "", { src: picture, alt: "", width: 480, height: 270 }),
    tag("p", section, { class: "section-tag" }),
    heading,
    tag("p", text),
    tag("time", day, { datetime: published }),
  );
  return item;
}

async function showMore({ target: button }) {
  button.disabled = true;
  try {
    const { items, next } = await (await fetch(api + button.dataset.next)).json();
    at("feed-items").append(...items.map(feedItem));
    if (next) button.dataset.next = next;
    else button.remove();
  } finally {
    button.disabled = false;
  }
}

at("show-more").addEventListener("click", showMore);
showLater();
countWords();
fillBanner();
fillComments();
savePosition();
navigator.sendBeacon(`${api}/beacon`, "opened");
navigator.serviceWorker?.register("/sw.js").catch(() => {});
