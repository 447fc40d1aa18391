// Ink -> its one digit, or its rows of digits (digit_model/picture/segment.py).

import { closeGaps } from "../numerics/filters.js";
import { enclosingBox, heightOf, surrounds, widthOf } from "./boxes.js";
import {
  connectedComponents,
  heaviest,
  makeGlyph,
  mergeComponents,
  typicalHeight,
} from "./components.js";
import { isLarge } from "./darkness.js";
import { buildLattice, digitlessLattice, oneDigitLattice } from "./lattice.js";
import { withoutRings } from "./rings.js";
import { groupRows, MIN_ROW_HEIGHT, splitBetweenRows } from "./rows.js";
import { signsOfRow } from "./signs.js";

const MAX_GAP = 0.3;
const MIN_STACK_OVERLAP = 0.4;
const MAX_STACK_GAP = 0.15;
const MAX_BROKEN_HEIGHT = 1.4;
const MAX_STACK_HEIGHT = 2.5;
const MAX_DOUBTFUL_COMPONENTS = 100;
const MIN_INK = 0.01;
const MIN_FRAGMENT = 0.02;
const MIN_INK_PER_LENGTH = 0.1;
const MIN_DIGITS_OF_ROW = 2;
const MAX_FRAME_COVER = 0.1;
export const MAX_DIGIT_WIDTH = 1.3;
const MAX_FRAGMENTS = 16;
const LARGE_FRAGMENT = 0.1;
const MAX_LARGE_FRAGMENTS = 8;
const MAX_CUT_OUT_ASPECT = 1.3;
const CUT_OUT_GAP = 3;

// The ink as exactly one digit: its heaviest component, and those near it.
export function singleDigit(ink) {
  const all = connectedComponents(ink);
  const components = isLarge(ink) ? withoutRings(all) : all;
  return makeGlyph(ink, nearHeaviest(components, ink), 0);
}

// The ways to take a picture, each as a lattice for each of its rows, from the top. The first way joins
// the fragments of broken digits where they are together as high as a digit. The others are there
// only where they are possible: one splits digits that touch the row below, one joins everything that
// lies on top of each other, and the last takes the picture as one broken digit. Specks are left out.
// Marks that belong to no row follow as lattices without spans. A digit that was cut out is taken as
// it is, and if it is broken also with its gaps closed.
export function segmentations(ink) {
  const [short, long] = [ink.width, ink.height].sort((a, b) => a - b);
  if (!isLarge(ink) && long <= MAX_CUT_OUT_ASPECT * short) {
    return cutOutDigit(ink);
  }
  const components = withoutRings(withoutFrames(withoutSpecks(connectedComponents(ink))));
  const height = typicalHeight(components);
  const fitting = mergeStacked(components, MAX_BROKEN_HEIGHT * height);
  const ways = [latticesOf(ink, fitting, height)];
  if (components.length > MAX_DOUBTFUL_COMPONENTS) return ways;
  const split = splitBetweenRows(ink, fitting);
  if (split.length > fitting.length) ways.push(latticesOf(ink, split, typicalHeight(split)));
  const joined = mergeStacked(fitting, MAX_STACK_HEIGHT * height);
  if (joined.length < fitting.length) ways.push(latticesOf(ink, joined, height));
  const whole = asOneDigit(ink, components);
  return whole ? [...ways, [whole]] : ways;
}

function cutOutDigit(ink) {
  const components = connectedComponents(ink);
  const near = nearHeaviest(components, ink);
  const others = components.filter((component) => !near.includes(component));
  const digit = makeGlyph(ink, near, 0);
  if (near.length === 1) return [[oneDigitLattice(digit, others)]];
  const closed = { ...digit, ink: closeGaps(digit.ink, CUT_OUT_GAP) };
  return [digit, closed].map((glyph) => [oneDigitLattice(glyph, others)]);
}

// The heaviest component and those near it that may be its fragments. isChained: a fragment may also
// be near another fragment only.
function nearHeaviest(components, ink, isChained = false) {
  const main = heaviest(components);
  const reach = MAX_GAP * Math.max(widthOf(main.box), heightOf(main.box));
  const near = [main];
  let rest = components.filter(
    (component) =>
      component !== main &&
      component.mass >= MIN_FRAGMENT * main.mass &&
      (!isLarge(ink) || !touchesEdge(component.box, ink)),
  );
  for (const fragment of near) {
    near.push(...rest.filter(({ box }) => gap(box, fragment.box) <= reach));
    rest = rest.filter((component) => !near.includes(component));
    if (!isChained && isLarge(ink)) break;
  }
  return near;
}

