// Remove frames from a mask of strokes: boxes, cells, grids, combs, axes, a border
// (digit_model/picture/frames.py).

import {
  closingAlongColumns,
  closingAlongRows,
  maximumAlongColumns,
  maximumAlongRows,
  openedAlongColumns,
  openedAlongRows,
  openedBySquare,
} from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import { both, crop, either, equalTo, hasAny, inverse, padded, without } from "../numerics/plane.js";
import { linearFit, median, round } from "../numerics/statistics.js";
import { heightOf, widthOf } from "./boxes.js";

const MIN_SIDE = 10;
const MIN_DEVIATION = 2;
const MAX_DEVIATION = 0.015;
const MIN_STRAIGHT = 0.85;
const MAX_SLOPE = 0.06;
const MAX_INSET = 0.08;
const BOX_ASPECT = 4;
const AXES_ASPECT = 16;
const ROW_ASPECT = 2.5;
const MIN_CONTENT = 2.5;
const LINE_ASPECT = 4;
const LINE_LENGTH = 0.8;
const BEYOND_CELL = 1.25;
const SHORT_TICK = 0.2;
const SLIVER_ASPECT = 12;
const MAX_TICK = 2.0;
const LONG_TICK = 0.5;

export function withoutFrames(mask) {
  const { labels, boxes } = label(mask);
  let result = mask;
  boxes.forEach((box, k) => {
    if (shorterSide(box) < MIN_SIDE) return;
    const own = equalTo(crop({ ...mask, data: labels }, box), k + 1);
    const outlines = outlinesOf(own);
    const sides = outlines.map((outline) => isStraight(outline));
    const thickness = thicknessOf(outlines);
    if (!isFrame(own, sides, thickness)) return;
    const rest = writtenAcross(own, thickness);
    const isContent = (mark) => heightOf(mark) >= MIN_CONTENT * thickness && liesIn(mark, box);
    if (!hasAny(rest) && !boxes.some(isContent)) return;
    if (result === mask) result = { ...mask, data: Uint8Array.from(mask.data) };
    removeAt(result, without(own, rest), box);
  });
  return result;
}

const shorterSide = (box) => Math.min(heightOf(box), widthOf(box));
const longerSide = (box) => Math.max(heightOf(box), widthOf(box));

function removeAt(mask, part, { left, top }) {
  for (let y = 0, i = 0; y < part.height; y++) {
    const start = (top + y) * mask.width + left;
    for (let x = 0; x < part.width; x++, i++) if (part.data[i]) mask.data[start + x] = 0;
  }
}

// Whether a mark lies between the left and right of a frame. It may stand out at the top, as a digit
// does of a comb.
const liesIn = (mark, frame) =>
  frame.left < mark.left &&
  mark.right < frame.right &&
  frame.top < mark.bottom &&
  mark.bottom < frame.bottom;

// What is seen of a component, cropped to its box, from the top, the bottom, the left and the right:
// for each place along the side how deep the ink lies, and how many pixels it goes on from there.
function outlinesOf(own) {
  const { width, height } = own;
  const last = width * height - 1;
  return [
    outlineFrom(own, { start: 0, across: 1, inwards: width, count: width, length: height }),
    outlineFrom(own, { start: last - width + 1, across: 1, inwards: -width, count: width, length: height }),
    outlineFrom(own, { start: 0, across: width, inwards: 1, count: height, length: width }),
    outlineFrom(own, { start: width - 1, across: width, inwards: -1, count: height, length: width }),
  ];
}

function outlineFrom({ data }, { start, across, inwards, count, length }) {
  const [depths, runs] = [new Int32Array(count), new Int32Array(count)];
  for (let place = 0; place < count; place++) {
    const at = (depth) => data[start + place * across + depth * inwards];
    let depth = 0;
    while (!at(depth)) depth++;
    depths[place] = depth;
    while (depth < length && at(depth)) depth++;
    runs[place] = depth - depths[place];
  }
  return { depths, runs, count, length };
}

