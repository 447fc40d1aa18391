// Recognise the shape of a mark that may be no digit: a stroke, a loop, a cross, a hash
// (digit_model/picture/marks.py).

import { label } from "../numerics/labels.js";
import { both, inverse, pixelsOf, transposed } from "../numerics/plane.js";
import { median } from "../numerics/statistics.js";
import { heightOf, middleOf, widthOf } from "./boxes.js";
import { fillHoles, forEachPixel } from "./components.js";

const MAX_BEND = 1.3;
const MAX_STROKE_SHARE = 0.33;
const MIN_SLASH_LEAN = 0.2;
const MIN_BOW_HEIGHT = 10;
const MIN_NARROW = 0.95;
const MAX_ROW_WIDTH = 0.22;
const MIN_CLOSED = 0.9;
const DIRECTIONS = 36;
const MAX_HASH_ASPECT = 1.2;
const HASH_ENDS = [[0.02, 0.1], [0.9, 0.98]];
const HASH_MIDDLE = [0.42, 0.58];
const MIN_CLEAR = 0.2;
const MIN_HOLE = 0.002;
const MAX_CROSS_ASPECT = 1.8;
const MAX_OFF_BARS = 0.06;
const MIN_ARM = 0.12;
const MAX_WAVER = 0.1;
const CROSS_POINTS = 1000;
const PLUS_SLANTS = [-0.15, 0, 0.15];

// How far a straight stroke leans to the right, as a tangent; null if it is bent.
function leanOfStroke({ mask }) {
  const { rows: ys, columns: xs } = pixelsOf(mask);
  if (xs.length < 2) return null;
  const [xVariance, yVariance, covariance] = [covarianceOf(xs, xs), covarianceOf(ys, ys), covarianceOf(xs, ys)];
  const spread = Math.hypot(xVariance - yVariance, 2 * covariance);
  // The variance along a side of a bar is the side squared, by 12.
  const [length, width] = [spread, -spread].map((more) =>
    Math.sqrt(6 * (xVariance + yVariance + more) + 1),
  );
  if (width > MAX_STROKE_SHARE * length || width * length > MAX_BEND * xs.length) return null;
  return (-2 * covariance) / Math.max(yVariance - xVariance + spread, 1e-6);
}

// How far a stroke leans to the right if it may be a slash, else null.
export function leanOfSlash(component) {
  const lean = leanOfStroke(component);
  return lean !== null && lean >= MIN_SLASH_LEAN ? lean : null;
}

function covarianceOf(first, second) {
  const [a, b] = [mean(first), mean(second)];
  let sum = 0;
  for (let i = 0; i < first.length; i++) sum += (first[i] - a) * (second[i] - b);
  return sum / (first.length - 1);
}

// How far the middle of a narrow stroke lies to the right of its ends, as a share of its height; null for
// anything else. A row of a narrow stroke is one run of pixels.
export function bowOfStroke({ mask }) {
  const { width, height, data } = mask;
  if (height < MIN_BOW_HEIGHT || height <= width) return null;
  const runs = runsOf(mask);
  const middles = [];
  let narrow = 0;
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const [first, last] = [row.indexOf(1), row.lastIndexOf(1)];
    middles.push((first + last) / 2);
    if (runs[y] === 1 && last - first < MAX_ROW_WIDTH * height) narrow++;
  }
  if (narrow / height < MIN_NARROW) return null;
  const fifth = Math.floor(height / 5);
  const ends = (mean(middles.slice(0, fifth)) + mean(middles.slice(-fifth))) / 2;
  return (mean(middles.slice(2 * fifth, -2 * fifth)) - ends) / height;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// In which share of the directions from a point of the ink a component lies.
export function shareOfDirections(component, x, y) {
  const directions = new Set();
  forEachPixel(component, (row, column) => {
    const turns = Math.atan2(row + 0.5 - y, column + 0.5 - x) / (2 * Math.PI) + 0.5;
    directions.add(Math.floor(turns * DIRECTIONS));
  });
  return directions.size / DIRECTIONS;
}

