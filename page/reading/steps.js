// "How it got there": the steps of the reading in a dialog, one at a time with its description. They are
// requested when the dialog is opened.
const WAYS = ["pad", "image", "camera"];
const dialog = () => element.querySelector("dialog");
const steps = () => [...element.querySelectorAll("[data-step]")];
const current = () => steps().findIndex((step) => step.ariaCurrent === "step");

function choose(number) {
  const chosen = steps()[number];
  if (!chosen) return;
  for (const step of steps()) step.ariaCurrent = step === chosen ? "step" : null;
  chosen.scrollIntoView({ inline: "center", block: "nearest" });
  element.querySelector(".words").textContent = chosen.dataset.words;
  for (const button of element.querySelectorAll("[data-move]")) {
    button.disabled = !steps()[number + Number(button.dataset.move)];
  }
}

function open() {
  if (!dialog() || dialog().open) return;
  dialog().addEventListener("close", () => (props.value = ""));
  dialog().showModal();
  choose(0);
}

// After Gradio has put the new steps there.
watch("value", () => setTimeout(open));
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-steps]")) return;
  const way = WAYS.find((name) => document.getElementById(name)?.offsetParent);
  if (way) trigger(way);
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (event.target === dialog() || button?.dataset.close !== undefined) dialog().close();
  else if (button?.dataset.step) choose(Number(button.dataset.step));
  else if (button?.dataset.move) choose(current() + Number(button.dataset.move));
});
const KEYS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
element.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  const last = steps().length - 1;
  const number = Math.max(0, Math.min(last, current() + KEYS[event.key]));
  choose(number);
  if (event.target.dataset.step) steps()[number].focus();
});
