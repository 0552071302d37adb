async ({ until, page }) => {
  const BESIDE = 8;              // requests at the same time
  const BATCH = 200;             // addresses after which the engine is asked again
  const PICTURE_WAIT = 10000;    // ms for one picture
  const PICTURE = /\.(?:avif|webp|jpe?g|jfif|png|apng|gif|svgz?|bmp|ico|tiff?|jxl)(?:[?#:!]|$)/i;
  const NAMED = /(?:^|-)(?:src|srcset|img|image|images|pic|picture|photo|bg|background|poster|original|thumb|thumbnail|lazy)(?:-|$)/;
  const found = new Set();

  const add = (text, base) => {
    const place = text.trim();
    if (!place || /[{}<>\s]|%7B|^(?:#|data:|blob:|javascript:|about:)/i.test(place)) return;
    try {
      const url = new URL(place, base);
      url.hash = "";
      if (/^https?:$/.test(url.protocol)) found.add(url.href);
    } catch { /* no address */ }
  };
  // https://html.spec.whatwg.org/multipage/images.html#srcset-attributes
  const addSet = (text, base) => {
    for (const [, url, comma] of text.matchAll(/[\s,]*(\S*[^\s,])(?:(,)|\s+(?:[^,(]|\([^)]*\))*(?:,|$)|$)/g)) add(url, base);
  };
  const addCss = (text, base) => {
    for (const [, quoted, bare] of text.matchAll(/url\(\s*(?:(["'].*?["'])|([^"')\s]+))\s*\)|(?<=image-set\([^;]*)(["'][^"']+["'])/g)) {
      add(quoted ? quoted.slice(1, -1) : bare ?? "", base);
    }
  };

  const addElement = element => {
    const base = element.baseURI, tag = element.localName;
    if (tag === "img") add(element.src, base);
    if (element.srcset) addSet(element.srcset, base);
    if (tag === "source" && element.parentElement?.localName === "picture" && element.src) add(element.src, base);
    if (element.imageSrcset) addSet(element.imageSrcset, base);
    if (tag === "link" && element.as === "image") add(element.href, base);
    if (element.poster) add(element.poster, base);
    if (element.style?.cssText.includes("url(")) addCss(element.style.cssText, base);
    if (/^(?:script|iframe|video|audio|track|embed|object)$/.test(tag) || element.parentElement?.localName === "video") return;
    for (const [key, value] of Object.entries(element.dataset ?? {})) addData(key, value.trim(), base);
  };
  const addData = (key, value, base) => {
    if (!value || value.length > 20000) return;
    const name = key.replace(/\p{Lu}/gu, letter => `-${letter.toLowerCase()}`);
    if (/srcset|sizes?$|set$/.test(name) && /\s\d+(?:\.\d+)?[wx](?:,|\s|$)/.test(value)) addSet(value, base);
    else if (/^[[{]/.test(value) || /url\(/.test(value)) {
      for (const [url] of value.replaceAll("\\/", "/").matchAll(/(?:https?:)?\/\/[^\s"'\\)<>]+/g)) if (PICTURE.test(url)) add(url, base);
    } else if (PICTURE.test(value) || NAMED.test(name) && /^(?:https?:)?\/{1,2}\S/.test(value)) add(value, base);
  };

  // CSS: whatever the width and the resolution, if it is for an element that is here
  const fits = selector => {
    const plain = selector.replace(/::?(?:before|after|hover|focus(?:-within|-visible)?|active|visited)\b/g, "");
    try {
      return page.all(plain.trim() || "*").length > 0;
    } catch {
      return false;
    }
  };
  const addRules = (rules, base) => {
    for (const rule of rules) {
      if (rule.styleSheet) addSheet(rule.styleSheet);
      else if (rule.style && rule.selectorText && /url\(|image-set\(/.test(rule.style.cssText)) {
        if (fits(rule.selectorText)) addCss(rule.style.cssText, base);
      }
      if (rule.cssRules?.length) addRules(rule.cssRules, base);
    }
  };
  const unread = new Set();
  const addSheet = sheet => {
    const base = sheet.href ?? document.baseURI;
    if (page.met("sheets").has(sheet)) return;
    try {
      addRules(sheet.cssRules, base);
    } catch {
      if (sheet.href) unread.add(sheet.href);   // of another site: only the engine can read it
    }
    page.met("sheets").add(sheet);
  };
  const addForeign = async () => {
    const texts = await page.ask("sheets", [...unread], 3000) ?? {};
    for (const [href, text] of Object.entries(texts)) {
      const sheet = new CSSStyleSheet({ baseURL: href });
      sheet.replaceSync(text);
      addRules(sheet.cssRules, href);
    }
  };

  page.all("*").forEach(addElement);
  for (const silent of page.all("noscript")) {
    const inside = new DOMParser().parseFromString(silent.textContent, "text/html");
    for (const image of inside.querySelectorAll("img, source")) {
      add(image.getAttribute("src") ?? "", document.baseURI);
      addSet(image.getAttribute("srcset") ?? "", document.baseURI);
    }
  }
  for (const root of new Set(page.all("style, link[rel~=stylesheet]").map(one => one.getRootNode()))) {
    [...root.styleSheets, ...root.adoptedStyleSheets].forEach(addSheet);
  }
  if (unread.size) await addForeign();

  // The engine knows what the page has asked for already, and how much is enough.
  const fetched = [];
  let failed = 0;
  const fetchOne = url => new Promise(done => {
    const picture = new Image();
    fetched.push(picture);
    picture.fetchPriority = "low";
    picture.onload = () => done();
    picture.onerror = () => { failed += 1; done(); };
    picture.src = url;
    setTimeout(done, Math.max(0, Math.min(until - Date.now(), PICTURE_WAIT)));
  });
  let late = 0;
  const work = async queue => { for (const url of queue) Date.now() < until ? await fetchOne(url) : late += 1; };
  for (let urls = [...found]; urls.length;) {
    const queue = (await page.ask("pictures", urls.splice(0, BATCH), 2000) ?? []).values();
    await Promise.all(Array.from({ length: BESIDE }, () => work(queue)));
  }
  return { pictures_fetched: fetched.length - failed, pictures_failed: failed, pictures_left: late };
}
