// The page's texts: texts.json, with a section for each part.

const TEXTS = await (await fetch(new URL("../texts.json", import.meta.url))).json();

// key: a section and a name, such as "reading.hint". A text with the forms "one" and "other" needs a
// `count`, which picks the form.
export function text(key, values = {}) {
  const [section, name] = key.split(".");
  let found = TEXTS[section][name];
  if (typeof found === "object") found = values.count === 1 ? found.one : found.other;
  return found.replace(/{(\w+)}/g, (_, value) => {
    if (!(value in values)) throw new Error(`The text ${key} needs a ${value}.`);
    return values[value];
  });
}
