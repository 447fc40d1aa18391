// Elements made in JavaScript. Texts become text nodes, so that nothing has to be escaped.

// properties: attributes; `on` holds listeners. Children that are null are left out.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  const { on = {}, ...attributes } = properties;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}
