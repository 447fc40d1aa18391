// Tabs as the ARIA Authoring Practices describe them: arrow keys move, one is in the tab order.

// onOpen: called with the name of the way that was opened. Returns a function that opens one.
export function wireTabs(list, onOpen) {
  const tabs = [...list.querySelectorAll("[role=tab]")];

  function open(name, isFocused = false) {
    for (const tab of tabs) {
      const isChosen = tab.dataset.way === name;
      tab.setAttribute("aria-selected", `${isChosen}`);
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
      if (isChosen && isFocused) tab.focus();
    }
    onOpen(name);
  }

  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) open(tab.dataset.way);
  });
  list.addEventListener("keydown", (event) => {
    const place = tabs.indexOf(event.target);
    const steps = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 };
    if (place < 0 || !(event.key in steps)) return;
    event.preventDefault();
    open(tabs.at(steps[event.key] % tabs.length).dataset.way, true);
  });
  return open;
}
