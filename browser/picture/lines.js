// Remove a border and ruled lines from a mask of strokes (digit_model/picture/lines.py).

import {
  closingAlongColumns,
  closingAlongRows,
  maximumAlongColumns,
  maximumAlongRows,
  minimumAlongRows,
} from "../numerics/filters.js";
import {
  both,
  either,
  hasAny,
  mapMask,
  mask as emptyMask,
  transposed,
  without,
} from "../numerics/plane.js";
import { clamp, linearFit, median, quantile, round } from "../numerics/statistics.js";
import { MIN_STRIP_RATIO } from "./surroundings.js";

const MIN_RUN = 0.025;
const MIN_COVERAGE = 0.8;
const MAX_LINE_WIDTH = 0.02;
const HAIRLINE_PIXELS = 3;
const STEP = 8;
const RISES = [0, -1, 1, -2, 2];
const MAX_SHARED = 0.5;
const MAX_END = 0.02;
const MAX_TILT = 0.08;
const STRAIGHT_SHARE = 0.9;
const MAX_BEND = 0.008;
const MIN_PARALLELS = 2;
const STROKE_TO_LINE_WIDTH = 1.6;
const STROKE_TO_LINE_RATIO = 1.5;
const MIN_BORDER_COVER = 0.9;
const MIN_BASELINE_COVERAGE = 0.65;
const BASELINE_MARGIN = 0.07;
const BASELINE_PIECES = 10;

// Remove a border, and thin lines from edge to edge, even if they are tilted or bent a little. Strokes on a
// line are kept: where it is wider or darker than usual, or lies between ink on both sides. The lines are kept
// if nothing else would be left.
export function withoutLines(marks, darkness) {
  const mask = withoutBorder(marks);
  const level = levelLines(mask, darkness);
  const upright = transposed(levelLines(transposed(mask), transposed(darkness)));
  const strokes = without(mask, either(level, upright));
  const across = transposed(bridges(transposed(strokes), transposed(upright)));
  const rest = either(strokes, either(bridges(strokes, level), across));
  return hasAny(rest) ? rest : mask;
}

// The pixels of level lines that lie between strokes.
function bridges(strokes, lines) {
  if (!hasAny(lines)) return lines;
  const { lengths } = uprightRuns(lines);
  const usual = median(lengths.filter((_, i) => lines.data[i]));
  const size = 1 + round(STROKE_TO_LINE_WIDTH * (2 + usual));
  return both(lines, closingAlongColumns(strokes, size));
}

// Remove a line around the picture; what touches it stays.
function withoutBorder(mask) {
  const { data, width, height } = mask;
  const widest = round(widestLine(mask));
  // The width of the line along an edge, given the pixel at a place of the nth row from that edge.
  const widthOfLine = (length, isInk) => {
    let [rows, most] = [0, 0];
    for (let row = 0; row <= widest; row++) {
      let count = 0;
      for (let place = 0; place < length; place++) count += isInk(row, place);
      most = Math.max(most, count / length);
      if (count / length > 0.5) rows = row + 1;
    }
    return most >= MIN_BORDER_COVER && rows <= widest ? rows : 0;
  };
  const widths = [
    widthOfLine(width, (row, x) => data[row * width + x]),
    widthOfLine(width, (row, x) => data[(height - 1 - row) * width + x]),
    widthOfLine(height, (row, y) => data[y * width + row]),
    widthOfLine(height, (row, y) => data[y * width + width - 1 - row]),
  ];
  if (widths.filter((own) => own > 0).length < 2) return mask;
  const [top, bottom, left, right] = widths;
  const inside = new Uint8Array(data.length);
  for (let y = top; y < height - bottom; y++) {
    const start = y * width;
    inside.set(data.subarray(start + left, start + width - right), start + left);
  }
  const found = { data: inside, width, height };
  return hasAny(found) ? found : mask;
}

const widestLine = ({ width, height }) =>
  Math.max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * Math.max(width, height));

