// Join the segments of digits on seven-segment displays, which gaps part
// (digit_model/picture/displays.py).

import { distanceTransform } from "../numerics/distance.js";
import { closeGaps, dilatedBySquare } from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import { above, crop, plane, sumOf } from "../numerics/plane.js";
import { round } from "../numerics/statistics.js";
import { enclosingBox, heightOf, widthOf } from "./boxes.js";

const MAX_GAP = 0.7;
const MAX_SEGMENTS = 7;
const MAX_HEIGHT = 0.65;
const ASPECTS = [0.42, 0.9];
const MIN_SHARE = 0.5;
const MAX_COMPONENTS = 100;

// Return ink with the gaps between the segments of each digit closed.
export function joinSegments(ink) {
  const mask = above(ink, 0);
  const { labels, count, boxes } = label(mask);
  if (count < 2 || count > MAX_COMPONENTS) return ink;
  const inked = around(enclosingBox(boxes), ink);
  // The mean distance to the paper across a stroke of width w is w / 4.
  const width = (4 * sumOf(distanceTransform(crop(mask, inked)))) / sumOf(mask) - 1;
  const reach = round((MAX_GAP * width) / 2);
  if (reach < 1) return ink;
  const groups = { ...ink, data: label(dilatedBySquare(mask, 2 * reach + 1)).labels };
  const segments = new Map();
  boxes.forEach((box, k) => {
    const group = groups.data[firstPixel(labels, k + 1, box, ink.width)];
    segments.set(group, [...(segments.get(group) ?? []), box]);
  });
  const digits = new Map();
  for (const [group, own] of segments) {
    const box = enclosingBox(own);
    if (areSegments(own, box)) digits.set(group, box);
  }
  const inSegments = groups.data.filter((group, i) => mask.data[i] && digits.has(group)).length;
  if (inSegments < MIN_SHARE * sumOf(mask)) return ink;
  const joined = plane(ink.height, ink.width, Float32Array.from(ink.data));
  for (const [group, box] of digits) joinGroup(joined, ink, groups, group, box, reach);
  return joined;
}

// A box with a pixel of paper around it, where the picture has one.
const around = ({ left, top, right, bottom }, { width, height }) => ({
  left: Math.max(0, left - 1),
  top: Math.max(0, top - 1),
  right: Math.min(width, right + 1),
  bottom: Math.min(height, bottom + 1),
});

// Where the first pixel of a label lies, which is in the top row of its box.
const firstPixel = (labels, number, { left, top }, width) => labels.indexOf(number, top * width + left);

function joinGroup(joined, ink, groups, group, box, reach) {
  const own = crop(ink, box);
  const numbers = crop(groups, box).data;
  const alone = { ...own, data: own.data.map((value, i) => (numbers[i] === group ? value : 0)) };
  const closed = closeGaps(alone, 2 * reach + 1);
  for (let y = 0; y < own.height; y++) {
    for (let x = 0; x < own.width; x++) {
      const place = (box.top + y) * joined.width + box.left + x;
      joined.data[place] = Math.max(ink.data[place], closed.data[y * own.width + x]);
    }
  }
}

// Whether components close to one another are the segments of one digit.
function areSegments(boxes, box) {
  const [height, width] = [heightOf(box), widthOf(box)];
  const highest = Math.max(...boxes.map(heightOf));
  const [least, most] = ASPECTS;
  return (
    boxes.length > 1 &&
    boxes.length <= MAX_SEGMENTS &&
    (boxes.length > 2 || highest <= MAX_HEIGHT * height) &&
    least * height <= width &&
    width <= most * height
  );
}
