// The list of models: pick the one that answers. Which one that is stands in what is seen of it.
let wanted = null; // picked, and not yet there
const seen = () => document.querySelector("#look");

function mark() {
  const key = wanted ?? seen()?.querySelector("[data-answers]")?.dataset.answers;
  for (const radio of element.querySelectorAll("input")) radio.checked = radio.value === key;
}

element.addEventListener("change", (event) => {
  wanted = event.target.value;
  seen().setAttribute("aria-busy", "true");
  trigger("pick", { key: wanted });
});
for (const end of ["picked", "unpicked"]) {
  document.addEventListener(end, () => {
    wanted = null;
    seen().removeAttribute("aria-busy");
    mark();
  });
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-mistakes]")) trigger("mistakes");
});
watch("value", mark);
mark();
