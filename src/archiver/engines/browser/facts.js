/* What a reader sees of the page now: its text, what of it is the story, and what lies over it. Changes nothing. */
() => {
  if (!/html/.test(document.contentType) || !document.body) return null;
  const BLOCK = 30;      // characters; a shorter line is a label
  const GRID = 10;       // points across and down the first screen that are looked at
  const LAYER = 100;     // the z-index from which something placed freely lies over the page
  const APART = "nav, footer, aside, form, button, select, dialog, [role=dialog], [role=alertdialog], [role=navigation]";
  const root = document.documentElement, body = document.body;
  const styles = new Map();
  const style = element => styles.get(element) ?? styles.set(element, getComputedStyle(element)).get(element);
  const parent = element => element.parentElement ?? element.getRootNode().host ?? null;
  const shown = element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const box = element => element.getBoundingClientRect();
  const large = element => box(element).width >= 200 && box(element).height >= 100 && shown(element);
  const has = selector => [...document.querySelectorAll(selector)].some(element => box(element).width > 0 && shown(element));
  const content = name => document.querySelector(`meta[name="${name}" i], meta[property="${name}" i]`)?.content ?? "";

  // The story: lines of text that are no lists of links, and that nothing cuts off or blurs.
  const blocks = new Map();
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, text = node.data.trim();
    let element = node.parentElement;
    if (!text || /^(script|style|noscript|template|textarea|title)$/i.test(element.tagName)) continue;
    const linked = element.closest("a") ? text.length : 0;
    while (element !== body && style(element).display.startsWith("inline")) element = element.parentElement;
    const block = blocks.get(element) ?? blocks.set(element, { texts: [], length: 0, linked: 0 }).get(element);
    block.texts.push(text);
    block.length += text.length;
    block.linked += linked;
  }
  const obscured = element => {
    const { top } = box(element);
    for (let one = element; one && one !== body; one = one.parentElement) {
      if (style(one).filter.includes("blur")) return true;
      if (/hidden|clip/.test(style(one).overflowY) && one.scrollHeight > one.clientHeight + 20
        && top > box(one).bottom - 15) return true;
    }
    return false;
  };
  const story = [...blocks].filter(([element, { length, linked }]) => length >= BLOCK && linked < length / 2
    && !element.closest(APART) && shown(element) && !obscured(element));

  // What lies over the page, found at points of the first screen; a bar of menus belongs to the page.
  const holder = element => {
    let found = null;
    for (let one = element; one && one !== body && one !== root; one = parent(one)) {
      const { position, zIndex } = style(one);
      const laid = position === "fixed" ? !(Number(zIndex) < 0) : position === "absolute" && Number(zIndex) >= LAYER;
      if (laid || one.matches("dialog, [role=dialog], [role=alertdialog], [aria-modal=true]")) found = one;
    }
    return found;
  };
  const top = (x, y) => {
    let element = document.elementFromPoint(x, y);
    for (let inner; (inner = element?.shadowRoot?.elementFromPoint(x, y)) && inner !== element; element = inner);
    return element;
  };
  const isPage = element => element.matches("header, nav, [role=banner], [role=navigation]") || !shown(element)
    || story.filter(([block]) => element.contains(block)).length > story.length / 2;
  const over = new Map();
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const found = top((column + 0.5) * innerWidth / GRID, (row + 0.5) * innerHeight / GRID);
      const held = found && holder(found);
      if (held) over.set(held, (over.get(held) ?? 0) + 1);
    }
  }
  const layers = [...over].filter(([element]) => !isPage(element));
  const words = element => [element.innerText ?? "", ...[element, ...element.querySelectorAll("*")]
    .flatMap(one => one.shadowRoot ? [...one.shadowRoot.children].map(words) : [])].join("\n");
  const laid = layers.map(([element]) => words(element)).join("\n").trim();
  const framed = layers.some(([element]) => element.matches("iframe") || element.querySelector("iframe"));

  const names = new Set();
  for (const element of document.querySelectorAll("[id], [class]")) {
    const id = element.getAttribute("id");  // a form's own `id` may be a field of that name
    if (id) names.add(id);
    element.classList.forEach(name => names.add(name));
    if (names.size > 5000) break;
  }
  const scripts = [...document.scripts].map(one => one.src || one.text.slice(0, /json/.test(one.type) ? 4000 : 400));
  const addresses = [...document.querySelectorAll("iframe, form, link[rel=stylesheet]")]
    .map(one => one.getAttribute("src") ?? one.getAttribute("action") ?? one.getAttribute("href") ?? "");
  return {
    title: document.title,
    headings: [...document.querySelectorAll("h1, h2")]
      .filter(one => shown(one) && !layers.some(([layer]) => layer.contains(one))).slice(0, 20).map(one => one.innerText),
    text: body.innerText,
    html: root.outerHTML.slice(0, 4e6),
    story: story.map(([, { texts }]) => texts.join(" ")).join("\n"),
    names: [...names],
    sources: [...scripts, ...addresses].slice(0, 600).map(one => one.slice(0, 4000)),
    pictures: [...document.querySelectorAll("img, video, iframe, canvas, svg")]
      .filter(one => large(one) && !layers.some(([layer]) => layer.contains(one))).length,
    is_article: content("og:type") === "article",
    login_form: has("input[type=password]"),
    noindex: /noindex/i.test(content("robots")),
    canonical: document.querySelector("link[rel=canonical]")?.href ?? "",
    covered: layers.length && (laid || framed) ? layers.reduce((sum, [, points]) => sum + points, 0) / GRID ** 2 : 0,
    overlay: laid,
    framed,
    locked: [root, body].some(one => style(one).overflowY === "hidden" || style(one).position === "fixed")
      && Math.max(root.scrollHeight, body.scrollHeight) > innerHeight + 50,
  };
}
