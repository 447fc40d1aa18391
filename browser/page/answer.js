// Show a reading: the number, its confidence, ten bars (page/reading/answer.py and answer.html).

import { rowsOf, textOf } from "../reading.js";
import { element } from "./elements.js";
import { text } from "./texts.js";

const WORDS = [
  [0.99, "very_sure"],
  [0.9, "sure"],
  [0.7, "fairly_sure"],
  [0, "a_guess"],
];

// Fill the answer's place before there is anything to read.
export const showEmpty = (place, way) =>
  fill(place, {
    kind: "empty",
    number: ["0–9"],
    title: text(`reading.${way}_empty`),
    detail: text(`reading.${way}_empty_hint`),
  });

// Fill the answer's place if there is no answer, and say why.
export const showProblem = (place, sentence, title = text("reading.problem")) =>
  fill(place, { kind: "problem", number: ["!"], title, detail: sentence });

// view: {reading, mark, target}: the chosen mark's bars, and the digit whose evidence is shown.
export function showAnswer(place, view) {
  const { digits, ignored } = view.reading;
  const isRefused = !digits.some(({ accepted }) => accepted);
  const [title, ...details] = verdict(digits);
  if (ignored.length) details.push(text("reading.left_out", { count: ignored.length }));
  const number = isRefused ? ["?"] : numberOf(digits);
  fill(place, { kind: isRefused ? "refusal" : "answer", number, title, detail: details.join(" "), view });
}

function fill(place, { kind, number, title, detail, view = null }) {
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset : {};
  const scrolled = place.querySelector(".marks")?.scrollLeft ?? 0;
  const size = view ? sizeOf(view.reading.digits) : "one";
  place.replaceChildren(
    element(
      "div",
      { class: `hero ${kind}`, role: "status", "aria-live": "polite", "aria-atomic": "true" },
      element("div", { class: `number ${size}` }, number),
      element("div", { class: "verdict" }, element("strong", {}, title), element("span", {}, detail)),
    ),
    element("div", { class: "picker" }, view ? picker(view) : []),
    bars(view),
  );
  if (view) showChosen(place.querySelector(".marks"), scrolled);
  refocus(place, focused);
}

// Keep the row of marks where it was scrolled to, unless the chosen one is out of sight there.
function showChosen(marks, scrolled) {
  const chosen = marks.querySelector("[aria-pressed=true]");
  if (!chosen) return;
  const left = chosen.offsetLeft - marks.offsetLeft;
  const right = left + chosen.offsetWidth - marks.clientWidth;
  marks.scrollLeft = Math.max(right, Math.min(scrolled, left));
}

// Restore the focus, because a new answer replaces the buttons.
function refocus(place, { target, mark, copy }) {
  const [name, value] = target ? ["target", target] : mark ? ["mark", mark] : ["copy", copy];
  if (value !== undefined) place.querySelector(`button[data-${name}="${value}"]`)?.focus();
}

function numberOf(digits) {
  let place = 0;
  const shown = ({ label, accepted }) => {
    const properties = { "data-mark": place++, class: accepted ? null : "unsure" };
    return digits.length === 1 ? `${label}` : element("span", properties, accepted ? `${label}` : "?");
  };
  return rowsOf(digits).map((row) => element("span", { class: "digits" }, row.map(shown)));
}

function picker({ reading: { digits }, mark }) {
  const number = textOf(digits);
  const marks =
    digits.length === 1
      ? [element("p", {}, text(digits[0].accepted ? "reading.hint" : "reading.compared"))]
      : digits.map((digit, k) => markButton(digit, k, digits.length, k === mark));
  return [
    element("div", { class: "marks" }, marks),
    number ? copyButton(number) : null,
  ];
}

function markButton({ label, accepted }, place, count, isChosen) {
  const key = accepted ? "reading.mark" : "reading.unclear_mark";
  const name = text(key, { number: place + 1, count, digit: label });
  const properties = { type: "button", "data-mark": place, "aria-pressed": `${isChosen}` };
  return element("button", { ...properties, "aria-label": name }, accepted ? `${label}` : `${label}?`);
}