function levelLines(mask, darkness) {
  const lines = linesOf(mask, darkness);
  return mask.width >= MIN_STRIP_RATIO * mask.height ? either(lines, baseline(mask)) : lines;
}

// The pixels of the lines from edge to edge where nothing is written on them.
function linesOf(mask, darkness) {
  const { width, height } = mask;
  if (!reachesBothEnds(mask)) return emptyMask(height, width);
  const level = inLongRuns(mask, Math.max(STEP, round(MIN_RUN * width)));
  if (!reachesBothEnds(level)) return emptyMask(height, width);
  // Runs are a pixel wider than the line on each side.
  const widest = 2 + widestLine(mask);
  const { starts, lengths } = uprightRuns(level);
  const thin = mapMask(level, (i) => level.data[i] && lengths[i] <= widest);
  const found = new Uint8Array(mask.data.length);
  for (const path of ruled(inSteps(thin), round(widest / 2))) {
    const columns = columnsOnLine(path, thin, starts, lengths, darkness);
    const usualWidth = median(columns.map(({ wide }) => wide));
    const narrow = columns.filter(({ wide }) => wide <= STROKE_TO_LINE_WIDTH * usualWidth);
    const usualDark = Math.fround(median(Float32Array.from(narrow, ({ dark }) => dark)));
    const faint = narrow.filter(({ dark }) => dark <= Math.fround(STROKE_TO_LINE_RATIO * usualDark));
    for (const { start } of faint) found[start] = 1;
  }
  return mapMask(
    mask,
    (i) => mask.data[i] && thin.data[i] && found[starts[i] * width + (i % width)],
  );
}

// For each column in which the line is seen: where its run starts, how wide and how dark it is.
function columnsOnLine(path, thin, starts, lengths, darkness) {
  const { width, height } = thin;
  const columns = [];
  for (let x = 0; x < width; x++) {
    const way = rowAt(path, x);
    const row = RISES.map((rise) => clamp(way + rise, 0, height - 1)).find(
      (y) => thin.data[y * width + x],
    );
    if (row === undefined) continue;
    const wide = lengths[row * width + x];
    const start = starts[row * width + x] * width + x;
    columns.push({ start, wide, dark: darkness.data[start + Math.floor(wide / 2) * width] });
  }
  return columns;
}

// The row of a path at a column, between the middles of its steps.
function rowAt(path, x) {
  const place = clamp(x / STEP - 0.5, 0, path.length - 1);
  const before = Math.min(Math.floor(place), path.length - 2);
  return round(path[before] + (path[before + 1] - path[before]) * (place - before));
}

function reachesBothEnds({ data, width, height }) {
  const margin = Math.max(STEP, round(MAX_END * width));
  const hasInk = (left, right) => {
    for (let y = 0; y < height; y++) {
      for (let x = left; x < right; x++) if (data[y * width + x]) return true;
    }
    return false;
  };
  return hasInk(0, margin) && hasInk(width - margin, width);
}

// The row where each pixel's upright run starts, and the run's length.
function uprightRuns({ data, width, height }) {
  const [starts, lengths] = [new Int32Array(data.length), new Int32Array(data.length)];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const start = y;
      while (y < height && data[y * width + x]) y++;
      for (let i = start; i < y; i++) {
        starts[i * width + x] = start;
        lengths[i * width + x] = y - start;
      }
    }
  }
  return { starts, lengths };
}

// The pixels, a row more above and below, that lie in level runs of this length.
function inLongRuns(mask, length) {
  const runs = minimumAlongRows(maximumAlongColumns(mask, 3), length);
  return maximumAlongRows(runs, length, length % 2 ? 0 : -1);
}

// Which share of the columns of each step is covered, an array for each step.
function inSteps({ data, width, height }) {
  return Array.from({ length: Math.ceil(width / STEP) }, (_, step) =>
    Float32Array.from({ length: height }, (_, y) => {
      let count = 0;
      for (let x = step * STEP; x < (step + 1) * STEP; x++) {
        count += data[y * width + Math.min(x, width - 1)];
      }
      return count / STEP;
    }),
  );
}

