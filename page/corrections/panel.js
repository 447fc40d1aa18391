// "Got it wrong?": choose what the mark whose bars are shown really is.
const opener = () => element.querySelector("[data-open]");
const panel = () => element.querySelector(".panel");

function show(open) {
  panel().hidden = !open;
  opener().setAttribute("aria-expanded", String(open));
  if (!open) return;
  const answer = document.querySelector("#answer");
  const several = answer.querySelectorAll(".picker [data-mark]").length > 1;
  const name = answer.querySelector(".bar.winner .name")?.textContent;
  panel().querySelector(".question").textContent = several
    ? `This ${name} is really a …`
    : "This is really a …";
}

function close() {
  show(false);
  opener().focus();
}

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-open]")) {
    const open = panel().hidden;
    props.value = "";
    // Gradio redraws the template in the next microtask, and with it the panel.
    queueMicrotask(() => show(open));
    if (open) document.dispatchEvent(new Event("correcting"));
  }
  const choice = event.target.closest("[data-digit]");
  if (!choice) return;
  close();
  trigger("correct", { digit: choice.dataset.digit });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel().hidden) close();
});
document.addEventListener("click", (event) => {
  if (!panel().hidden && !element.contains(event.target)) show(false);
});
// The reply to a correction disappears with the answer that it was about.
new MutationObserver(() => {
  if (props.value) props.value = "";
  if (!panel().hidden) show(true);
}).observe(document.querySelector("#answer"), { childList: true, subtree: true, characterData: true });
