// Ink -> its one digit, or its rows of digits (digit_model/picture/segment.py).

import {
  connectedComponents,
  enclosingBox,
  heightOf,
  makeGlyph,
  mergeComponents,
  typicalHeight,
  widthOf,
} from "./components.js";
import { MIN_PAGE_SIDE } from "./ink.js";
import { buildLattice, digitlessLattice } from "./lattice.js";

const MAX_GAP = 0.3;
const MIN_ROW_HEIGHT = 0.5;
const MIN_ROW_OVERLAP = 0.4;
const MIN_STACK_OVERLAP = 0.4;
const MAX_STACK_GAP = 0.15;
const MIN_INK = 0.01;
const MIN_INK_PER_LENGTH = 0.1;
const MAX_DIGIT_WIDTH = 1.3;
const MAX_FRAGMENTS = 8;
const LARGE_FRAGMENT = 0.1;
const MAX_LARGE_FRAGMENTS = 3;

// The ink as exactly one digit: its heaviest component, and what lies near that.
export function singleDigit(ink) {
  const components = connectedComponents(ink);
  const isCutOut = Math.min(ink.width, ink.height) < MIN_PAGE_SIDE;
  const [main] = components;
  const reach = MAX_GAP * Math.max(widthOf(main.box), heightOf(main.box));
  const isPart = (component) =>
    component === main ||
    (gap(component.box, main.box) <= reach &&
      component.mass >= 0.02 * main.mass &&
      (isCutOut || !touchesEdge(component.box, ink)));
  return makeGlyph(ink, components.filter(isPart), 0);
}

// The rows of a picture from the top, and what the digits in each may be.
export function segment(ink) {
  const components = mergeBroken(withoutSpecks(connectedComponents(ink)));
  const rows = groupRows(components);
  const inRows = new Set(rows.flat());
  const height = typicalHeight(components);
  const beside = components.filter((mark) => !inRows.has(mark));
  return [
    ...rows.map((row, number) => buildLattice(ink, row, number)),
    ...beside.map((mark) => digitlessLattice(mark, height)),
  ];
}

// All of the ink as one glyph, or null if it cannot be a single broken digit.
export function fragmentsOfOneDigit(ink) {
  const components = withoutSpecks(connectedComponents(ink));
  const box = enclosingBox(components.map((component) => component.box));
  const large = components.filter(({ mass }) => mass >= LARGE_FRAGMENT * components[0].mass).length;
  const isBroken =
    components.length > 1 && components.length <= MAX_FRAGMENTS && large <= MAX_LARGE_FRAGMENTS;
  if (!isBroken || widthOf(box) > MAX_DIGIT_WIDTH * heightOf(box)) return null;
  return makeGlyph(ink, components, 0);
}

// The components, of which the first is the heaviest, without specks and pieces of lines thinner
// than the pen.
function withoutSpecks(components) {
  const [main] = components;
  const least = MIN_INK_PER_LENGTH * inkPerLength(main);
  return components.filter(
    (component) => component.mass >= MIN_INK * main.mass && inkPerLength(component) >= least,
  );
}

const inkPerLength = ({ box, mass }) => mass / Math.max(widthOf(box), heightOf(box));

function gap(a, b) {
  const across = Math.max(a.left, b.left) - Math.min(a.right, b.right);
  const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  return Math.max(across, down, 0);
}

const touchesEdge = ({ left, top, right, bottom }, { width, height }) =>
  left === 0 || top === 0 || right === width || bottom === height;

// Join what would be rows of their own but lies on top of each other: a digit broken across.
function mergeBroken(components) {
  const height = typicalHeight(components);
  const large = components.filter(({ box }) => heightOf(box) >= MIN_ROW_HEIGHT * height);
  const done = components.filter(({ box }) => heightOf(box) < MIN_ROW_HEIGHT * height);
  while (large.length) {
    const component = large.pop();
    const place = large.findIndex((other) => isStacked(component.box, other.box));
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

// Parts share a row where they lie beside each other; small ones join the nearest.
function groupRows(components) {
  const height = typicalHeight(components);
  const isSmall = ({ box }) => heightOf(box) < MIN_ROW_HEIGHT * height;
  const rows = [];
  const middle = ({ box }) => box.top + box.bottom;
  const large = components.filter((component) => !isSmall(component));
  for (const component of large.sort((a, b) => middle(a) - middle(b))) {
    const home = rows.findLast((row) => isBeside(component, row));
    if (home) home.push(component);
    else rows.push([component]);
  }
  const boxes = rows.map((row) => enclosingBox(row.map(({ box }) => box)));
  for (const component of components.filter(isSmall)) {
    const { top, bottom } = component.box;
    const gaps = boxes.map((box) => Math.max(box.top - bottom, top - box.bottom));
    const least = Math.min(...gaps);
    if (least <= MAX_GAP * height) rows[gaps.indexOf(least)].push(component);
  }
  return rows;
}

// Whether a component overlaps in height with its nearest neighbour in the row.
function isBeside({ box }, row) {
  const away = (other) => Math.abs(other.left + other.right - box.left - box.right);
  const near = row.map((other) => other.box).reduce((a, b) => (away(b) < away(a) ? b : a));
  const overlap = Math.min(box.bottom, near.bottom) - Math.max(box.top, near.top);
  return overlap >= MIN_ROW_OVERLAP * Math.min(heightOf(box), heightOf(near));
}
