// Remove what enters from the picture's edge, such as a desk, a finger or a dark corner
// (digit_model/picture/surroundings.py).

import { distanceToPaper } from "../numerics/distance.js";
import { label } from "../numerics/labels.js";
import { above, both, either, hasAny, labelled, valuesIn, without } from "../numerics/plane.js";
import { round } from "../numerics/statistics.js";
import { LOWER_STROKE_SHARE, strokeLevel } from "./levels.js";

const MIN_SHADOW_RATIO = 2.0;
const MIN_SUBJECT_HEIGHT = 0.08;
const MAX_CONTACT = 0.15;
export const MIN_STRIP_RATIO = 1.8;
const MIN_SMALL_STRIP_RATIO = 1.3;
const MIN_PHOTO_SIDE = 320;
const MAX_STRIP_CONTACT = 0.4;
const MAX_SLIVER = 0.05;

// Remove what enters from the edge; where nothing else is left, return the mask as it is. darkness: if
// given, strokes that only a faint shadow joins to the edge stay.
export function withoutSurroundings(mask, darkness = null) {
  if (!touchesEdge(mask)) return mask;
  let inside = componentsInside(mask);
  if (darkness) {
    const outside = without(mask, inside);
    if (hasAny(outside)) inside = either(inside, withoutShadow(outside, darkness));
  }
  return hasAny(inside) ? inside : mask;
}

// Remove the desk and the edges that are still in view beside a flattened sheet; where nothing else is
// left, return the mask as it is.
export function withoutSlivers(mask) {
  const { width, height } = mask;
  const { labels, count } = label(mask);
  const margin = round(MAX_SLIVER * Math.min(width, height));
  const isKept = new Uint8Array(count + 1);
  for (let y = margin; y < height - margin; y++) {
    for (let x = margin; x < width - margin; x++) isKept[labels[y * width + x]] = 1;
  }
  isKept[0] = 0;
  const inner = labelled(mask, labels, isKept);
  return hasAny(inner) ? inner : mask;
}

function touchesEdge({ data, width, height }) {
  const last = (height - 1) * width;
  for (let x = 0; x < width; x++) if (data[x] || data[last + x]) return true;
  for (let y = 0; y < height; y++) if (data[y * width] || data[(y + 1) * width - 1]) return true;
  return false;
}

// Return the strokes that a much fainter shadow joins to the edge.
function withoutShadow(outside, darkness) {
  const least = Math.fround(LOWER_STROKE_SHARE * strokeLevel(darkness, outside));
  const faintest = valuesIn(darkness, outside).reduce((a, b) => Math.min(a, b));
  if (least < MIN_SHADOW_RATIO * faintest) return without(outside, outside);
  return componentsInside(both(outside, above(darkness, least)));
}

// Return the components of a mask that do not enter from the edge; none if all are low.
function componentsInside(mask) {
  const { width, height } = mask;
  const { labels, count, boxes } = label(mask);
  const contacts = contactsOf(labels, count, mask);
  const { central, sizes } = centralShares(labels, count, mask);
  const shortest = Math.min(width, height);
  const lengths = isStrip(mask) ? strokeLengths(mask, labels, count) : null;
  const isKept = new Uint8Array(count + 1);
  let tallest = 0;
  for (let k = 1; k <= count; k++) {
    const [top, bottom, left, right] = contacts.map((side) => side[k]);
    const isEnd =
      !(top * bottom || left * right) &&
      Math.max(top, bottom, left, right) <= MAX_CONTACT * shortest;
    const isShort = lengths && top + bottom + left + right <= MAX_STRIP_CONTACT * lengths[k];
    if (!(isEnd || central[k] > 0.6 * sizes[k] || isShort)) continue;
    isKept[k] = 1;
    tallest = Math.max(tallest, boxes[k - 1].bottom - boxes[k - 1].top);
  }
  if (tallest < MIN_SUBJECT_HEIGHT * height) isKept.fill(0);
  return labelled(mask, labels, isKept);
}

// How many pixels of each label lie on the top, the bottom, the left and the right side.
function contactsOf(labels, count, { width, height }) {
  const contacts = Array.from({ length: 4 }, () => new Int32Array(count + 1));
  for (let x = 0; x < width; x++) {
    contacts[0][labels[x]]++;
    contacts[1][labels[(height - 1) * width + x]]++;
  }
  for (let y = 0; y < height; y++) {
    contacts[2][labels[y * width]]++;
    contacts[3][labels[(y + 1) * width - 1]]++;
  }
  return contacts;
}

// How many pixels each label has in the middle of the picture, and in all.
function centralShares(labels, count, { width, height }) {
  const [central, sizes] = [new Int32Array(count + 1), new Int32Array(count + 1)];
  const [left, top] = [Math.floor(width / 8), Math.floor(height / 8)];
  const [right, bottom] = [width - Math.ceil(width / 8), height - Math.ceil(height / 8)];
  for (let y = 0, i = 0; y < height; y++) {
    const isMiddle = y >= top && y < bottom;
    for (let x = 0; x < width; x++, i++) {
      sizes[labels[i]]++;
      if (isMiddle && x >= left && x < right) central[labels[i]]++;
    }
  }
  return { central, sizes };
}

export function isStrip({ width, height }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  return long >= (long < MIN_PHOTO_SIDE ? MIN_SMALL_STRIP_RATIO : MIN_STRIP_RATIO) * short;
}

// How long the strokes of each label are, in pixels: their area over their width.
function strokeLengths(mask, labels, count) {
  const depths = distanceToPaper(mask).data;
  const [areas, sums] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  for (let i = 0; i < labels.length; i++) {
    areas[labels[i]]++;
    sums[labels[i]] += depths[i];
  }
  // Across a stroke of width w the distance to the paper averages w / 4.
  return areas.map((area, k) => area / Math.max((4 * sums[k]) / area - 1, 1));
}
