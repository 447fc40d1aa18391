// The answer and its pictures: press a bar, a mark or a kind of heatmap, or copy the number.
// One question at a time, whatever asks it: Gradio would answer simultaneous ones in any order.
const ASK_AGAIN_MILLISECONDS = 700;
const SLOW_MILLISECONDS = 600; // after which the page says that it is reading
const waiting = [];
let isAsking = false;
let lastWay = null; // the way in of the last question
let slow = null; // the timer for a slow answer
let copied = null; // the number that was copied just now
let scrolled = 0; // how far the row of marks is scrolled
const pictures = () => document.getElementById("pictures");

function ask(way, choice) {
  if (way !== "choose") waiting.length = 0; // they are about an older picture
  waiting.push([way, choice]);
  next();
}

// The server was still loading its network when the question arrived.
function askAgain() {
  if (element.querySelector("[data-ask-again]") && !isAsking && !waiting.length) ask(lastWay);
}

function next() {
  if (!isAsking && waiting.length) {
    isAsking = true;
    const [way, choice] = waiting.shift();
    if (way !== "choose") {
      lastWay = way;
      slow ??= setTimeout(showWaiting, SLOW_MILLISECONDS);
    }
    trigger(way, choice);
  }
  element.setAttribute("aria-busy", isAsking);
}

function showWaiting() {
  setStale(true);
  document.querySelector("#trouble .waiting").textContent = TEXTS.reading.waiting;
}

function stopWaiting() {
  clearTimeout(slow);
  slow = null;
  document.querySelector("#trouble .waiting").textContent = "";
}

// The answer to an older picture stays visible, but its buttons are disabled.
function setStale(isStale) {
  for (const part of [document.getElementById("answer"), pictures()]) {
    part.classList.toggle("stale", isStale);
    part.inert = isStale;
  }
}

document.addEventListener("answered", () => {
  isAsking = false;
  if (!waiting.length) {
    stopWaiting();
    setStale(false);
  }
  next();
  if (element.querySelector("[data-ask-again]")) setTimeout(askAgain, ASK_AGAIN_MILLISECONDS);
});
document.addEventListener("unanswered", () => {
  isAsking = false;
  if (slow !== null) setStale(true);
  stopWaiting();
  next();
});
document.addEventListener("outdated", () => {
  if (element.querySelector(".hero.answer, .hero.refusal")) setStale(true);
});
document.addEventListener("server back", () => lastWay && !isAsking && ask(lastWay));

// A tab was opened, or a picture arrived in it, perhaps after it was left.
for (const way of ["pad", "image", "camera"]) {
  document.addEventListener(`${way} opened`, () => ask(way));
  document.addEventListener(`${way} arrived`, () => {
    if (document.getElementById(way).offsetParent) ask(way);
  });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#answer, #pictures")) return;
  const choice = event.target.closest("[data-target], [data-mark], [data-method]");
  if (choice) choose({ ...choice.dataset });
  const button = event.target.closest("[data-copy]");
  if (button) copy(button.dataset.copy);
});

// On a phone the pictures are folded away, but they are what a choice changes.
function choose(choice) {
  const fold = pictures().querySelector(".fold input");
  if (fold && "target" in choice) fold.checked = true;
  ask("choose", choice);
}

async function copy(number) {
  if (!(await copyToClipboard(number))) return;
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
  if (!button) return;
  const isCopied = button.dataset.copy === copied;
  button.firstElementChild.textContent = isCopied ? TEXTS.reading.copied : TEXTS.reading.copy;
}

// A new answer brings a new row of marks. It stays scrolled as it was, unless the chosen mark is out of
// sight there.
element.addEventListener("scroll", ({ target }) => (scrolled = target.scrollLeft), true);

function showChosen() {
  const chosen = element.querySelector(".marks [aria-pressed=true]");
  if (!chosen) return;
  const marks = chosen.parentElement;
  const left = chosen.offsetLeft - marks.offsetLeft;
  const right = left + chosen.offsetWidth - marks.clientWidth;
  marks.scrollLeft = Math.max(right, Math.min(scrolled, left));
}
watch("value", () => {
  showCopied();
  showChosen();
});
document.dispatchEvent(new Event("answer ready"));
