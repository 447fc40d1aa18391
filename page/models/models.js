// The list of models: pick the one that answers. Which one that is stands in what is seen of it.
let wanted = null; // picked last, and not yet there
let asked = null; // of the server; one after another, or the answers could come in any order
const seen = () => document.querySelector("#look");

function mark() {
  const key = wanted ?? seen()?.querySelector("[data-answers]")?.dataset.answers;
  for (const radio of element.querySelectorAll("input")) radio.checked = radio.value === key;
}

function next() {
  if (asked === null && wanted !== null) {
    asked = wanted;
    trigger("pick", { key: asked });
  }
  if (asked === null) seen().removeAttribute("aria-busy");
  else seen().setAttribute("aria-busy", "true");
  mark();
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
document.addEventListener("click", (event) => {
  if (asked === null && event.target.closest("[data-mistakes]")) trigger("mistakes");
});
watch("value", mark);
mark();
