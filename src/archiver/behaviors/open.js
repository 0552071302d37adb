async ({ until, page }) => {
  const OPENINGS = 80, LISTS = 12, TABS = 12;
  const FOLDED = '[aria-expanded="false"][aria-controls], [aria-expanded="false"][class*="accordion" i], ' +
    '[aria-expanded="false"][data-toggle="collapse"], [aria-expanded="false"][data-bs-toggle="collapse"]';
  const counts = { opened: 0, tabs: 0, open_left: 0 };
  const fresh = element => !page.met("opened").has(element) && page.visible(element);
  const take = (elements, most) => {
    elements.slice(0, most).forEach(element => page.met("opened").add(element));
    counts.open_left += Math.max(0, elements.length - most);
    return elements.slice(0, most);
  };

  // All at once: what they load does not need them to stay open.
  const details = page.all("details:not([open])").filter(one => fresh(one) && !page.forbidden(one.querySelector("summary") ?? one));
  const folded = page.all(FOLDED).filter(one => fresh(one) && one.role !== "tab" && page.allowed(one));
  const taken = take([...details, ...folded], OPENINGS);
  const open = async element => {
    if (element.tagName !== "DETAILS") return element.click();
    const told = new Promise(done => { element.addEventListener("toggle", done, { once: true }); setTimeout(done, 200); });
    element.open = true;
    if (element.getAttribute("name")) await told;   // the next of that name closes it
  };
  if (taken.length) await page.act(taken[0], async () => { for (const element of taken) await open(element); });
  counts.opened = taken.length;

  // One after the other, then the first again.
  for (const list of take(page.all('[role="tablist"]').filter(fresh), LISTS)) {
    const tabs = [...list.querySelectorAll('[role="tab"]')];
    const first = tabs.find(tab => tab.ariaSelected === "true") ?? tabs[0];
    const others = take(tabs.filter(tab => tab !== first && page.allowed(tab)), TABS);
    for (const tab of others) {
      if (Date.now() >= until) break;
      await page.press(tab);
      counts.tabs += 1;
    }
    if (others.length && page.allowed(first)) await page.press(first);
  }
  return counts;
}
