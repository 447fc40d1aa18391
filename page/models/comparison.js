// Two models on the picture that was read last: asked for when the tab is opened, a model is picked, or
// another one is chosen to stand beside it.
let beside = "";
let hasFocus = false; // whether the list was used, which the answer replaces
const compare = () => trigger("compare", { beside });
for (const event of ["models opened", "picked"]) document.addEventListener(event, compare);
element.addEventListener("change", (event) => {
  beside = event.target.value;
  hasFocus = document.activeElement === event.target;
  compare();
});
watch("value", () => {
  if (hasFocus) element.querySelector("[data-beside]")?.focus();
  hasFocus = false;
});
