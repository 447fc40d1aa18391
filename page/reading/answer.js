// The answer and its pictures: press a bar, a mark, a kind of heatmap, or copy the number.
// One question at a time, whatever asks it: sent at once, Gradio answers in any order.
const ASK_AGAIN_MILLISECONDS = 700;
const waiting = [];
let isAsking = false;
let lastWay = null; // the way in of the last question
let copied = null; // the number that was copied just now

function ask(way, choice) {
  if (way !== "choose") waiting.length = 0; // they are about an older picture
  waiting.push([way, choice]);
  next();
}

// The server was still getting ready when it was asked.
function askAgain() {
  if (element.querySelector("[data-ask-again]") && !isAsking && !waiting.length) ask(lastWay);
}

function next() {
  if (!isAsking && waiting.length) {
    isAsking = true;
    const [way, choice] = waiting.shift();
    if (way !== "choose") lastWay = way;
    trigger(way, choice);
  }
  element.setAttribute("aria-busy", isAsking);
}
for (const end of ["answered", "unanswered"]) {
  document.addEventListener(end, () => {
    isAsking = false;
    next();
    if (element.querySelector("[data-ask-again]")) setTimeout(askAgain, ASK_AGAIN_MILLISECONDS);
  });
}
// A tab was opened; or a picture arrived in it, perhaps after it was left.
for (const way of ["pad", "image", "camera"]) {
  document.addEventListener(`${way} opened`, () => ask(way));
  document.addEventListener(`${way} arrived`, () => {
    if (document.getElementById(way).offsetParent) ask(way);
  });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#answer, #pictures")) return;
  const choice = event.target.closest("[data-target], [data-mark], [data-method]");
  if (choice) ask("choose", { ...choice.dataset });
  const button = event.target.closest("[data-copy]");
  if (button) copy(button.dataset.copy);
});

async function copy(number) {
  try {
    await navigator.clipboard.writeText(number);
  } catch {
    copyBySelection(number); // a page on plain http has no clipboard
  }
  copied = number;
  showCopied();
  setTimeout(() => {
    copied = null;
    showCopied();
  }, 2000);
}

// A new answer brings a new button.
function showCopied() {
  const button = element.querySelector("[data-copy]");
  if (button) button.firstElementChild.textContent = button.dataset.copy === copied ? "Copied" : "Copy";
}
watch("value", showCopied);

function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