// The paths that are level from edge to edge, or parallel to enough others.
function ruled(covered, reach) {
  const paths = pathsOf(covered, reach);
  const bends = paths.map(bendOf);
  const areParallel = (one, other) => isStraight(one.map((bend, step) => bend - other[step]));
  return paths.filter((path, k) => {
    if (isLevel(path, covered) && isStraight(bends[k])) return true;
    const others = bends.filter((other, i) => i !== k && areParallel(other, bends[k]));
    return others.length >= MIN_PARALLELS;
  });
}

// The row in each step of the paths that are covered best, by dynamic programming: the best way to each row
// of a step goes on from the best near it.
function pathsOf(covered, reach) {
  const [steps, height] = [covered.length, covered[0].length];
  const sources = [];
  let totals = covered[0];
  for (let step = 1; step < steps; step++) {
    const next = new Float32Array(height);
    const source = new Int32Array(height);
    for (let y = 0; y < height; y++) {
      let best = -1;
      for (const rise of RISES) {
        const from = clamp(y + rise, 0, height - 1);
        if (best < 0 || totals[from] > totals[best]) best = from;
      }
      source[y] = best;
      next[y] = covered[step][y] + totals[best];
    }
    sources.push(source);
    totals = next;
  }
  const ends = [...totals.keys()].filter((y) => totals[y] >= Math.fround(MIN_COVERAGE * steps));
  ends.sort((a, b) => totals[b] - totals[a]);
  const taken = covered.map(() => new Uint8Array(height + 2 * reach));
  const paths = [];
  for (const end of ends) {
    if (taken[steps - 1][end + reach]) continue;
    const path = traced(sources, end);
    const shared = path.filter((row, step) => taken[step][row + reach]).length;
    if (shared <= MAX_SHARED * steps) paths.push(path);
    path.forEach((row, step) => taken[step].fill(1, row, row + 2 * reach + 1));
  }
  return paths;
}

function traced(sources, end) {
  const path = [end];
  for (const source of sources.toReversed()) path.push(source[path.at(-1)]);
  return path.reverse();
}

// Return whether a path reaches from edge to edge at about the same height.
function isLevel(path, covered) {
  const on = path.map((row, step) => covered[step][row]);
  const reach = Math.max(1, round(MAX_END * path.length));
  const isWhole = on.slice(0, reach).some(Boolean) && on.slice(-reach).some(Boolean);
  return isWhole && Math.abs(path.at(-1) - path[0]) <= MAX_TILT * STEP * path.length;
}

// How far each step of a path lies from the straight line that fits it best.
function bendOf(path) {
  const places = path.map((_, step) => step);
  const [offset, slope] = linearFit(
    places,
    path,
    path.map(() => 1),
  );
  return path.map((row, step) => row - offset - slope * step);
}

const isStraight = (bend) =>
  quantile(bend.map(Math.abs), STRAIGHT_SHARE) <= Math.max(2, MAX_BEND * STEP * bend.length);

// The pixels of a line on which a strip's writing stands, maybe broken.
function baseline(mask) {
  const { width, height } = mask;
  const thick = maximumAlongColumns(mask, 3);
  const closed = closingAlongRows(thick, Math.floor(width / BASELINE_PIECES));
  const margin = round(BASELINE_MARGIN * width);
  const isFull = Array.from({ length: height }, (_, y) => {
    const row = closed.data.subarray(y * width + margin, (y + 1) * width - margin);
    const inked = thick.data.subarray(y * width, (y + 1) * width).reduce((a, b) => a + b, 0);
    return row.every(Boolean) && inked / width >= MIN_BASELINE_COVERAGE;
  });
  return mapMask(mask, (i) => mask.data[i] && isFull[Math.floor(i / width)]);
}
