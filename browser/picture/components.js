// Ink -> its connected components; components -> a glyph (digit_model/picture/components.py).
//
// A component is {box, mask, mass}: the mask is a plane of the box's size. A glyph is {ink, box, row}.

import { label } from "../numerics/labels.js";
import { crop, equalTo, inverse, mask as emptyMask, padded, plane } from "../numerics/plane.js";
import { enclosingBox, heightOf, widthOf } from "./boxes.js";
import { boundingBox } from "./normalise.js";

const MAX_COMPONENTS = 300;

// A mask with its holes filled.
export function fillHoles(mask) {
  const { width, height } = mask;
  const around = inverse(padded(mask, 1));
  const outside = equalTo({ ...around, data: label(around, false).labels }, 1);
  return inverse(crop(outside, { left: 1, top: 1, right: width + 1, bottom: height + 1 }));
}

// The heaviest MAX_COMPONENTS connected components.
export function connectedComponents(ink) {
  const { left, top, right, bottom } = boundingBox(ink);
  const inside = crop(ink, { left, top, right, bottom });
  const { labels, count, boxes } = label(inside);
  const masses = new Float64Array(count + 1);
  for (let i = 0; i < labels.length; i++) masses[labels[i]] += inside.data[i];
  const order = boxes.map((_, k) => k).sort((a, b) => masses[b + 1] - masses[a + 1] || a - b);
  return order.slice(0, MAX_COMPONENTS).map((k) => {
    const own = crop({ ...inside, data: labels }, boxes[k]);
    return {
      box: shifted(boxes[k], left, top),
      mask: equalTo(own, k + 1),
      mass: masses[k + 1],
    };
  });
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

// The height that components with this share of the ink have at most. That is the median by default:
// the height of a digit, not of a dot.
export function typicalHeight(components, share = 0.5) {
  const order = [...components].sort((a, b) => heightOf(a.box) - heightOf(b.box));
  const least = share * order.reduce((sum, { mass }) => sum + mass, 0);
  let mass = 0;
  const highest = order.find((component) => (mass += component.mass) >= least);
  return heightOf((highest ?? order.at(-1)).box);
}
