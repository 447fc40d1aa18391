// Paint over what lies on a sheet and is thicker than any pen: a thumb, a coin, a magnet
// (digit_model/picture/thumb.py).

import { distanceTransform } from "../numerics/distance.js";
import { mirrored } from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import { crop, hasAny, mapMask, mask as emptyMask, plane, without } from "../numerics/plane.js";
import { BICUBIC, nearestPlaces, resizePicture } from "../numerics/resample.js";
import { clamp, round } from "../numerics/statistics.js";
import { fitPaper, shrink } from "./light.js";

const COPY_SIZE = 128;
const MIN_DIFFERENCE = 20;
const MIN_RADIUS = 0.04;
const MAX_PEN = 0.6;
const GROWTH = 1.4;
const MAX_EDGE_GAP = 0.1;
const MAX_ASPECT = 2.2;
const MIN_FILL = 0.6;

// Return a sheet, seen straight on, with its thumbs painted in the paper's colour.
export function paintOverThumbs(sheet) {
  const copy = shrink(sheet, COPY_SIZE);
  const { width, height } = copy;
  const paper = paperOf(copy);
  const thumbs = thumbsAmong(marksOn(copy, paper));
  if (!hasAny(thumbs)) return sheet;
  const colour = resizePicture(inBytes(paper, copy), sheet.height, sheet.width, BICUBIC);
  const [columns, rows] = [nearestPlaces(width, sheet.width), nearestPlaces(height, sheet.height)];
  const painted = Uint8Array.from(sheet.data);
  for (let y = 0, i = 0; y < sheet.height; y++) {
    for (let x = 0; x < sheet.width; x++, i += 3) {
      if (!thumbs.data[rows[y] * width + columns[x]]) continue;
      for (let channel = i; channel < i + 3; channel++) painted[channel] = colour.data[channel];
    }
  }
  return { ...sheet, data: painted };
}

// The colour of the paper at each pixel, written on or not: a plane of each channel.
function paperOf({ data, width, height }) {
  return [0, 1, 2].map((channel) => {
    const levels = new Float32Array(width * height);
    for (let i = 0; i < levels.length; i++) levels[i] = data[3 * i + channel] / 255;
    return fitPaper(plane(height, width, levels)).data.map((level) => 255 * clamp(level, 0, 1));
  });
}

const marksOn = (copy, paper) =>
  mapMask(copy, (i) =>
    paper.some((levels, channel) => Math.abs(copy.data[3 * i + channel] - levels[i]) > MIN_DIFFERENCE),
  );

function inBytes(paper, { width, height }) {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = round(paper[i % 3][Math.floor(i / 3)]);
  return { data, width, height };
}

// The marks that are thumbs. Thick marks in the middle of a sheet were written: they count for the
// width of the pen.
function thumbsAmong(marks) {
  const { width, height } = marks;
  const radius = MIN_RADIUS * Math.sqrt(width * height);
  const margin = Math.ceil(radius) + 2;
  const inside = mirroredAround(marks, margin);
  const depth = distanceTransform(inside);
  const own = { left: margin, top: margin, right: margin + width, bottom: margin + height };
  const atEdge = thickParts(depth, radius)
    .map(({ core, blob }) => ({ core, onSheet: crop(blob, own) }))
    .filter(({ onSheet }) => isNearEdge(onSheet));
  const written = atEdge.reduce((rest, { onSheet }) => without(rest, onSheet), marks);
  const pen = deepest(crop(depth, own), written);
  const thumbs = emptyMask(height, width);
  for (const { core, onSheet } of atEdge) {
    if (!isCompact(crop(core, own)) || !pen || pen > MAX_PEN * deepest(depth, core)) continue;
    onSheet.data.forEach((isThumb, i) => (thumbs.data[i] |= isThumb));
  }
  return thumbs;
}

// numpy.pad with mode "symmetric".
function mirroredAround({ data, width, height }, margin) {
  const [wide, high] = [width + 2 * margin, height + 2 * margin];
  return mapMask({ width: wide, height: high }, (i) => {
    const row = mirrored(Math.floor(i / wide) - margin, height);
    return data[row * width + mirrored((i % wide) - margin, width)];
  });
}

// The cores that lie deeper than a radius, and each with what is around it.
function thickParts(depth, radius) {
  const { labels, count } = label(mapMask(depth, (i) => depth.data[i] > radius), false);
  return Array.from({ length: count }, (_, k) => {
    const core = mapMask(depth, (i) => labels[i] === k + 1);
    const away = distanceTransform(mapMask(depth, (i) => !core.data[i])).data;
    return { core, blob: mapMask(depth, (i) => away[i] <= GROWTH * radius + 1) };
  });
}

// The largest depth under a mask, at least 0.
const deepest = (depth, { data }) =>
  data.reduce((most, isIn, i) => (isIn ? Math.max(most, depth.data[i]) : most), 0);

function isNearEdge(mask) {
  const { data, width, height } = mask;
  const gap = round(MAX_EDGE_GAP * Math.min(width, height));
  return data.some((isIn, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return isIn && Math.min(x, y, width - 1 - x, height - 1 - y) < gap;
  });
}

function isCompact({ data, width, height }) {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  let area = 0;
  data.forEach((isIn, i) => {
    if (!isIn) return;
    area++;
    const [x, y] = [i % width, Math.floor(i / width)];
    [box.left, box.right] = [Math.min(box.left, x), Math.max(box.right, x + 1)];
    [box.top, box.bottom] = [Math.min(box.top, y), Math.max(box.bottom, y + 1)];
  });
  if (!area) return false;
  const [wide, high] = [box.right - box.left, box.bottom - box.top];
  return Math.max(wide, high) <= MAX_ASPECT * Math.min(wide, high) && area >= MIN_FILL * wide * high;
}