// Whether a component goes around its middle, at a distance.
export function isLoop(component) {
  const { width, height, data } = component.mask;
  if (data[Math.floor(height / 2) * width + Math.floor(width / 2)]) return false;
  return shareOfDirections(component, ...middleOf(component.box)) >= MIN_CLOSED;
}

// Whether a component is two upright bars across two level ones. Most digits are ruled out by their
// middle, without the time to fill their holes.
export function isHash({ mask }) {
  if (mask.width > MAX_HASH_ASPECT * mask.height) return false;
  if (![mask, transposed(mask)].every((sides) => shows(2, sides, HASH_MIDDLE))) return false;
  const filled = fillHoles(mask);
  return [filled, transposed(filled)].every(stickOut) && countHoles(mask, filled) < 2;
}

// How many holes a mask has, but for specks. filled: the mask without holes.
function countHoles(mask, filled) {
  const { labels, count } = label(both(filled, inverse(mask)), false);
  const areas = new Int32Array(count + 1);
  for (const number of labels) areas[number]++;
  return areas.subarray(1).filter((area) => area >= MIN_HOLE * mask.data.length).length;
}

// Whether two upright bars stick out at both ends of a mask without holes.
const stickOut = (filled) =>
  shows(1, filled, HASH_MIDDLE) && HASH_ENDS.every((end) => shows(2, filled, end));

// Whether enough of the rows between two shares of the height cross so many bars.
function shows(bars, mask, [low, high]) {
  const runs = runsOf(mask);
  const part = runs.slice(Math.floor(low * runs.length), Math.floor(high * runs.length) + 1);
  return part.filter((count) => count === bars).length / part.length > MIN_CLEAR;
}

// The number of runs of pixels in each row of a mask.
function runsOf({ data, width, height }) {
  const runs = new Array(height).fill(0);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (data[i] && !(x && data[i - 1])) runs[y]++;
  }
  return runs;
}

// "plus" or "times" if a component consists of two bars across each other, else null.
export function kindOfCross({ box, mask }) {
  const [width, height] = [widthOf(box), heightOf(box)];
  if (Math.max(height, width) > MAX_CROSS_ASPECT * Math.min(height, width)) return null;
  const { rows: ys, columns: xs } = pixelsOf(mask);
  const stroke = xs.length / (height * width);
  const step = 1 + Math.floor(xs.length / CROSS_POINTS);
  const isChosen = (_, k) => k % step === 0;
  const x = xs.filter(isChosen).map((at) => (2 * (at + 0.5)) / width - 1);
  const y = ys.filter(isChosen).map((at) => (2 * (at + 0.5)) / height - 1);
  const middleY = median(y);
  const isPlus = (slant) => {
    const upright = x.map((at, i) => at + slant * y[i]);
    return isCrossAlong(upright, y, median(upright), middleY, 0.5 * stroke + MAX_WAVER);
  };
  if (PLUS_SLANTS.some(isPlus)) return "plus";
  const [rising, falling] = [x.map((at, i) => (at + y[i]) / 2), x.map((at, i) => (at - y[i]) / 2)];
  const isTimes = isCrossAlong(rising, falling, median(rising), median(falling), 0.25 * stroke + MAX_WAVER);
  return isTimes ? "times" : null;
}

// Whether points lie along the axes through their middle, on both sides of it.
function isCrossAlong(x, y, middleX, middleY, reach) {
  let off = 0;
  const arms = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [across, down] = [x[i] - middleX, y[i] - middleY];
    const [isOnX, isOnY] = [Math.abs(down) <= reach, Math.abs(across) <= reach];
    if (!isOnX && !isOnY) off++;
    if (isOnX && across > reach) arms[0]++;
    if (isOnX && across < -reach) arms[1]++;
    if (isOnY && down > reach) arms[2]++;
    if (isOnY && down < -reach) arms[3]++;
  }
  return off / x.length <= MAX_OFF_BARS && Math.min(...arms) / x.length >= MIN_ARM;
}
