// Remove ruled lines and grids from a mask of strokes (digit_model/picture/lines.py).

import {
  closingAlongColumns,
  closingAlongRows,
  maximumAlongColumns,
  maximumAlongRows,
  minimumAlongRows,
} from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import {
  above,
  both,
  either,
  hasAny,
  mapMask,
  mask as emptyMask,
  transposed,
  valuesIn,
  without,
} from "../numerics/plane.js";
import { median, round } from "../numerics/statistics.js";
import { MIN_STRIP_RATIO } from "./surroundings.js";

const LINE_PIECES = 10;
const MIN_LINE_COVERAGE = 0.5;
const MAX_LINE_WIDTH = 0.02;
const HAIRLINE_PIXELS = 3;
const STROKE_TO_LINE_RATIO = 1.5;
const MIN_BASELINE_COVERAGE = 0.65;
const BASELINE_MARGIN = 0.07;

// Remove lines that are long, thin and nearly straight, from edge to edge: upright ones first. marks: all
// that is above the noise, in which faint lines have fewer gaps than in the mask.
export function withoutLines(mask, darkness, marks) {
  const turned = withoutLevelLines(transposed(mask), transposed(darkness), transposed(marks));
  return withoutLevelLines(transposed(turned), darkness, marks);
}

// Keep the pixels of a line that are darker than it, or lie between ink above and below it: strokes
// across it.
function withoutLevelLines(mask, darkness, marks) {
  const lines = both(either(linesAlongRows(mask), linesAlongRows(marks)), mask);
  if (!hasAny(lines)) return mask;
  const usual = median(valuesIn(darkness, lines));
  const dark = above(darkness, Math.fround(STROKE_TO_LINE_RATIO * usual));
  const across = either(without(mask, lines), both(lines, dark));
  const reach = 2 * round(MAX_LINE_WIDTH * Math.max(mask.width, mask.height)) + 1;
  return either(across, both(lines, closingAlongColumns(across, reach)));
}

// The pixels of lines that run along the rows across most of the picture.
function linesAlongRows(mask) {
  const { width, height } = mask;
  const lines = width >= MIN_STRIP_RATIO * height ? baseline(mask) : emptyMask(height, width);
  if (!reachesBothEnds(inkedColumns(mask, 0, width), width)) return lines;
  const piece = Math.floor(width / LINE_PIECES);
  // The runs are a pixel wider than the line on each of its sides.
  const widest = 2 + Math.max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * Math.max(width, height));
  const thick = maximumAlongColumns(mask, 3);
  const runs = maximumAlongRows(minimumAlongRows(thick, piece), piece);
  const { labels, boxes } = label(maximumAlongRows(runs, 2 * piece));
  boxes.forEach((box, k) => addLine(lines, runs, labels, box, k + 1, widest));
  return both(lines, mask);
}

function addLine(lines, runs, labels, { left, top, right, bottom }, number, widest) {
  const { width } = runs;
  const isOwn = (i) => runs.data[i] && labels[i] === number;
  const widths = new Int32Array(right - left);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) if (isOwn(y * width + x)) widths[x - left]++;
  }
  const covered = [...widths.keys()].filter((x) => widths[x]).map((x) => x + left);
  if (!covered.length || median(widths.filter(Boolean)) > widest) return;
  if (covered.length < MIN_LINE_COVERAGE * width || !reachesBothEnds(covered, width)) return;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const i = y * width + x;
      if (widths[x - left] <= widest && isOwn(i)) lines.data[i] = 1;
    }
  }
}

function inkedColumns({ data, width, height }, left, right) {
  const columns = [];
  for (let x = left; x < right; x++) {
    let y = 0;
    while (y < height && !data[y * width + x]) y++;
    if (y < height) columns.push(x);
  }
  return columns;
}

// The pixels of a line on which a strip's writing stands, maybe broken.
function baseline(mask) {
  const { width, height } = mask;
  const thick = maximumAlongColumns(mask, 3);
  const closed = closingAlongRows(thick, Math.floor(width / LINE_PIECES));
  const margin = round(BASELINE_MARGIN * width);
  const isFull = Array.from({ length: height }, (_, y) => {
    const row = closed.data.subarray(y * width + margin, (y + 1) * width - margin);
    const inked = thick.data.subarray(y * width, (y + 1) * width).reduce((a, b) => a + b, 0);
    return row.every(Boolean) && inked / width >= MIN_BASELINE_COVERAGE;
  });
  return mapMask(mask, (i) => mask.data[i] && isFull[Math.floor(i / width)]);
}

// Return whether the covered places of a side reach close to both of its ends.
function reachesBothEnds(covered, length) {
  const margin = MAX_LINE_WIDTH * length;
  return covered.length > 0 && covered[0] <= margin && covered.at(-1) >= length - 1 - margin;
}
