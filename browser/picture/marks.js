// Recognise by its shape a mark that is no digit: a plus, a multiplication sign, a slash
// (digit_model/picture/marks.py).

import { pixelsOf } from "../numerics/plane.js";
import { median } from "../numerics/statistics.js";
import { heightOf, widthOf } from "./boxes.js";

const MAX_BEND = 1.3;
const MAX_STROKE_SHARE = 0.33;
const MAX_CROSS_ASPECT = 1.8;
const MAX_OFF_BARS = 0.06;
const MIN_ARM = 0.12;
const MAX_WAVER = 0.1;
const PLUS_SLANTS = [-0.15, 0, 0.15];

// How far a straight stroke leans to the right, as a tangent; null if it is bent.
export function leanOfStroke({ mask }) {
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

function covarianceOf(first, second) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(first), mean(second)];
  let sum = 0;
  for (let i = 0; i < first.length; i++) sum += (first[i] - a) * (second[i] - b);
  return sum / (first.length - 1);
}

// "plus" or "times" if a component consists of two bars across each other, else null.
export function kindOfCross({ box, mask }) {
  const [width, height] = [widthOf(box), heightOf(box)];
  if (Math.max(height, width) > MAX_CROSS_ASPECT * Math.min(height, width)) return null;
  const { rows: ys, columns: xs } = pixelsOf(mask);
  const stroke = xs.length / (height * width);
  const x = xs.map((at) => (2 * (at + 0.5)) / width - 1);
  const y = ys.map((at) => (2 * (at + 0.5)) / height - 1);
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
