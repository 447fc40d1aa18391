// Turn logits into probabilities, and decide which digits are accepted (digit_model/acceptance.py).
// Logits are arrays of ten numbers; a calibration is the entry of that name in model.json.

import { median } from "./numerics/statistics.js";

const MIN_SURE_SHARE = 0.5;
const LENIENT_MIN_CONFIDENCE = 0.3;
const LENIENT_EXTRA_ENERGY = 3.0;
const MIN_CUT_DIGITS = 4;
const ENCLOSED_SHARE = 0.3;
const MAX_TALLER = 2.6;

export function toProbabilities(logits, temperature) {
  const highest = Math.max(...logits);
  const shares = Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
  const sum = shares.reduce((all, share) => all + share, 0);
  return shares.map((share) => share / sum);
}

// Return -logsumexp of the logits: the less a tile looks like any digit, the higher.
export function energy(logits) {
  const highest = Math.max(...logits);
  return -highest - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}

export function accept(logits, calibration, isLenient = false) {
  let { min_confidence: leastConfidence, max_energy: mostEnergy } = calibration;
  if (isLenient) {
    leastConfidence = Math.min(leastConfidence, LENIENT_MIN_CONFIDENCE);
    mostEnergy += LENIENT_EXTRA_ENERGY;
  }
  const confidence = Math.max(...toProbabilities(logits, calibration.temperature));
  return confidence >= leastConfidence && energy(logits) <= mostEnergy;
}

// Return which digits of one row are accepted. Of digits cut from one component all are accepted or
// none; of fewer than MIN_CUT_DIGITS, all must pass the calibrated thresholds.
export function acceptRow(rowOfLogits, calibration, isCutFromOne = false) {
  const sure = rowOfLogits.map((logits) => accept(logits, calibration));
  const share = sure.filter(Boolean).length / sure.length;
  if (sure.length > 1 && share >= MIN_SURE_SHARE) {
    const lenient = rowOfLogits.map((logits) => accept(logits, calibration, true));
    if (!isCutFromOne) return lenient;
    if (sure.length >= MIN_CUT_DIGITS) return sure.map(() => lenient.every(Boolean));
  }
  return isCutFromOne ? sure.map(() => sure.every(Boolean)) : sure;
}

// Return whether the box of one digit, [left, top, right, bottom], holds the middle of a much smaller
// one.
export const anyEncloses = (boxes) =>
  boxes.some((outer) => boxes.some((inner) => encloses(outer, inner)));

function encloses(outer, inner) {
  const [x, y] = [(inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2];
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  const isInside = outer[0] < x && x < outer[2] && outer[1] < y && y < outer[3];
  return isInside && area(inner) < ENCLOSED_SHARE * area(outer);
}

// Return whether one digit of a row is too tall for the others, as a dial's arc is.
export function anyOutsize(heights) {
  const others = [...heights].sort((a, b) => a - b);
  const tallest = others.pop();
  return others.length > 0 && tallest > MAX_TALLER * median(others);
}

// Return the costs, in nats, of reading a tile as each digit.
export function labelCosts(logits) {
  const nats = (logit) => Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
  const noes = logits.reduce((sum, logit) => sum + nats(logit), 0);
  return logits.map((logit) => noes - logit);
}
