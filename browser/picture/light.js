// Estimate the light on the paper: a smooth surface through what is not written on
// (digit_model/picture/light.py).

import { gaussian, greyClosing, medianOfNine } from "../numerics/filters.js";
import { crop, mapMask, plane } from "../numerics/plane.js";
import { BILINEAR, BOX, resize as resample, resizePicture } from "../numerics/resample.js";
import { solve } from "../numerics/solve.js";
import { clamp, median, round } from "../numerics/statistics.js";

export const LIGHT_SIZE = 64;
const RIDGE = 0.01;
const TERMS = 6;

export const even = ({ width, height }, level) =>
  plane(height, width, new Float32Array(width * height).fill(level));

// A quadratic surface through the paper, by least squares reweighted towards small residuals.
export function fitPaper(coarse) {
  const some = everyOther(coarse);
  const levels = some.data;
  const isNear = everyOther(borderMask(coarse)).data;
  const near = (values) => values.filter((_, i) => isNear[i]);
  const level = median(near(levels));
  let residual = levels.map((value) => Math.abs(value - level));
  if (!near(residual).some(Boolean) && median(residual) === 0) return even(coarse, level);
  let spread = median(near(residual));
  const terms = quadraticTerms(some);
  let surface;
  for (let round = 0; round < 6; round++) {
    // Tukey's biweight.
    const scale = Math.max(3 * spread, 0.02);
    const weights = residual.map((value) => Math.max(1 - (value / scale) ** 2, 0) ** 2);
    surface = weightedFit(terms, levels, weights);
    residual = levels.map((value, i) => Math.abs(value - surface[i]));
    spread = median(residual);
  }
  return resizeTo(plane(some.height, some.width, surface), coarse);
}

// The values of the surface that fits the weighted levels best.
function weightedFit(terms, levels, weights) {
  const matrix = Array.from({ length: TERMS }, () => new Float64Array(TERMS));
  const right = new Float64Array(TERMS);
  for (let i = 0; i < levels.length; i++) {
    if (!weights[i]) continue;
    for (let row = 0; row < TERMS; row++) {
      const weighted = weights[i] * terms[TERMS * i + row];
      right[row] += weighted * levels[i];
      for (let column = 0; column <= row; column++) {
        matrix[row][column] += weighted * terms[TERMS * i + column];
      }
    }
  }
  for (let row = 0; row < TERMS; row++) {
    matrix[row][row] += RIDGE;
    for (let column = 0; column < row; column++) matrix[column][row] = matrix[row][column];
  }
  const factors = solve(matrix, right);
  return levels.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < TERMS; k++) sum += terms[TERMS * i + k] * factors[k];
    return sum;
  });
}

function quadraticTerms({ width, height }) {
  const along = (place, length) => (length > 1 ? (2 * place) / (length - 1) - 1 : -1);
  const terms = new Float32Array(TERMS * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [along(i % width, width), along(Math.floor(i / width), height)];
    terms.set([1, x, y, x * x, x * y, y * y], TERMS * i);
  }
  return terms;
}

function everyOther({ data, width, height }) {
  const [wide, high] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const some = new data.constructor(wide * high);
  for (let i = 0; i < some.length; i++) {
    some[i] = data[2 * Math.floor(i / wide) * width + 2 * (i % wide)];
  }
  return { data: some, width: wide, height: high };
}

// A frame of a sixteenth of the shorter side, at least a pixel.
export function borderMask({ width, height }) {
  const thick = Math.max(1, Math.floor(Math.min(width, height) / 16));
  return mapMask({ width, height }, (i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.min(x, y, width - 1 - x, height - 1 - y) < thick;
  });
}

// The paper's brightness near each pixel: strokes closed over, then smoothed.
export function localLight(coarse) {
  const reach = Math.floor(LIGHT_SIZE / 5);
  const closed = gaussian(greyClosing(carriedOn(medianOfNine(coarse), reach), reach), 1);
  const [right, bottom] = [reach + coarse.width, reach + coarse.height];
  return crop(closed, { left: reach, top: reach, right, bottom });
}

// Beyond the edge the light is carried on as it falls off towards it, as numpy.pad does with mode
// "reflect" and type "odd". It grows no brighter there: strokes near the edge would be reflected as
// light.
function carriedOn({ data, width, height }, reach) {
  const [wide, high] = [width + 2 * reach, height + 2 * reach];
  const across = new Float32Array(height * wide);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < wide; x++) across[y * wide + x] = oddlyMirrored(row, x - reach);
  }
  const falling = new Float32Array(high * wide);
  const column = new Float32Array(height);
  for (let x = 0; x < wide; x++) {
    const nearest = clamp(x - reach, 0, width - 1);
    for (let y = 0; y < height; y++) column[y] = across[y * wide + x];
    for (let y = 0; y < high; y++) {
      const edge = data[clamp(y - reach, 0, height - 1) * width + nearest];
      falling[y * wide + x] = Math.min(edge, oddlyMirrored(column, y - reach));
    }
  }
  return plane(high, wide, falling);
}

function oddlyMirrored(values, place) {
  const last = values.length - 1;
  if (last === 0) return values[0];
  if (place < 0) return 2 * values[0] - oddlyMirrored(values, -place);
  if (place > last) return 2 * values[last] - oddlyMirrored(values, 2 * last - place);
  return values[place];
}

// Scale a picture to so many pixels on its longer side.
export function shrink(picture, longest) {
  const factor = longest / Math.max(picture.width, picture.height);
  const sides = [picture.height, picture.width].map((side) => Math.max(8, round(side * factor)));
  return resizePicture(picture, ...sides, BOX);
}

// Scale a plane down to at most so many pixels on its longer side.
export function resize(grey, longest) {
  const factor = Math.min(1, longest / Math.max(grey.width, grey.height));
  const [height, width] = [grey.height, grey.width].map((side) => Math.max(1, round(side * factor)));
  return resample(grey, height, width, BILINEAR);
}

export function resizeTo(grey, { height, width }) {
  const [level] = grey.data;
  // The paper under a drawing is even, and resampling it would take as long as all the rest.
  if (grey.data.every((value) => value === level)) return even({ height, width }, level);
  return resample(grey, height, width, BILINEAR);
}
