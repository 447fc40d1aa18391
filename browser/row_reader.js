// Read a whole row of digits without cutting it, as a second opinion beside the lattice’s
// (digit_model/row_reader.py).
//
// A frame is an array of the log-probabilities of blank and the ten digits in FRAME columns of a
// strip.

import { DIGITS } from "./network.js";
import { clamp } from "./numerics/statistics.js";
import { STRIP_HEIGHT } from "./picture/strip.js";

const WINDOW = 128;
const FRAME = 2;
const REACH = 24;
const STEP = WINDOW - 2 * REACH; // between overlapping windows
const CLASSES = 1 + DIGITS;
const BLANK = 0;
const ROW_WEIGHT = 0.35;
const MIN_MARGIN = 0.3;
// The log of a probability of nothing, finite so that differences are not NaN.
const IMPOSSIBLE = -1e30;

export class RowReader {
  // network: the row network (digit_model/architectures/row.py).
  constructor(network) {
    this.network = network;
  }

  // Return the frames of a strip. One that is wider than the network's window is read in
  // overlapping windows; the frames near an edge come from the window that sees beyond it.
  logProbabilities(strip) {
    const count = Math.max(1, Math.ceil((strip.width - 2 * REACH) / STEP));
    const logits = this.network.logits(windowsOf(strip, count));
    return Array.from({ length: Math.ceil(strip.width / FRAME) }, (_, frame) => {
      const window = clamp(Math.floor((FRAME * frame - REACH) / STEP), 0, count - 1);
      const place = frame + (window * (WINDOW - STEP)) / FRAME;
      return logSoftmax(logits.subarray(place * CLASSES, (place + 1) * CLASSES));
    });
  }
}

function windowsOf({ data, width }, count) {
  const windows = new Float32Array(count * STRIP_HEIGHT * WINDOW);
  for (let window = 0; window < count; window++) {
    const [left, right] = [window * STEP, Math.min(width, window * STEP + WINDOW)];
    for (let y = 0; y < STRIP_HEIGHT; y++) {
      const line = data.subarray(y * width + left, y * width + right);
      windows.set(line, (window * STRIP_HEIGHT + y) * WINDOW);
    }
  }
  return windows;
}

function logSoftmax(logits) {
  const highest = Math.max(...logits);
  const sum = logits.reduce((all, logit) => all + Math.exp(logit - highest), 0);
  return Array.from(logits, (logit) => logit - highest - Math.log(sum));
}

// Choose the path that both readers together find likeliest, among paths of different texts. Returns
// {path, sure, likelihood, cost}: sure is whether nothing that is nearly as likely reads the digit
// otherwise; none is if the number of digits is in doubt. likelihood: the log of that of the path's
// text. cost: in nats, of both readers.
export function decide(frames, paths) {
  const likelihoods = paths.map(({ text }) => logLikelihood(frames, text));
  const totals = paths.map(({ cost }, k) => cost - ROW_WEIGHT * likelihoods[k]);
  const least = Math.min(...totals);
  const chosen = totals.indexOf(least);
  const path = paths[chosen];
  const near = paths.filter((_, k) => totals[k] < least + MIN_MARGIN);
  return { path, sure: agreed(path, near), likelihood: likelihoods[chosen], cost: least };
}

// For each digit of a path, whether all others read its span as the same digit.
function agreed({ spans, text }, others) {
  if (others.some((other) => other.spans.length !== spans.length)) return spans.map(() => false);
  const isIn = (span, digit) => (other) =>
    other.spans.some((own, k) => own === span && other.text[k] === digit);
  return spans.map((span, k) => others.every(isIn(span, text[k])));
}

// Return the digits of the likeliest class of each frame, without repetitions: {text, columns}, where
// columns are those of the strip in which each digit is clearest.
export function readGreedily(frames) {
  const seen = { text: "", columns: [] };
  for (let start = 0, end; start < frames.length; start = end) {
    const label = labelOf(frames[start]);
    let clearest = start;
    for (end = start + 1; end < frames.length && labelOf(frames[end]) === label; end++) {
      if (frames[end][label] > frames[clearest][label]) clearest = end;
    }
    if (label === BLANK) continue;
    seen.text += label - 1;
    seen.columns.push(FRAME * (clearest + 0.5));
  }
  return seen;
}

const labelOf = (frame) => frame.indexOf(Math.max(...frame));

// Return what a strip adds to the logits of one digit of a text; 0 for the digit.
export function evidenceFor(frames, text, place) {
  const likelihoods = Array.from({ length: DIGITS }, (_, digit) =>
    logLikelihood(frames, text.slice(0, place) + digit + text.slice(place + 1)),
  );
  return likelihoods.map((likelihood) => ROW_WEIGHT * (likelihood - likelihoods[text[place]]));
}

// Return the log-likelihood of a text: of all ways to spread it over the frames. This is the
// forward algorithm of connectionist temporal classification (Graves et al. 2006).
export function logLikelihood(frames, text) {
  const states = [BLANK, ...Array.from(text).flatMap((digit) => [Number(digit) + 1, BLANK])];
  // Before the states are two that cannot be reached.
  const logSums = new Float64Array(states.length + 2).fill(IMPOSSIBLE);
  logSums[2] = 0;
  for (const frame of frames) {
    for (let k = states.length - 1; k >= 0; k--) {
      const reached = logAdd(logSums[k + 2], logSums[k + 1]);
      // A digit may follow another without a blank between them, unless it is the same.
      const hasSkip = k > 1 && states[k] !== states[k - 2];
      logSums[k + 2] = (hasSkip ? logAdd(reached, logSums[k]) : reached) + frame[states[k]];
    }
  }
  return logAdd(logSums.at(-1), logSums.at(-2));
}

// log(exp(a) + exp(b))
const logAdd = (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
