// "Got it wrong?": choose what the mark whose bars are shown really is; of several marks also that all
// together are one digit, or the whole number.
const find = (selector) => element.querySelector(selector);
const panel = () => find(".panel");
const markCount = () => document.querySelectorAll("#answer .picker [data-mark]").length;

function question() {
  if (markCount() < 2) return TEXTS.corrections.question;
  if (find("[data-all]").checked) return TEXTS.corrections.question_all;
  const digit = document.querySelector("#answer .bar.winner .name")?.textContent;
  return fill(TEXTS.corrections.question_one, { digit });
}

function show(open) {
  panel().hidden = !open;
  find("[data-open]").setAttribute("aria-expanded", String(open));
  if (!open) return;
  find(".several").hidden = markCount() < 2;
  find(".question").textContent = question();
  panel().scrollIntoView({ block: "nearest" });
}

function close() {
  show(false);
  find("[data-open]").focus();
}

function correct(choice) {
  close();
  trigger("correct", { digit: choice });
}

function toggle() {
  const open = panel().hidden;
  props.value = "";
  // Gradio redraws the template in the next microtask, and with it the panel.
  queueMicrotask(() => show(open));
  if (open) document.dispatchEvent(new Event("correcting"));
}

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-open]")) toggle();
  const digit = event.target.closest("[data-digit]")?.dataset.digit;
  const isOne = markCount() > 1 && find("[data-all]").checked && digit !== "none";
  if (digit) correct(isOne ? `one ${digit}` : digit);
  if (event.target.closest("[data-save]")) saveNumber();
});
element.addEventListener("change", (event) => {
  if (event.target.closest("[data-all]")) find(".question").textContent = question();
});
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.closest("[data-number]")) saveNumber();
});

element.addEventListener("input", (event) => {
  event.target.closest("[data-number]")?.setCustomValidity("");
});

function saveNumber() {
  const field = find("[data-number]");
  const number = field.value.replace(/\D/g, "");
  const marks = markCount();
  if (!number) return field.focus();
  if (number.length === marks) return correct(`number ${number}`);
  // The panel stays open, and the number in it.
  field.setCustomValidity(fill(TEXTS.corrections.other_count, { digits: number.length, marks }));
  field.reportValidity();
}

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