// Whether the outline of a component is a nearly level line.
function isStraight({ depths, count, length }) {
  const places = depths.map((_, place) => place);
  const nearest = 1 + MAX_INSET * length + MAX_SLOPE * count;
  const tolerance = MIN_DEVIATION + MAX_DEVIATION * Math.min(count, length);
  let near = depths.map((depth) => (depth <= nearest ? 1 : 0));
  let [offset, slope] = [0, 0];
  for (let round = 0; round < 3; round++) {
    if (near.reduce((sum, isNear) => sum + isNear, 0) < MIN_STRAIGHT * count) return false;
    [offset, slope] = linearFit(places, depths, near);
    near = depths.map((depth, place) => (Math.abs(depth - offset - slope * place) <= tolerance ? 1 : 0));
  }
  const inset = Math.min(offset, offset + slope * count);
  return Math.abs(slope) <= MAX_SLOPE && inset <= MIN_DEVIATION + MAX_INSET * length;
}

// Whether a component may be a frame by its sides and lines.
function isFrame(own, [top, bottom, left, right], thickness) {
  const isLevel = top || bottom;
  if (!isLevel || !(left || right)) return false;
  if (isRow(own)) return true;
  const aspect = top + bottom + left + right > 2 ? BOX_ASPECT : AXES_ASPECT;
  return Math.min(own.width, own.height) >= aspect * thickness;
}

const isRow = ({ width, height }) => width >= ROW_ASPECT * height;

// Return a frame's component without its lines and ticks.
function writtenAcross(own, thickness) {
  const cell = cellSide(own);
  const lines = linesOf(own, thickness, cell);
  const broad = openedBySquare(own, 2 * thickness + 1);
  const isThin = (width) => width <= thickness;
  const isShortOrSliver = (width, long) =>
    long < SHORT_TICK * cell || (isThin(width) && long > SLIVER_ASPECT * thickness);
  const isTick = (width, long) => {
    const isNarrow = width <= MAX_TICK * thickness;
    return long < MIN_SIDE || (isNarrow && (isThin(width) || long < LONG_TICK * cell));
  };
  const strokes = withoutPieces(either(broad, without(own, lines)), isShortOrSliver);
  // A digit's stroke that goes on in a line may be as long as one, and part the digit.
  return withoutPieces(withGapsClosed(strokes, own, 2 * thickness + 3), isTick);
}

// Return the pixels of a frame's component, and some around it, that lie on its lines.
function linesOf(own, thickness, cell) {
  const length = Math.max(LINE_ASPECT * thickness, round(LINE_LENGTH * cell));
  const longLines = (runs, side) =>
    side < 2 * cell ? runs : withoutPieces(runs, (_, longest) => longest < BEYOND_CELL * cell);
  return either(
    longLines(openedAlongColumns(maximumAlongRows(own, 3), length), own.height),
    longLines(openedAlongRows(maximumAlongColumns(own, 3), length), own.width),
  );
}

// Return a mask without components that are unwanted by their shorter and longer side.
function withoutPieces(mask, isUnwanted) {
  const { labels, boxes } = label(mask);
  const keeps = [0, ...boxes.map((box) => (isUnwanted(shorterSide(box), longerSide(box)) ? 0 : 1))];
  return { ...mask, data: Uint8Array.from(labels, (number) => keeps[number]) };
}

// The usual shorter side of a frame's cells, or of the frame if they are open.
function cellSide(own) {
  const { boxes } = label(inverse(padded(own, 1)), false);
  const cells = boxes.slice(1).map(shorterSide).filter((side) => side >= MIN_SIDE);
  return cells.length ? median(Int32Array.from(cells)) : Math.min(own.width, own.height);
}

// Add the component's pixels between strokes on both sides of a removed line.
function withGapsClosed(rest, own, reach) {
  if (!hasAny(rest)) return rest;
  for (const closing of [closingAlongColumns, closingAlongRows]) {
    const closed = closing(padded(rest, reach), reach);
    const [right, bottom] = [reach + own.width, reach + own.height];
    rest = either(rest, both(own, crop(closed, { left: reach, top: reach, right, bottom })));
  }
  return rest;
}

// The usual thickness of the lines at the outline of a component, in pixels.
const thicknessOf = (outlines) =>
  Math.max(1, round(Math.min(...outlines.map(({ runs }) => median(runs)))));
