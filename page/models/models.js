// The list of models: pick the one that answers. The model's own view says which one that is.
const CURRENT = ""; // picks the model that answers already, which shows its view
let wanted = null; // picked last, and not confirmed yet
let asked = null; // sent to the server; one at a time, because answers may come in any order
const view = () => document.querySelector("#model-view");
const shown = () => view().querySelector("[data-answers]")?.dataset.answers;

// When the tab is opened for the first time, the current model is picked, so that its view and those
// of other models come one after another, too.
function open() {
  if (shown() !== undefined || asked !== null || !element.offsetParent) return;
  wanted ??= CURRENT;
  next();
}

function check() {
  const key = wanted || shown();
  for (const radio of element.querySelectorAll("input")) radio.checked = radio.value === key;
}

function next() {
  if (asked === null && wanted !== null) {
    asked = wanted;
    trigger("pick", { key: asked });
  }
  if (asked === null && wanted === null) view().removeAttribute("aria-busy");
  else view().setAttribute("aria-busy", "true");
  check();
}

element.addEventListener("change", (event) => {
  wanted = event.target.value;
  next();
});
for (const end of ["picked", "unpicked"]) {
  document.addEventListener(end, () => {
    if (wanted === asked) wanted = null;
    asked = null;
    next();
  });
}
document.addEventListener("models opened", open);
document.addEventListener("click", (event) => {
  if (asked === null && event.target.closest("[data-mistakes]")) trigger("mistakes");
});
watch("value", check);
// The view comes after the list, and says which model answers.
new MutationObserver(check).observe(view(), { childList: true, subtree: true });
check();
open();
