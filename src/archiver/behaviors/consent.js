async ({ step, policy, until, deep = false, frames = [] }) => {
  const LONGEST = 8000;         // characters of a dialog; more is a page
  const READABLE = 400;         // characters beside the dialog; less is nothing to read

  // Platforms: name, its dialogs, and what refuses, accepts, opens the settings, keeps the choice made there.
  const PLATFORMS = [
    ["OneTrust", "#onetrust-banner-sdk, #onetrust-pc-sdk",
      "#onetrust-reject-all-handler, .ot-pc-refuse-all-handler", "#onetrust-accept-btn-handler, #accept-recommended-btn-handler",
      "#onetrust-pc-btn-handler", ".save-preference-btn-handler"],
    ["Didomi", "#didomi-notice, #didomi-popup, #didomi-consent-popup",
      "#didomi-notice-disagree-button, .didomi-continue-without-agreeing", "#didomi-notice-agree-button",
      "#didomi-notice-learn-more-button", "#btn-toggle-save"],
    ["Cookiebot", "#CybotCookiebotDialog",
      "#CybotCookiebotDialogBodyButtonDecline, #CybotCookiebotDialogBodyLevelButtonLevelOptinDeclineAll",
      "#CybotCookiebotDialogBodyLevelButtonLevelOptinAllowAll, #CybotCookiebotDialogBodyButtonAccept",
      "#CybotCookiebotDialogBodyLevelButtonCustomize", "#CybotCookiebotDialogBodyLevelButtonLevelOptinAllowallSelection"],
    ["Sourcepoint", "[id^=sp_message_container_], .message-container, .sp-message, #privacy-manager, .pm-main",
      ".sp_choice_type_13, .sp_choice_type_REJECT_ALL", ".sp_choice_type_11, .sp_choice_type_ACCEPT_ALL",
      ".sp_choice_type_12", ".sp_choice_type_SAVE_AND_EXIT, .sp_choice_type_SE"],
    ["Quantcast Choice", ".qc-cmp2-container, #qc-cmp2-container", "#disagree-btn", "#accept-btn", "#more-options-btn", "#save-and-exit"],
    ["Usercentrics", "[data-testid=uc-default-wall], [data-testid=uc-default-banner], [data-testid=uc-app-container], #uc-main-dialog",
      "[data-testid=uc-deny-all-button], [data-action-type=deny]", "[data-testid=uc-accept-all-button], [data-action-type=accept]",
      "[data-testid=uc-more-button], [data-testid=uc-customize-anchor], [data-action-type=more]",
      "[data-testid=uc-save-button], [data-action-type=save]"],
    ["TrustArc", "#truste-consent-track, .truste_overlay, .truste_box_overlay, #gwt-debug-main_panel, .pdynamicbutton",
      "#truste-consent-required, .rejectAll, .declineAllButtonLower, .required", "#truste-consent-button, .acceptAll, .call",
      "#truste-show-consent, .shp", ".submit"],
    ["Google Funding Choices", ".fc-consent-root",
      ".fc-cta-do-not-consent", ".fc-cta-consent", ".fc-cta-manage-options", ".fc-confirm-choices"],
    ["Iubenda", "#iubenda-cs-banner, #iubenda-cs-preferences, #iub-cmp-widget",
      ".iubenda-cs-reject-btn", ".iubenda-cs-accept-btn", ".iubenda-cs-customize-btn", "#iubFooterBtn"],
    ["Complianz", ".cmplz-cookiebanner", ".cmplz-deny", ".cmplz-accept", ".cmplz-view-preferences", ".cmplz-save-preferences"],
    ["CookieYes", ".cky-consent-container, .cky-modal, #cookie-law-info-bar",
      ".cky-btn-reject, #cookie_action_close_header_reject", ".cky-btn-accept, #cookie_action_close_header",
      ".cky-btn-customize", ".cky-btn-preferences"],
    ["Klaro", ".klaro .cookie-notice, .klaro .cookie-modal",
      ".cn-decline, .cm-btn-decline", ".cookie-notice .cm-btn-success, .cm-btn-accept-all", ".cn-learn-more", ".cm-btn-accept"],
    ["consentmanager", "#cmpbox", ".cmpboxbtnno", ".cmpboxbtnyes", ".cmpboxbtncustom", ".cmpboxbtnsave"],
    ["Osano", ".osano-cm-dialog", ".osano-cm-denyAll", ".osano-cm-accept-all, .osano-cm-acceptAll", ".osano-cm-manage", ".osano-cm-save"],
    ["Borlabs", "#BorlabsCookieBox", ".brlbs-btn-accept-only-essential, ._brlbs-refuse-btn", ".brlbs-btn-accept-all", "", ".brlbs-btn-save"],
    ["Cookie Consent", ".cc-window, #cc-main .cm, #cc-main .pm", ".cc-deny, [data-role=necessary]", ".cc-allow, [data-role=all]", "", "[data-role=save]"],
  ];
  const ANNOUNCED = "iframe[name=__tcfapiLocator], iframe[name=__gppLocator], script[src*=consent i], script[src*=cookie i], " +
    "script[src*=cmp i], script[src*=onetrust i], script[src*=didomi i], script[src*=usercentrics i], script[src*=privacy-mgmt i], " +
    "script[src*=trustarc i], script[src*=fundingchoices i], script[src*=iubenda i], script[src*=klaro i], script[src*=quantcast i]";
  const ANSWERED = /(?:^|; )(?:OptanonAlertBoxClosed|euconsent-v2|CookieConsent|didomi_token|uc_user_interaction|klaro)=/;

  // Words, as stems. Each line: the languages are told apart by nothing but the words themselves.
  const words = (...lines) => new RegExp(lines.join("|"), "iu");
  const TOPIC = words(   // cookies, consent, data protection
    "cookie|kuki|\\bcmp\\b|gdpr|rgpd|dsgvo|tracking|consent|einwilligung|consentement|consentimiento|consentimento|consenso|toestemming",
    "eväste|küpsis|sīkdat|sīkfail|slapuk|süti|ciastecz|informasjonskaps|\\bkakor|vafrakök|fianán|témoins|galetes|çerez|cwcis|biskota",
    "samtyck|samtykke|suostum|kolačić|piškot|súbory|soubory|module|cookie-uri|бисквит|колач|кукі|куки|файл[иыа]? cookie|згод[аиу] на|соглас[ие]+ на",
    "עוגיות|קובצי|ملفات تعريف|الكوكيز|کوکی|कुकी|কুকি|คุกกี้|曲奇|クッキー|쿠키|ქუქი|քուքի|隐私|隱私|同意");
  const PAY = words(
    "subscri|\\babo\\b|abonn|abbon|suscri|assin[ea]|subskry|prenumer|předplat|predplat|előfizet|претплат|передплат|підпис|подпис|абонамент",
    "\\bpay\\b|\\bbuy\\b|purchase|bezahl|\\bpur\\b|payer|pagar|betal|kup\\b|[€£]|\\$\\d|contentpass|donat|\\bmember|订阅|訂閱|購読|구독|اشترك|מנוי");
  const REJECT = words(
    "reject|declin|\\bdeny|refus|disagree|opt.?out|(?:do not|don't|without) (?:accept|consent|agree|allow)|^no(?:,? thanks| thank you)?$",
    "(?:only|just|strictly).{0,20}(?:necessary|essential|required)|(?:necessary|essential|required).{0,12}only|(?:accept|allow|use) (?:necessary|essential|required)",
    "ablehn|verweiger|widersprech|nicht (?:zustimm|einverstanden|akzept)|ohne (?:zustimm|einwillig)|(?:nur|technisch).{0,25}(?:notwendig|erforderlich|essen[tz])",
    "rejeter|sans (?:accepter|consentir)|n'accepte pas|tout interdire|non merci|(?:uniquement|seulement).{0,25}(?:nécess|essent)|(?:nécess|essent)\\S* (?:uniquement|seulement)",
    "rechaz|denegar|no acept|sin aceptar|(?:solo|sólo|soltanto|només|apenas|somente)\\b.{0,25}(?:necess|necesar|esenc|essen)",
    "\\bsó .{0,25}(?:necess|essenc)|rejeit|recus|não (?:aceit|concord)|sem aceitar|rifiut|\\bnega\\b|non accett|senza accettare|rebutj|denega|rexeit|ukatu|baztertu|errefus",
    "weiger|afwijz|niet (?:akkoord|accept)|(?:alleen|enkel).{0,25}(?:noodzak|functione|essent)|avvisa|\\bneka|avböj|(?:bara|endast).{0,25}nödvänd",
    "afvis|avvis|avslå|afslå|(?:kun|bare).{0,25}nødvend|ikke (?:accept|godta|tillad)|hylkää|kiellä|en hyväksy|vain (?:välttäm|pakoll)|hafna|aðeins nauðsyn",
    "odrzu|odm[óa]w|nie (?:zgadzam|akcept|wyraż)|tylko.{0,20}(?:niezbędn|konieczn|wymagan)|odmít|zamítn|nesouhlas|nepřij|(?:jen|pouze).{0,20}(?:nezbytn|nutn)",
    "odmiet|zamietn|nesúhlas|iba.{0,20}(?:nevyhnut|potreb)|elutasít|nem (?:fogad|engedély|járul)|csak.{0,20}(?:szükség|elenged)|respinge|refuz|nu accept|(?:doar|numai).{0,20}(?:necesar|esen)",
    "odbij|odbac|ne prihva|samo.{0,20}(?:neophod|nužn|nujn|potreb)|zavrni|ne strinjam|одбиј|одбац|одбие|само.{0,20}(?:неопход|необходим|задълж)|отхвърл|не приемам",
    "відхил|відмов|не (?:прийма|погодж|згод)|(?:лише|тільки).{0,20}(?:необхід|обов)|отклон|отказ|отверг|не (?:принима|соглас)|только.{0,20}(?:необходим|обязат)|адхіл|адмов|толькі.{0,20}неабход|бас тарт",
    "atmest|atsisak|nesutink|tik.{0,20}(?:būtin|reikal)|noraid|nepiekr|atteik|tikai.{0,20}nepiec|keeldu|ei nõustu|(?:ainult|üksnes).{0,20}vajalik|diúlt|irrifj?ut|gwrthod|vetëm.{0,20}nevoj",
    "απόρρι|απορρί|δεν (?:αποδ|συμφ)|μόνο.{0,20}απαραίτ|reddet|reddedi|kabul etm|(?:sadece|yalnızca).{0,20}(?:gerekli|zorunlu)|imtina|rədd",
    "דחה|דחי|סירוב|לא מסכים|לדחות|רק.{0,20}(?:הכרחי|נחוצ|חיוני)|رفض|أرفض|الضرورية فقط|رد کردن|نمی.?پذیر|فقط.{0,20}ضروری|مسترد|अस्वीकार|केवल.{0,20}(?:आवश्यक|ज़रूरी)|প্রত্যাখ্যান|অস্বীকার",
    "ปฏิเสธ|เฉพาะ.{0,20}จำเป็น|ไม่ยอมรับ|từ chối|không (?:đồng|chấp)|chỉ.{0,20}cần thiết|tolak|hanya.{0,20}(?:perlu|penting|wajib)|拒绝|拒絕|不同意|不接受|[仅僅只].{0,8}必要|拒否|同意しない|必[須要].{0,10}のみ|거부|거절|동의하지|필수.{0,8}만|უარ|մերժ");
  const SAVE = words(
    "(?:save|confirm|submit).{0,20}(?:choice|preference|setting|selection|exit)|save (?:&|and)|^save$|(?:allow|accept).{0,6}select|auswahl|speichern|enregistrer|valider mes|guardar|confirmar.{0,12}(?:opci|prefer|sele|escol)|salva|conferma",
    "opslaan|keuzes? bevest|\\bspara|bekräfta.{0,10}val|\\bgem\\b|bekræft|lagre|tallenna|zapisz|zatwierdź|uložit|uložiť|mentés|salvea|зберегти|сохранить|запази|сачува|spremi|sačuvaj|shrani|išsaugo|saglabā|salvesta|αποθήκευ|kaydet|שמור|حفظ|ذخیره|सहेज|บันทึก|lưu|simpan|保存|儲存|저장");
  const ACCEPT = words(
    "accept|agree|allow|\\bconsent$|^(?:ok|okay|yes|got it|i understand|continue|proceed)$|akzept|zustimm|einverstanden|erlauben|zulassen|^verstanden$|accepte|autoris|j'ai compris|d'accord|acept|permitir|de acuerdo|^entendido$|aceit|concord|accett|acconsent|^ho capito$",
    "akkoord|toestaan|accepteer|godkänn|acceptera|tillåt|accepter|tillad|godta|godkend|tillat|hyväksy|salli|samþykk|akcept|zgadzam|zezwól|przejdź do serwisu|přij|souhlas|povolit|prij[aí]|súhlas|povoliť|elfogad|engedély|rendben",
    "прием|съгла|разреш|prihva|slaž|dozvol|sprejm|strinjam|dovoli|прихва|дозвол|прифа|прийн|прийма|погодж|згод|дозвол|приня|принима|соглас|разреши|прымаю|згадж|қабылда|sutink|priimti|leis|piekr|pieņemt|atļaut|nõustu|luba|pranoj|prano|lejo",
    "αποδοχ|αποδέχ|συμφων|επιτρ|kabul|onayl|izin ver|razıyam|qəbul|aceptar|onartu|glac|naċċetta|derbyn|אישור|מסכי|אשר|לקבל|قبول|موافق|أوافق|پذیر|स्वीकार|सहमत|গ্রহণ|সম্মত|ยอมรับ|อนุญาต|đồng ý|chấp nhận|terima|setuju|接受|同意|允许|允許|許可|허용|동의|수락|თანხმ|միանում|համաձայն|ընդուն");
  const SETTINGS = words(
    "setting|option|prefer|customi[sz]e|manage|configur|more info|einstell|anpassen|optionen|paramét|personnalis|gérer|choisir|ajust|persona?li[sz]|gestion|opcion|gerir|defini|impostazion|instel|voorkeur|beheer|inställ|anpassa|hantera|indstil|tilpas|innstil|asetuk|muokkaa|stilling",
    "ustawien|zarządz|dostosuj|nastaven|spravovat|přizpůsob|beállít|testresz|setări|setăr|gestiona|налашт|керуват|настро|управл|нагоди|подеш|postavk|prilagod|podeš|nastavit|nustat|iestatīj|seaded|ρυθμ|επιλογ|ayar|tercih|tənzim|הגדר|إعداد|تنظیم|सेटिंग|ตั้งค่า|cài đặt|tùy chỉnh|pengatur|tetapan|设置|設定|管理|설정");
  const CHOICES = { reject: ["reject", "save", "settings"], accept: ["accept"], hide: [], leave: [] }[policy];

  const roots = node => [node, ...(node.shadowRoot ? roots(node.shadowRoot) : []),
    ...[...node.querySelectorAll("*")].flatMap(element => element.shadowRoot ? roots(element.shadowRoot) : [])];
  let trees = roots(document);   // found once for a look: finding them is what costs
  const every = (selector, node) =>
    selector ? (node ? roots(node) : trees).flatMap(root => [...root.querySelectorAll(selector)]) : [];
  const shown = element => {   // a box without size may hold one that is fixed
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return (box.width > 1 && box.height > 1) || [...element.children].some(shown);
  };
  const said = node => roots(node).map(root => root instanceof ShadowRoot
    ? [...root.children].map(child => child.innerText ?? "").join(" ") : root.innerText ?? "").join(" ");
  const above = element => element.parentElement ?? element.getRootNode().host;
  const plain = text => (text ?? "").replace(/[\s\u00a0]+/g, " ").trim().toLocaleLowerCase();
  const label = element => plain(element.matches("input") ? element.value : element.innerText) ||
    plain(element.getAttribute("aria-label")) || plain(element.title);
  const name = element => `${element.id ? `#${element.id} ` : ""}"${label(element).slice(0, 60)}"`;

  const PRESSABLE = 'button, [role=button], a, input[type=button], input[type=submit], [onclick], [class*="btn" i], [class*="button" i]';
  const leads = element => {   // to another page
    const link = element.closest("a[href]");
    return Boolean(link) && (link.hasAttribute("download") || !/^(?:#|$|javascript:)/i.test(link.getAttribute("href").trim()));
  };
  const intent = element => {
    const text = label(element);
    if (!text || text.length > 70) return "";
    if (PAY.test(text)) return "pay";
    return [["reject", REJECT], ["save", SAVE], ["accept", ACCEPT], ["settings", SETTINGS]].find(([, words]) => words.test(text))?.[0] ?? "";
  };
  const TOGGLE = "input[type=checkbox], [role=switch], [role=checkbox]";
  const on = toggle => !toggle.disabled && toggle.ariaDisabled !== "true" && (toggle.checked ?? toggle.ariaChecked === "true");
  const spent = self.archiverConsent ??= new WeakSet();   // pressed in earlier steps
  const offers = (box, selectors = {}) => {
    const found = {};
    const usable = element => shown(element) && !element.disabled && !leads(element);
    const take = (kind, element) => { if (!spent.has(element)) (found[kind] ??= element); };
    for (const [kind, selector] of Object.entries(selectors)) {
      every(selector, box).filter(element => usable(element) && !PAY.test(label(element))).forEach(element => take(kind, element));
    }
    for (const element of every(PRESSABLE, box).filter(shown)) {
      const kind = intent(element);
      if (kind === "pay") found.pay = element;
      else if (kind && usable(element)) take(kind, element);
    }
    if (!deep && !every(TOGGLE, box).length) delete found.save;
    return found;
  };

  const overlays = () => {   // what lies over the page, seen from a grid of points, the innermost of each first
    const found = new Set(), climbed = new Set(), [w, h] = [innerWidth, innerHeight];
    const look = (root, x, y, entered = new Set()) => {
      entered.add(root);
      for (const hit of root.elementsFromPoint(x, y).slice(0, 3)) {
        if (hit.shadowRoot && !entered.has(hit.shadowRoot)) look(hit.shadowRoot, x, y, entered);
        for (let element = hit; element && !climbed.has(element); element = above(element)) {
          climbed.add(element);
          const { position, zIndex } = getComputedStyle(element);
          if (/fixed|sticky/.test(position) || (position === "absolute" && Number(zIndex) >= 10)) found.add(element);
        }
      }
    };
    for (const y of [4, 40, h * 0.15, h * 0.3, h / 2, h * 0.7, h * 0.85, h - 40, h - 4]) {
      for (const x of [8, w * 0.2, w / 2, w * 0.8, w - 150, w - 8]) look(document, x, y);
    }
    return [...found].filter(element => element !== document.body && element !== document.documentElement);
  };
  const HINTED = '[role=dialog], [role=alertdialog], dialog[open], [aria-modal=true], [id*="cookie" i], [class*="cookie" i], [id*="consent" i], [class*="consent" i], [id*="gdpr" i], [class*="gdpr" i]';
  const asks = (box, lying) => {
    if (box.querySelector("input[type=email], input[type=password], input[type=search]")) return false;
    if (!lying.has(box) && box.querySelector("article, main, h1")) return false;
    const text = said(box);
    if (text.length > LONGEST || !(deep || TOPIC.test(text))) return false;   // a second dialog need not say so again
    const found = offers(box);
    return Boolean(found.accept ?? found.reject ?? found.save ?? (deep ? found.settings : null));
  };
  const find = () => {   // dialogs: platform, box, offers; those of known platforms first
    trees = roots(document);
    const dialogs = [], lying = new Set(overlays());
    for (const [platform, boxes, reject, accept, settings, save] of PLATFORMS) {
      for (const box of every(boxes).filter(shown)) dialogs.push({ platform, box, offers: offers(box, { reject, accept, settings, save }) });
    }
    if (dialogs.length) return { dialogs, lying };
    const whole = top !== self || location.hostname.startsWith("consent.") ? [document.body] : [];
    const boxes = new Set([...lying, ...every(HINTED).filter(shown).slice(0, 60), ...whole].filter(box => box && asks(box, lying)));
    const inner = [...boxes].filter(box => ![...boxes].some(other => other !== box && box.contains(other)));
    return { dialogs: inner.map(box => ({ platform: "", box, offers: offers(box) })), lying };
  };
  const best = dialogs => CHOICES.flatMap(kind => dialogs.filter(({ offers }) => offers[kind]).map(dialog => [kind, dialog.offers[kind]]))[0];
  const framing = lying => [...lying].flatMap(box => [...(box.matches("iframe") ? [box] : []), ...every("iframe", box)])
    .filter(shown).flatMap(frame => [frame.src, frame.name]).filter(Boolean);

  const look = () => {
    const { dialogs, lying } = find(), move = best(dialogs);
    const text = dialogs.length ? said(document.body).length - dialogs.reduce((sum, { box }) => sum + said(box).length, 0) : READABLE;
    return {
      found: dialogs.length > 0,
      platform: dialogs.map(({ platform }) => platform).find(Boolean) ?? "",
      move: move?.[0] ?? "",
      paid: dialogs.some(({ offers }) => offers.pay),
      bare: text < READABLE,
      frames: framing(lying),
    };
  };
  const patiently = async () => {   // a dialog that the page announces is waited for
    let told = look();
    const some = () => told.found || told.frames.some(frame => !frames.includes(frame));
    if (some() || !document.querySelector(ANNOUNCED) || ANSWERED.test(document.cookie)) return told;
    let news = () => {};
    const watch = new MutationObserver(() => news());
    watch.observe(document, { childList: true, subtree: true, attributes: true });
    while (!some() && Date.now() < until) {
      await new Promise(done => { news = done; setTimeout(done, Math.max(0, Math.min(250, until - Date.now()))); });
      await new Promise(done => setTimeout(done, 30));
      told = look();
    }
    watch.disconnect();
    return told;
  };
  const press = () => {
    const { dialogs } = find(), [kind, element] = best(dialogs) ?? [];
    if (!element) return [];
    const { box } = dialogs.find(({ offers }) => offers[kind] === element);
    const off = kind === "save" ? every(TOGGLE, box).filter(on).slice(0, 200) : [];
    off.forEach(toggle => toggle.click());
    spent.add(element);
    element.click();
    return [...(off.length ? [`${off.length} switched off`] : []), `${kind}: ${name(element)}`];
  };
  const hide = () => {
    const { dialogs, lying } = find(), boxes = dialogs.map(({ box }) => box);
    const framed = [...lying].filter(box => framing([box]).some(frame => frames.includes(frame)));
    const sheets = [...lying].filter(box => box.clientWidth >= innerWidth * 0.9 && box.clientHeight >= innerHeight * 0.9 &&
      Number(getComputedStyle(box).zIndex) > 0 && !said(box).trim() && !every("img, video, canvas, iframe", box).length);
    const outer = box => [...lying].find(other => other.contains(box) && said(other).length < said(box).length + 200) ?? box;
    const hidden = new Set([...boxes, ...framed].map(outer));
    if (hidden.size) sheets.forEach(box => hidden.add(box));
    hidden.forEach(box => box.style.setProperty("display", "none", "important"));
    for (const element of [document.documentElement, document.body]) {
      const { overflowY, position } = getComputedStyle(element);
      if (/hidden|clip/.test(overflowY)) element.style.setProperty("overflow", "auto", "important");
      if (position === "fixed") element.style.setProperty("position", "static", "important");
    }
    return [...hidden].map(box => `hidden: ${box.tagName.toLowerCase()}${box.id ? `#${box.id}` : ""}`);
  };
  return { look: patiently, now: look, press, hide }[step]();
}
