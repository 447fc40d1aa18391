// Turn the ink of one digit into an MNIST tile, by LeCun's rule (digit_model/picture/normalise.py).

import { NoInk } from "../errors.js";
import { distanceToPaper } from "../numerics/distance.js";
import { dilatedByDisc } from "../numerics/filters.js";
import { crop, mask, padded, plane } from "../numerics/plane.js";
import { BICUBIC, resize } from "../numerics/resample.js";
import { clamp, round } from "../numerics/statistics.js";

const TILE_SIZE = 28;
export const TILE_BOX = 20;
const THIN_STROKE = 2.0;
const THICK_STROKE = 4.3;
const WORKING_SIZE = 5 * TILE_BOX;
const SMALLEST_RESTROKED = 2 * TILE_BOX;

const longest = ({ width, height }) => Math.max(width, height);

// Return {tile, placement}: the tile is a Float32Array, and its point (x, y) lies at
// (left + xScale x, top + yScale y) on the ink.
export function normalise(ink) {
  const box = boundingBox(ink);
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  let glyph = crop(ink, box);
  let margin = 0;
  if (longest(glyph) >= SMALLEST_RESTROKED) {
    const shrunk = longest(glyph) > WORKING_SIZE ? fitted(glyph, WORKING_SIZE) : glyph;
    glyph = restroked(shrunk, longest(shrunk) / TILE_BOX);
    // Thickening widens the glyph; the margin is in pixels of the ink.
    margin = ((glyph.height - shrunk.height) / 2) * (Math.max(width, height) / longest(shrunk));
  }
  const small = fitted(glyph, TILE_BOX);
  const [row, column] = offsets(small);
  const tile = new Float32Array(TILE_SIZE * TILE_SIZE);
  for (let y = 0; y < small.height; y++) {
    const line = small.data.subarray(y * small.width, (y + 1) * small.width);
    tile.set(line, (row + y) * TILE_SIZE + column);
  }
  const xScale = (width + 2 * margin) / small.width;
  const yScale = (height + 2 * margin) / small.height;
  const left = box.left - margin - column * xScale;
  return { tile, placement: { left, top: box.top - margin - row * yScale, xScale, yScale } };
}

// The smallest box around everything above 0.
export function boundingBox({ data, width, height }) {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0) continue;
      if (y < box.top) box.top = y;
      box.bottom = y + 1;
      if (x < box.left) box.left = x;
      if (x >= box.right) box.right = x + 1;
    }
  }
  if (!box.bottom) {
    throw new NoInk("There is no stroke in this picture. Draw or photograph a digit.");
  }
  return box;
}

// The mean width of the strokes. Across a stroke of width w the distance to the paper averages w / 4.
function strokeWidth(ink) {
  const strongest = ink.data.reduce((a, b) => Math.max(a, b), 0);
  const inside = atLeast(ink, 0.5 * strongest);
  const depths = distanceToPaper(inside).data;
  let [sum, count] = [0, 0];
  for (let i = 0; i < depths.length; i++) {
    sum += depths[i];
    count += inside.data[i];
  }
  return (4 * sum) / count - 1;
}

function atLeast({ data, width, height }, threshold) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) found[i] = data[i] >= threshold ? 1 : 0;
  return mask(height, width, found);
}

// Thicken or thin strokes to the nearest width that is usual in MNIST. tilePixel: the size of a
// tile's pixel in the glyph's. Thickening widens the glyph on all sides.
export function restroked(glyph, tilePixel) {
  const width = strokeWidth(glyph) / tilePixel;
  const radius = round(((clamp(width, THIN_STROKE, THICK_STROKE) - width) / 2) * tilePixel);
  if (radius > 0) return dilatedByDisc(padded(glyph, radius), radius);
  return radius < 0 ? dilatedByDisc(glyph, -radius, true) : glyph;
}

// Scaled so that the longer side is `size`, with the aspect kept.
const fitted = (glyph, size) => scaled(glyph, size / longest(glyph));

// Scaled by a factor, to at least one pixel.
export function scaled(glyph, factor) {
  if (factor === 1) return glyph;
  const [height, width] = [glyph.height, glyph.width].map((side) => Math.max(1, round(side * factor)));
  const resized = resize(glyph, height, width, BICUBIC);
  const clipped = resized.data.map((value) => (value < 0 ? 0 : value > 1 ? 1 : value));
  return plane(height, width, clipped);
}

// Return the row and column of the tile where the crop starts: its centre of mass is moved to the middle.
function offsets({ data, width, height }) {
  const [rows, columns] = [new Float64Array(height), new Float64Array(width)];
  for (let i = 0; i < data.length; i++) {
    rows[Math.floor(i / width)] += data[i];
    columns[i % width] += data[i];
  }
  return [rows, columns].map((masses) => {
    const sum = masses.reduce((all, mass) => all + mass, 0);
    const centre = masses.reduce((all, mass, i) => all + mass * (i + 0.5), 0) / sum;
    return clamp(TILE_SIZE / 2 - Math.floor(centre), 0, TILE_SIZE - masses.length);
  });
}
