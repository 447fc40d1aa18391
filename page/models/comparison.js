// Two models on the picture that was read last: asked for when the tab is opened, a model is picked, or
// another one is chosen to stand beside it.
let beside = "";
const compare = () => trigger("compare", { beside });
for (const event of ["model shown", "picked"]) document.addEventListener(event, compare);
element.addEventListener("change", (event) => {
  beside = event.target.value;
  compare();
});
// The answer brings a new list to choose from.
let hasFocus = false;
element.addEventListener("focusin", () => (hasFocus = true));
element.addEventListener("focusout", (event) => (hasFocus = event.relatedTarget === null && !event.target.isConnected));
watch("value", () => hasFocus && element.querySelector("[data-beside]")?.focus());
