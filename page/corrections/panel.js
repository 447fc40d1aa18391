// "Wrong?": say what the mark whose bars are shown really is.
const opener = () => element.querySelector("[data-open]");
const panel = () => element.querySelector(".panel");

function show(open) {
  panel().hidden = !open;
  opener().setAttribute("aria-expanded", String(open));
  if (!open) return;
  const answer = document.querySelector("#answer");
  const several = answer.querySelectorAll(".picker [data-mark]").length > 1;
  const name = answer.querySelector(".bar.winner .name")?.textContent;
  panel().querySelector(".question").textContent = several ? `This ${name} is a` : "It is a";
}

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-open]")) {
    const open = panel().hidden;
    props.value = "";
    // What was said goes with the next microtask, in which all is drawn anew.
    queueMicrotask(() => show(open));
    if (open) document.dispatchEvent(new Event("correcting"));
  }
  const choice = event.target.closest("[data-digit]");
  if (!choice) return;
  show(false);
  opener().focus();
  trigger("correct", { digit: choice.dataset.digit });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel().hidden) {
    show(false);
    opener().focus();
  }
});
document.addEventListener("click", (event) => {
  if (!panel().hidden && !element.contains(event.target)) show(false);
});
// What was said of an answer goes with it.
new MutationObserver(() => {
  if (props.value) props.value = "";
  if (!panel().hidden) show(true);
}).observe(document.querySelector("#answer"), { childList: true, subtree: true, characterData: true });
