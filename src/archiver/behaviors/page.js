({ until, words, frame }) => {
  const CHANGE_WAIT = 3000;   // ms for the page to answer a press
  const NOTHING_WAIT = 150;   // ms after which a press with no effect at all has had none
  const QUIET = 80;           // ms without further change
  const USE_WAIT = 500;       // ms for scripts to make something of an answer
  const LATELY = 200;         // ms for which the list of shadow roots holds

  const kept = self.archiver ??= { asked: new Map(), asking: 0, closed: [], met: {}, pressed: 0, away: 0 };
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const met = purpose => kept.met[purpose] ??= new WeakSet();   // elements that a behaviour has dealt with
  // Frames out of sight are not painted; the page itself is, however late.
  const painted = () => new Promise(done => {
    requestAnimationFrame(() => done());
    setTimeout(done, self.parent === self ? 1000 : 100);
  });

  // What the engine can tell

  kept.answer = (id, value) => { kept.asked.get(id)?.(value); kept.asked.delete(id); };
  const ask = (kind, value, limit) => new Promise(done => {
    const id = kept.asking += 1;
    kept.asked.set(id, done);
    setTimeout(() => kept.answer(id, null), limit + 500);
    self.archiverAsk?.(JSON.stringify({ id, kind, value, frame }));
  });
  const answered = most => {
    const limit = Math.max(0, Math.min(most, until - Date.now()));
    return ask("answered", limit, limit);
  };

  // Elements, in shadow roots too

  const below = root => [root, ...[...root.querySelectorAll("*")].flatMap(one => one.shadowRoot ? below(one.shadowRoot) : [])];
  const roots = () => {
    if (!(Date.now() - kept.looked < LATELY)) {
      kept.roots = [document, ...kept.closed].flatMap(below);
      kept.looked = Date.now();
    }
    return kept.roots;
  };
  const all = selector => roots().flatMap(root => [...root.querySelectorAll(selector)]);
  const above = (element, selector) => {
    for (let at = element; at; at = at.getRootNode().host) {
      const found = at.closest(selector);
      if (found) return found;
    }
    return null;
  };
  const findClosed = async () => {
    kept.hosts = all("*").filter(one => one.localName.includes("-") && !one.shadowRoot && !met("hosts").has(one));
    kept.hosts.forEach(host => met("hosts").add(host));
    if (kept.hosts.length) await ask("closed", kept.hosts.length, 1000);
    kept.looked = 0;
  };
  const visible = element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // What elements say

  const plain = text => text.replace(/[\s\u00a0]+/gu, " ").trim().toLocaleLowerCase()
    .replace(/^[^\p{L}]+|[^\p{L}\p{M}]+$/gu, "");
  const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u;
  const phrases = kind => kept[kind] ??= (() => {
    const list = Object.values(words.languages).flatMap(language => language[kind]).map(plain);
    // "Show more (12)", "Показати ще 5 новин": a phrase of two words or more, then little else.
    return { whole: new Set(list), starts: list.filter(one => one.includes(" ") || UNSPACED.test(one) && one.length > 3) };
  })();
  const sayings = element => {
    const text = element.tagName === "INPUT" ? element.value : element.textContent.length > 300 ? "" : element.innerText;
    return [text ?? "", element.getAttribute("aria-label") ?? "", element.title ?? ""].map(plain).filter(Boolean);
  };
  const says = (element, kind) => {
    const { whole, starts } = phrases(kind);
    return sayings(element).some(said => whole.has(said) || said.length <= 40 && starts.some(start => said.startsWith(start)));
  };
  const names = element => [element.id, element.getAttribute("class"), element.getAttribute("data-testid")]
    .filter(Boolean).join(" ").replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");

  // What may be pressed

  const never = kept.never ??= new RegExp(
    words.never.map(one => UNSPACED.test(one) ? one : `(?<!\\p{L})(?:${one})`).join("|"), "u");
  const PLACES = "nav, header, dialog, [role=navigation], [role=banner], [role=menu], [role=menubar], [role=search], " +
    "[role=dialog], [aria-modal=true]";
  const ABOUT = ["cookie", "consent", "onetrust", "didomi", "cmp-", "share", "newsletter", "subscri", "login", "paywall",
    "advert", "google_ads", "adsbygoogle", "captcha"];
  const WIDGETS = ABOUT.map(word => `[class*="${word}" i]:not(html, body), [id*="${word}" i]:not(html, body)`).join(", ");
  const leaves = element => {
    const link = above(element, "a[href], area[href]");
    if (link) {
      const target = link.getAttribute("href").trim();
      if (link.hasAttribute("download") || !/^(#|$|javascript:)/i.test(target)) return true;
    }
    const form = element.form ?? above(element, "form");
    return Boolean(form) && /^(submit|image|reset)$/.test(element.type ?? "");
  };
  const forbidden = element => {
    if (above(element, PLACES)) return true;
    const widget = above(element, WIDGETS);
    if (widget && !widget.querySelector("h1, article, main")) return true;
    const said = sayings(element).filter(text => text.length <= 40);
    return [...said, ...names(element).toLowerCase().split(" ")].some(text => never.test(text));
  };
  const allowed = element => {
    if (element.disabled || element.ariaDisabled === "true" || /^(?!false$)./.test(element.ariaHasPopup ?? "")) return false;
    return visible(element) && !leaves(element) && !forbidden(element);
  };

  // Pressing

  const size = () => roots().reduce((sum, root) =>
    sum + root.querySelectorAll("*").length + (root.body ?? root).textContent.length, 0);
  const show = element => {
    const box = element.getBoundingClientRect(), top = scrollY + box.top;
    if (box.top < 0 || box.bottom > innerHeight) scrollTo({ top: top - innerHeight / 2, behavior: "instant" });
    kept.touched = Math.min(kept.touched ?? Infinity, top);
  };
  const busy = element => element.isConnected &&
    (element.ariaBusy === "true" || /(?:^|[\s_-])(?:is-)?(?:loading|busy|waiting)/i.test(names(element)));
  // Do something, and wait until the page has answered to it: gives by how much it grew, and whether it changed at all.
  const act = async (element, deed) => {
    kept.looked = 0;
    const before = size(), height = document.documentElement.scrollHeight, place = location.pathname, steps = history.length;
    const end = Math.min(until, Date.now() + CHANGE_WAIT), least = Date.now() + NOTHING_WAIT;
    const grown = () => size() - before || document.documentElement.scrollHeight - height;
    const idle = !busy(element);   // or else the sign is no sign
    let changed = 0, asked = false;
    const watch = new MutationObserver(() => { changed = Date.now(); });
    for (const root of roots()) watch.observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
    await deed();
    kept.pressed += 1;
    await painted();
    while (Date.now() < end) {
      const moving = document.getAnimations().filter(one => one instanceof CSSTransition && one.playState === "running");
      moving.forEach(one => one.finish());
      if (moving.length) {
        await painted();         // and the page is told that it has ended
        changed = Date.now();
      }
      if (await answered(end - Date.now())) [changed, asked] = [Date.now(), true];
      const still = Date.now() - changed;
      if (!(idle && busy(element)) && (changed ? still > USE_WAIT || still > QUIET && (!asked || grown()) : Date.now() > least)) break;
      await pause(20);
    }
    watch.disconnect();
    kept.looked = 0;
    if (location.pathname !== place && history.length > steps && !element.isConnected) {
      kept.away += 1;          // a script has put another article in this one's place
      history.back();
      await pause(QUIET);
      await answered(CHANGE_WAIT);
      return { changed: true, grown: 0 };
    }
    return { changed: changed > 0, grown: grown() };
  };
  const press = element => { show(element); return act(element, () => element.click()); };

  return {
    kept, met, ask, answered, pause, painted, all, above, findClosed, visible, says, names, leaves, forbidden, allowed, show, act,
    press,
  };
}
