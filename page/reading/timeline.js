// The guess over time: the ten probabilities while one digit was drawn, as a line for each digit.
const [WIDTH, HEIGHT, TOP] = [400, 46, 13]; // of the drawing, in its units; the top is for labels
const MAX_PAUSE = 600; // milliseconds that a pause between two answers counts at most
const LEAST_SHARE = 0.05; // a digit that never had more has no line
const LEAST_LABELLED = 0.2; // and one that never had more has no label
const LABEL_WIDTH = 12;
let points = []; // [milliseconds, the ten shares] of each answer
let last = 0; // when the last answer came

function shares() {
  const fills = [...document.querySelectorAll("#answer .bar:enabled .fill")];
  const isOne = !document.querySelector("#answer .marks [data-mark]");
  return isOne ? fills.map((fill) => parseFloat(fill.style.height) / 100) : [];
}

function add() {
  const current = document.getElementById("pad").offsetParent ? shares() : [];
  if (!current.length) points = [];
  else if (String(current) !== String(points.at(-1)?.[1])) {
    const now = performance.now();
    const [before] = points.at(-1) ?? [0];
    points.push([points.length ? before + Math.min(MAX_PAUSE, now - last) : 0, current]);
    last = now;
  }
  show();
}

// Which digits led, one after another.
function leaders() {
  const found = points.map(([, all]) => all.indexOf(Math.max(...all)));
  return found.filter((digit, i) => digit !== found[i - 1]);
}

function show() {
  element.hidden = points.length < 2;
  if (element.hidden) return;
  const [end, latest] = points.at(-1);
  const place = ([time, all], digit) => [
    Math.round((10 + (WIDTH - 20) * (time / end)) * 10) / 10,
    Math.round((TOP + (HEIGHT - TOP - 2) * (1 - all[digit])) * 10) / 10,
  ];
  const order = [...latest.keys()].sort((a, b) => latest[b] - latest[a]);
  const lines = order.filter((digit) => points.some(([, all]) => all[digit] >= LEAST_SHARE)).reverse();
  const svg = element.querySelector("svg");
  svg.setAttribute("aria-label", fill(TEXTS.timeline.went, { leaders: leaders().join(", ") }));
  svg.replaceChildren(
    ...lines.map((digit) => {
      const rank = Math.min(2, order.indexOf(digit));
      const line = points.map((point) => place(point, digit).join(",")).join(" ");
      return part("polyline", { class: `rank-${rank}`, points: line });
    }),
    ...labels(order, place),
  );
}

// A digit's label is placed where its probability was largest, at the right end if that is now, unless
// another label is in the way.
function labels(digits, place) {
  const made = [];
  const taken = [];
  for (const digit of digits) {
    const most = Math.max(...points.map(([, all]) => all[digit]));
    const [x, y] = place(points.findLast(([, all]) => all[digit] === most), digit);
    const isTaken = taken.some(([otherX, otherY]) => Math.hypot(x - otherX, y - otherY) < LABEL_WIDTH);
    if (most < LEAST_LABELLED || isTaken) continue;
    taken.push([x, y]);
    made.push(part("text", { x, y: y - 3 }, digit));
  }
  return made;
}

function part(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

document.addEventListener("answered", add);
document.addEventListener("drawing begun", () => (points = []));
show();
