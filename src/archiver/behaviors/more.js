async ({ until, page }) => {
  const PRESSES = 60, EACH = 30;   // a feed without end ends here
  const HINT = /(?:^|[\s_-])(?:load|show|view|see|read)[\s_-]?more(?:$|[\s_-])/i;
  const PRESSABLE = 'button, [role="button"], a, summary, input[type="button"]';

  const offered = element => element.ariaExpanded !== "true" && (page.says(element, "more") || HINT.test(page.names(element)))
    && page.allowed(element);
  const presses = new Map(), spent = new WeakSet();
  const counts = { more_clicks: 0, more_left: 0 };
  const left = () => page.all(PRESSABLE).filter(element => !spent.has(element) && offered(element));
  let waiting = left();
  while (waiting.length && counts.more_clicks < PRESSES && Date.now() < until) {
    const [element] = waiting, times = (presses.get(element) ?? 0) + 1;
    const { grown } = await page.press(element);
    counts.more_clicks += 1;
    presses.set(element, times);
    if (grown < 0 && times > 1) element.click();   // it was a toggle: leave it open
    if (grown <= 0) spent.add(element);
    waiting = left();
    if (times >= EACH && waiting.includes(element)) {
      spent.add(element);
      counts.more_left += 1;
    }
  }
  counts.more_left += waiting.filter(element => !spent.has(element)).length;
  return counts;
}