// A lattice for each row and each mark between or beside the rows. height: of the picture's digits.
function latticesOf(ink, components, height) {
  const rows = groupRows(components);
  const lattices = rows.flatMap((row, number) => {
    const signs = signsOfRow(row);
    const parts = new Set(signs.flatMap((sign) => sign.parts));
    const digits = row.filter((component) => !parts.has(component));
    const lattices = signs.map(({ mark, kind }) => digitlessLattice(mark, height, kind));
    return digits.length ? [buildLattice(ink, digits, number, height), ...lattices] : lattices;
  });
  const inRows = new Set(rows.flat());
  const beside = components.filter((mark) => !inRows.has(mark));
  return [...lattices, ...beside.map((mark) => digitlessLattice(mark, height))];
}

// The heaviest component and those near it as one digit, or null if they cannot be one.
function asOneDigit(ink, components) {
  const near = nearHeaviest(components, ink, true);
  const box = enclosingBox(near.map((component) => component.box));
  const large = near.filter(({ mass }) => mass >= LARGE_FRAGMENT * near[0].mass).length;
  const isBroken = near.length > 1 && near.length <= MAX_FRAGMENTS && large <= MAX_LARGE_FRAGMENTS;
  if (!isBroken || widthOf(box) > MAX_DIGIT_WIDTH * heightOf(box)) return null;
  const others = components.filter((component) => !near.includes(component));
  return oneDigitLattice(makeGlyph(ink, near, 0), others);
}

// The components without specks and pieces of lines thinner than the pen. A thin stroke as high as
// the other digits stays: it may be a 1 in a row of broader digits.
function withoutSpecks(components) {
  const main = heaviest(components);
  const marks = components.filter(({ mass }) => mass >= MIN_INK * main.mass);
  const least = MIN_INK_PER_LENGTH * inkPerLength(main);
  const broad = marks.filter((mark) => inkPerLength(mark) >= least);
  const height = typicalHeight(broad);
  const [lowest, highest] = [MIN_ROW_HEIGHT * height, MAX_BROKEN_HEIGHT * height];
  if (broad.filter(({ box }) => heightOf(box) >= lowest).length < MIN_DIGITS_OF_ROW) return broad;
  return marks.filter((mark) => {
    const own = heightOf(mark.box);
    return inkPerLength(mark) >= least || (own >= lowest && own <= highest);
  });
}

// The components without the edges of a sheet, and other lines, around heavier marks.
function withoutFrames(components) {
  return components.filter(({ box, mask, mass }) => {
    if (mask.data.reduce((a, b) => a + b, 0) >= MAX_FRAME_COVER * mask.data.length) return true;
    const inner = components.filter((other) => surrounds(box, other.box));
    return mass > inner.reduce((sum, other) => sum + other.mass, 0);
  });
}

const inkPerLength = ({ box, mass }) => mass / Math.max(widthOf(box), heightOf(box));

function gap(a, b) {
  const across = Math.max(a.left, b.left) - Math.min(a.right, b.right);
  const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  return Math.max(across, down, 0);
}

const touchesEdge = ({ left, top, right, bottom }, { width, height }) =>
  left === 0 || top === 0 || right === width || bottom === height;

// Merge large components on top of each other, up to a height: digits that are broken across.
function mergeStacked(components, maxHeight) {
  const height = typicalHeight(components);
  const large = components.filter(({ box }) => heightOf(box) >= MIN_ROW_HEIGHT * height);
  const done = components.filter(({ box }) => heightOf(box) < MIN_ROW_HEIGHT * height);
  while (large.length) {
    const component = large.pop();
    const place = large.findIndex(
      ({ box }) =>
        isStacked(component.box, box) && heightOf(enclosingBox([component.box, box])) <= maxHeight,
    );
    if (place < 0) done.push(component);
    else large.push(mergeComponents([component, ...large.splice(place, 1)]));
  }
  return done;
}

// Whether one box stands on the other without a row's distance.
function isStacked(a, b) {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  const [low, high] = [heightOf(a), heightOf(b)].sort((one, other) => one - other);
  const isAbove = across >= MIN_STACK_OVERLAP * Math.min(widthOf(a), widthOf(b));
  return isAbove && -low / 2 <= down && down <= MAX_STACK_GAP * high;
}
