// Ink -> its connected components; components -> a glyph (digit_model/picture/components.py).
//
// A component is {box, mask, mass}: the mask is a plane of the box's size. A glyph is {ink, box, row}.

import { distanceTransform } from "../numerics/distance.js";
import { dilatedBySquare } from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import { crop, equalTo, mask as emptyMask, plane, sumOf } from "../numerics/plane.js";
import { round } from "../numerics/statistics.js";
import { enclosingBox, heightOf, widthOf } from "./boxes.js";
import { boundingBox } from "./normalise.js";

const MAX_COMPONENTS = 300;
const MAX_SEGMENT_GAP = 0.7;
const MAX_SEGMENT_HEIGHT = 0.65;
const SEGMENTS_WIDTH = [0.3, 0.9];
const MAX_SEGMENTS = 7;

// The heaviest MAX_COMPONENTS connected components. The segments of a digit on a display count as one
// component, though gaps part them.
export function connectedComponents(ink) {
  const { left, top, right, bottom } = boundingBox(ink);
  const inside = crop(ink, { left, top, right, bottom });
  const { labels, count, boxes } = label(inside);
  const masses = new Float64Array(count + 1);
  for (let i = 0; i < labels.length; i++) masses[labels[i]] += inside.data[i];
  const order = boxes.map((_, k) => k).sort((a, b) => masses[b + 1] - masses[a + 1] || a - b);
  const components = order.slice(0, MAX_COMPONENTS).map((k) => {
    const own = crop({ ...inside, data: labels }, boxes[k]);
    return {
      box: shifted(boxes[k], left, top),
      mask: equalTo(own, k + 1),
      mass: masses[k + 1],
    };
  });
  return components.length > 1 ? joinSegments(components, ink) : components;
}

// Merge components that are the segments of one digit on a display.
function joinSegments(components, { width, height }) {
  const frame = around(enclosingBox(components.map(({ box }) => box)), width, height);
  const mask = emptyMask(heightOf(frame), widthOf(frame));
  const placeOf = (y, x) => (y - frame.top) * mask.width + x - frame.left;
  for (const component of components) {
    forEachPixel(component, (y, x) => (mask.data[placeOf(y, x)] = 1));
  }
  // The mean distance to the paper across a stroke of width w is w / 4.
  const strokeWidth = (4 * sumOf(distanceTransform(mask))) / sumOf(mask) - 1;
  const reach = round((MAX_SEGMENT_GAP * strokeWidth) / 2);
  if (reach < 1) return components;
  const { labels } = label(dilatedBySquare(mask, 2 * reach + 1), false);
  const groups = new Map();
  for (const component of components) {
    const number = labels[placeOf(component.box.top, firstOf(component))];
    groups.set(number, [...(groups.get(number) ?? []), component]);
  }
  return [...groups.values()].flatMap((group) =>
    areSegments(group) ? [mergeComponents(group)] : group,
  );
}

// A box with a pixel of paper around it, where the picture has one.
const around = ({ left, top, right, bottom }, width, height) => ({
  left: Math.max(0, left - 1),
  top: Math.max(0, top - 1),
  right: Math.min(width, right + 1),
  bottom: Math.min(height, bottom + 1),
});

// The first inked column in the top row of a component.
const firstOf = ({ box, mask }) => box.left + mask.data.indexOf(1);

// Whether components close to one another are the segments of one digit.
function areSegments(group) {
  const box = enclosingBox(group.map((component) => component.box));
  const highest = Math.max(...group.map((component) => heightOf(component.box)));
  const [least, most] = SEGMENTS_WIDTH;
  return (
    group.length > 1 &&
    group.length <= MAX_SEGMENTS &&
    highest <= MAX_SEGMENT_HEIGHT * heightOf(box) &&
    least * heightOf(box) <= widthOf(box) &&
    widthOf(box) <= most * heightOf(box)
  );
}

const shifted = (box, x, y) => ({
  left: box.left + x,
  top: box.top + y,
  right: box.right + x,
  bottom: box.bottom + y,
});

// The component that consists of the pixels of the ink at these rows and columns.
export function componentAt(ink, rows, columns) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let mass = 0;
  rows.forEach((y, i) => {
    const x = columns[i];
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x + 1);
    box.bottom = Math.max(box.bottom, y + 1);
    mass += ink.data[y * ink.width + x];
  });
  const mask = emptyMask(heightOf(box), widthOf(box));
  rows.forEach((y, i) => (mask.data[(y - box.top) * mask.width + columns[i] - box.left] = 1));
  return { box, mask, mass };
}

export function mergeComponents(components) {
  const box = enclosingBox(components.map((component) => component.box));
  const mask = emptyMask(heightOf(box), widthOf(box));
  for (const component of components) {
    forEachPixel(component, (y, x) => (mask.data[(y - box.top) * mask.width + x - box.left] = 1));
  }
  return { box, mask, mass: components.reduce((sum, { mass }) => sum + mass, 0) };
}

// The components as one glyph, which holds their ink only.
export function makeGlyph(ink, components, row) {
  const box = enclosingBox(components.map((component) => component.box));
  const own = plane(heightOf(box), widthOf(box));
  for (const component of components) {
    forEachPixel(component, (y, x) => {
      own.data[(y - box.top) * own.width + x - box.left] = ink.data[y * ink.width + x];
    });
  }
  return { ink: own, box, row };
}

// Call visit(row, column) for each pixel of a component, in the pixels of the ink.
export function forEachPixel({ box, mask }, visit) {
  for (let y = 0, i = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++, i++) {
      if (mask.data[i]) visit(y + box.top, x + box.left);
    }
  }
}

export const heaviest = (components) => components.reduce((a, b) => (b.mass > a.mass ? b : a));

// The median height of components, each counted by its ink: that of a digit, not of a dot.
export function typicalHeight(components) {
  const order = [...components].sort((a, b) => heightOf(a.box) - heightOf(b.box));
  const half = order.reduce((sum, { mass }) => sum + mass, 0) / 2;
  let mass = 0;
  const middle = order.find((component) => (mass += component.mass) >= half);
  return heightOf((middle ?? order.at(-1)).box);
}
