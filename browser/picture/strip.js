// Turn the ink of a row into a strip, which the row reader reads without cutting it
// (digit_model/picture/strip.py).

import { plane } from "../numerics/plane.js";
import { clamp, linearFit, median } from "../numerics/statistics.js";
import { heightOf } from "./boxes.js";
import { makeGlyph } from "./components.js";
import { restroked, scaled, TILE_BOX } from "./normalise.js";

export const STRIP_HEIGHT = 32;
const STRIP_MARGIN = 4;
const WORKING_SCALE = 5;
const MIN_RESTROKE_SCALE = 2;
const MIN_TALL = 0.6;
const MIN_SLOPE_COMPONENTS = 3;
const MAX_SLOPE = 0.5;
const MAX_OFF_MIDDLE = 4;

// Draw the ink of a row as a strip, {image, left, pixel}: a plane that is STRIP_HEIGHT high, the column
// of the ink at its left edge, and the size of its pixels on the ink. components: of the row. height:
// of its digits, which become TILE_BOX pixels high. The row becomes level, and its middle that of the
// strip; what lies above or below is cut off.
export function drawStrip(ink, components, height) {
  const glyph = makeGlyph(ink, components, 0);
  const scale = Math.min(1, (WORKING_SCALE * TILE_BOX) / height);
  const crop = scaled(glyph.ink, scale);
  const pixel = (height * scale) / TILE_BOX;
  const stroked = pixel >= MIN_RESTROKE_SCALE ? restroked(crop, pixel) : crop;
  const margin = (stroked.height - crop.height) / 2;
  const tall = components.map(({ box }) => box).filter((box) => heightOf(box) >= MIN_TALL * height);
  const boxes = (tall.length ? tall : [glyph.box]).map(({ left, top, right, bottom }) =>
    [left - glyph.box.left, top - glyph.box.top, right - glyph.box.left, bottom - glyph.box.top].map(
      (place) => (place * scale + margin) / pixel,
    ),
  );
  const [slope, middle] = lineThrough(boxes);
  return {
    image: levelled(scaled(stroked, 1 / pixel), slope, middle),
    left: glyph.box.left - (STRIP_MARGIN * pixel + margin) / scale,
    pixel: pixel / scale,
  };
}

// Return the slope of the middle of a row, and where it meets the left edge. boxes: arrays of left,
// top, right and bottom of its digits.
function lineThrough(boxes) {
  const x = boxes.map(([left, , right]) => (left + right) / 2);
  const y = boxes.map(([, top, , bottom]) => (top + bottom) / 2);
  const edgesAt = (slope) => [
    Math.min(...boxes.map(([, top], k) => top - slope * x[k])),
    Math.max(...boxes.map(([, , , bottom], k) => bottom - slope * x[k])),
  ];
  const extentAt = (slope) => edgesAt(slope)[1] - edgesAt(slope)[0];
  const fitted = slopeOf(x, y);
  // Digits that jump up and down lie on no line, and levelling would move them further apart.
  const slope = extentAt(fitted) < extentAt(0) ? fitted : 0;
  const usual = median(y.map((down, k) => down - slope * x[k]));
  const [highest, lowest] = edgesAt(slope);
  const middle = clamp((highest + lowest) / 2, usual - MAX_OFF_MIDDLE, usual + MAX_OFF_MIDDLE);
  return [slope, middle];
}

function slopeOf(x, y) {
  const extent = Math.max(...x) - Math.min(...x);
  if (x.length < MIN_SLOPE_COMPONENTS || extent < 2 * TILE_BOX) return 0;
  const [, slope] = linearFit(x, y, x.map(() => 1));
  // Rounded, because the fit of a level row may be a little more or less than 0.
  return clamp(Math.round(1e6 * slope) / 1e6, -MAX_SLOPE, MAX_SLOPE);
}

// Move each column so that the line from (0, middle) with a slope becomes the middle.
function levelled({ data, width, height }, slope, middle) {
  const strip = plane(STRIP_HEIGHT, width + 2 * STRIP_MARGIN);
  for (let x = 0; x < width; x++) {
    const top = Math.floor(STRIP_HEIGHT / 2 - middle - slope * (x + 0.5) + 0.5);
    for (let y = Math.max(0, -top); y < Math.min(height, STRIP_HEIGHT - top); y++) {
      strip.data[(y + top) * strip.width + x + STRIP_MARGIN] = data[y * width + x];
    }
  }
  return strip;
}