function copyButton(number) {
  const name = text("reading.copy_number", { number: number.replaceAll("\n", ", ") });
  const properties = { type: "button", class: "copy", "data-copy": number, "aria-label": name };
  return element("button", properties, element("span", {}, text("reading.copy")));
}

function bars(view) {
  const isAccepted = !view || view.reading.digits[view.mark].accepted;
  return element(
    "div",
    { class: isAccepted ? "bars" : "bars compared", role: "group", "aria-label": text("reading.bars") },
    Array.from({ length: 10 }, (_, digit) => bar(digit, view, isAccepted)),
  );
}

function bar(digit, view, isAccepted) {
  const chosen = view?.reading.digits[view.mark];
  const share = chosen?.probabilities[digit] ?? 0;
  const shown = view && isAccepted ? wholePercent(share) : "";
  const key = isAccepted ? "reading.bar" : "reading.compared_bar";
  const action = text("reading.show_evidence", { digit });
  const name = view ? text(key, { digit, share: wholePercent(share), action }) : `${digit}`;
  return element(
    "button",
    {
      type: "button",
      class: chosen?.label === digit ? "bar winner" : "bar",
      "data-target": digit,
      disabled: !view,
      "aria-pressed": view ? `${digit === view.target}` : null,
      "aria-label": name,
    },
    element("span", { class: "name" }, `${digit}`),
    " ",
    element("span", { class: "share" }, shown),
    element("span", { class: "well" }, element("span", { class: "fill", style: `height:${(100 * share).toFixed(1)}%` })),
  );
}

function verdict(digits) {
  const refused = digits.filter(({ accepted }) => !accepted);
  const guess = (marks, between) => marks.map(({ label }) => label).join(between);
  if (refused.length === digits.length) {
    const key = digits.length === 1 ? "reading.refused" : "reading.all_refused";
    return [text(key), text(`${key}_hint`, { guess: guess(digits, "") })];
  }
  if (digits.length === 1) return single(digits[0]);
  const total = digits.length;
  if (refused.length) {
    const read = total - refused.length;
    return [
      text("reading.marks", { count: total, read, total }),
      text("reading.not_clear", { count: refused.length, guesses: guess(refused, ", ") }),
    ];
  }
  const least = digits.reduce((a, b) => (b.confidence < a.confidence ? b : a));
  return [
    text("reading.digits", { count: total, sure: words(least.confidence).toLowerCase() }),
    text("reading.least_sure", { digit: least.label, share: percent(least.confidence) }),
  ];
}

function single({ confidence, probabilities }) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const share = probabilities[order[1]];
  const second = text("reading.second", { digit: order[1], share: percent(share) });
  return [
    text("reading.verdict", { sure: words(confidence), share: percent(confidence) }),
    share >= 0.0005 ? second : text("reading.no_second"),
  ];
}

const words = (confidence) => text(`reading.${WORDS.find(([least]) => confidence >= least)[1]}`);

// How much of the size "long" fits beside the words on a desktop.
const [LINES_OF_LONG, DIGITS_PER_LINE] = [4, 14];

// Return the CSS class with which the rows fit; a long row needs several lines.
function sizeOf(digits) {
  const rows = rowsOf(digits);
  const lines = rows.reduce((sum, row) => sum + Math.ceil(row.length / DIGITS_PER_LINE), 0);
  if (lines > LINES_OF_LONG) return "many";
  const length = Math.max(...rows.map((row) => row.length), 3 * rows.length - 2);
  return length > 6 ? "long" : length > 2 ? "some" : "one";
}

// 99.8%, 42%, 3.1%, 0%.
function percent(share) {
  if (share > 0.9995) return ">99.9%";
  const isFine = (0.0005 <= share && share < 0.0995) || share >= 0.9895;
  return `${(100 * share).toFixed(isFine ? 1 : 0)}%`;
}

function wholePercent(share) {
  if (0.0005 <= share && share < 0.01) return "<1%";
  return share > 0.99 ? ">99%" : `${(100 * share).toFixed(0)}%`;
}
