// Find the signs in a row that shape and place tell from digits (digit_model/picture/signs.py).

import { heightOf } from "./boxes.js";
import { mergeComponents, typicalHeight } from "./components.js";
import { rowSlant } from "./lattice.js";
import { bowOfStroke, isHash, isLoop, leanOfSlash } from "./marks.js";
import { MIN_ROW_HEIGHT } from "./rows.js";

const MIN_EXTRA_LEAN = 0.42;
const LEAN_PER_HEIGHT = 2.5;
const MIN_BOW = 0.02;
const MIN_BOWS = 0.08;
const MIN_BAR_HEIGHT = 1.6;
const MAX_BAR_BOW = 0.06;
const MAX_LOOP = 0.6;

// The signs among the components of a row, as {kind, parts, mark}. The mark is all parts as one.
export function signsOfRow(row) {
  let found = [];
  for (const find of [hashes, percents, parentheses, slashesAndBars]) {
    const taken = new Set(found.flatMap(({ parts }) => parts));
    found = [...found, ...find(row.filter((component) => !taken.has(component)))];
  }
  return found.map(({ kind, parts }) => ({
    kind,
    parts,
    mark: mergeComponents(parts),
  }));
}

// The components as high as digits, from the left.
function tallOf(row) {
  if (!row.length) return [];
  const least = MIN_ROW_HEIGHT * typicalHeight(row);
  const twiceMiddle = ({ box }) => box.left + box.right;
  return row
    .filter(({ box }) => heightOf(box) >= least)
    .sort((a, b) => twiceMiddle(a) - twiceMiddle(b));
}

const hashes = (row) =>
  tallOf(row)
    .filter(isHash)
    .map((component) => ({ kind: "hash", parts: [component] }));

// Strokes that lean to the right between two loops, one above and one below.
function percents(row) {
  const loops = row.filter(isLoop);
  if (loops.length < 2) return [];
  return tallOf(row).flatMap((stroke) => {
    if (leanOfSlash(stroke) === null) return [];
    const [above, below] = [-1, 1].map((side) => loops.filter((loop) => liesBeside(loop, stroke, side)));
    const isPercent = above.length === 1 && below.length === 1;
    return isPercent ? [{ kind: "percent", parts: [stroke, ...above, ...below] }] : [];
  });
}

// Whether a small loop lies near a stroke, to the left and higher (-1), or opposite.
function liesBeside({ box: a }, { box: b }, side) {
  const height = heightOf(b);
  const across = (side * (a.left + a.right - b.left - b.right)) / 2;
  const down = (side * (a.top + a.bottom - b.top - b.bottom)) / 2;
  const isNear = across > 0 && across <= height && down > 0 && down <= height;
  return isNear && heightOf(a) <= MAX_LOOP * height;
}

// The first and the last mark of a row if they are bowed away from each other.
function parentheses(row) {
  const tall = tallOf(row);
  if (tall.length < 3) return [];
  const ends = [tall[0], tall.at(-1)];
  const [left, right] = ends.map(bowOfStroke);
  if (left === null || right === null) return [];
  if (Math.min(-left, right) < MIN_BOW || right - left < MIN_BOWS) return [];
  return ends.map((component) => ({ kind: "parenthesis", parts: [component] }));
}

// The straight strokes that lean too far, or are too high, for a 1.
function slashesAndBars(row) {
  const tall = tallOf(row);
  return tall.flatMap((component) => {
    if (isSlash(component, tall)) return [{ kind: "slash", parts: [component] }];
    return isBar(component, tall) ? [{ kind: "bar", parts: [component] }] : [];
  });
}

function isSlash(component, tall) {
  const others = tall.filter((other) => other !== component);
  const { left, right } = component.box;
  const isBetween =
    others.some(({ box }) => box.left < left) && others.some(({ box }) => box.right > right);
  const lean = isBetween ? leanOfSlash(component) : null;
  if (lean === null) return false;
  const tallest = Math.max(...others.map(({ box }) => heightOf(box)));
  const excess = heightOf(component.box) / tallest - 1;
  const slant = rowSlant(others, typicalHeight(others));
  return lean - slant + LEAN_PER_HEIGHT * excess >= MIN_EXTRA_LEAN;
}

function isBar(component, tall) {
  const heights = tall.filter((other) => other !== component).map(({ box }) => heightOf(box));
  const isLow = heightOf(component.box) < MIN_BAR_HEIGHT * Math.max(...heights);
  if (heights.length < 2 || isLow) return false;
  const bow = bowOfStroke(component);
  return bow !== null && Math.abs(bow) <= MAX_BAR_BOW;
}
