async ({ until }) => {
  const PRESSES = 50, EACH = 20;   // a feed without end ends here
  const CHANGE_WAIT = 3000;        // ms for the page to answer a press
  const QUIET = 80;                // ms without further change

  const PHRASES = [
    // English
    "show more", "show all", "load more", "see more", "view more", "read more", "more news", "more stories",
    "more articles", "more comments", "continue reading", "keep reading", "expand",
    // Ukrainian, Russian, Polish, Czech, Slovak, Bulgarian
    "показати більше", "показати ще", "показати всі", "більше новин", "більше", "ще новини", "завантажити ще",
    "завантажити більше", "дивитися ще", "дивитись ще", "читати далі", "читати більше", "розгорнути", "ще",
    "показать еще", "показать ещё", "показать больше", "загрузить еще", "загрузить ещё", "больше новостей",
    "читать далее", "читать дальше", "развернуть", "еще", "ещё",
    "pokaż więcej", "zobacz więcej", "załaduj więcej", "wczytaj więcej", "czytaj więcej", "czytaj dalej", "więcej",
    "zobrazit více", "zobrazit další", "načíst další", "číst dále", "více", "zobraziť viac", "načítať ďalšie", "viac",
    "покажи още", "зареди още", "виж още", "прочети още",
    // German, Dutch, Scandinavian, Finnish
    "mehr anzeigen", "mehr laden", "mehr lesen", "weiterlesen", "weitere anzeigen", "mehr",
    "meer laden", "meer tonen", "toon meer", "lees meer", "lees verder",
    "visa mer", "visa fler", "ladda fler", "läs mer", "vis mere", "vis flere", "indlæs flere", "læs mere",
    "vis mer", "last inn flere", "les mer", "näytä lisää", "lataa lisää", "lue lisää",
    // French, Spanish, Portuguese, Italian, Romanian
    "afficher plus", "voir plus", "charger plus", "lire la suite", "en voir plus", "plus d'articles",
    "mostrar más", "ver más", "cargar más", "leer más", "seguir leyendo",
    "mostrar mais", "ver mais", "carregar mais", "ler mais", "leia mais",
    "mostra altro", "mostra di più", "carica altro", "carica altri", "leggi di più", "leggi tutto",
    "afișează mai mult", "încarcă mai multe", "vezi mai mult", "citește mai mult",
    // Hungarian, Greek, Turkish, Arabic, Hebrew, Hindi, Chinese, Japanese, Korean
    "több betöltése", "mutass többet", "tovább olvasom", "περισσότερα", "δείτε περισσότερα", "διαβάστε περισσότερα",
    "daha fazla", "daha fazla göster", "devamını oku", "devamını göster",
    "عرض المزيد", "المزيد", "اقرأ المزيد", "تحميل المزيد", "הצג עוד", "טען עוד", "קרא עוד", "और देखें", "और पढ़ें",
    "显示更多", "加载更多", "查看更多", "阅读更多", "展开", "顯示更多", "載入更多", "もっと見る", "さらに表示", "続きを読む",
    "더보기", "더 보기",
  ];
  const HINT = /(?:^|[\s_-])(?:load|show|view|see|read)[\s_-]?more(?:$|[\s_-])/i;
  const NEVER = /share|subscri|sign|log|donat|download|print|menu|cookie|consent|buy|поділит|підпис|реклам|донат/i;
  const PRESSABLE = 'button, [role="button"], a, summary, input[type="button"]';

  const plain = text => text.replace(/[\s\u00a0]+/g, " ").trim().toLocaleLowerCase()
    .replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const phrases = new Set(PHRASES.map(plain));

  const leaves = element => {
    const link = element.closest("a[href]");
    if (link) {
      const target = link.getAttribute("href").trim();
      if (link.hasAttribute("download") || !/^(#|$|javascript:)/i.test(target)) return true;
    }
    const form = element.form ?? element.closest("form");
    return Boolean(form) && (element.type === "submit" || element.type === "image");
  };
  const says = element => {
    const words = plain(element.value && element.tagName === "INPUT" ? element.value : element.innerText ?? "");
    if (phrases.has(words)) return true;
    if (words.length > 40) return false;
    // "Show more (12)", "Показати ще 5 новин": a phrase of two words or more, then little else.
    if (PHRASES.some(phrase => phrase.includes(" ") && words.startsWith(phrase))) return true;
    if (phrases.has(plain(element.getAttribute("aria-label") ?? ""))) return true;
    return [element.id, element.className, element.dataset.testid].some(name => typeof name === "string" && HINT.test(name));
  };
  const offered = element => {
    if (element.disabled || element.getAttribute("aria-disabled") === "true") return false;
    if (element.getAttribute("aria-expanded") === "true" || element.getAttribute("aria-haspopup")) return false;
    if (element.closest("nav, header, [role=navigation], [role=menu], [role=dialog]")) return false;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    return !leaves(element) && !NEVER.test(element.className + " " + element.id) && says(element);
  };

  const size = () => document.body.innerText.length + document.body.getElementsByTagName("*").length;
  const press = async element => {
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const before = size(), started = Date.now();
    let changed = 0;
    const watch = new MutationObserver(() => { changed = Date.now(); });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
    element.click();
    const patience = Math.min(until, started + CHANGE_WAIT);
    while (Date.now() < patience && !(size() !== before && Date.now() - changed > QUIET)) {
      await new Promise(done => setTimeout(done, 25));
    }
    watch.disconnect();
    return size() - before;
  };

  const presses = new Map(), spent = new WeakSet();
  const counts = { more_clicks: 0, more_left: 0 };
  const left = () => [...document.querySelectorAll(PRESSABLE)].filter(element => !spent.has(element) && offered(element));
  let waiting = left();
  while (waiting.length && counts.more_clicks < PRESSES && Date.now() < until) {
    const [element] = waiting, times = (presses.get(element) ?? 0) + 1;
    const grown = await press(element);
    counts.more_clicks += 1;
    presses.set(element, times);
    if (grown < 0 && times > 1) element.click();   // it was a toggle: leave it open
    if (grown <= 0 || times >= EACH) spent.add(element);
    waiting = left();
  }
  counts.more_left = waiting.length;
  return counts;
}
