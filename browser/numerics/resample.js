// Resizing as Pillow does it (src/libImaging/Resample.c and Reduce.c): each output pixel is a weighted
// mean of the input pixels under a filter that is as wide as the step between output pixels.

import { plane } from "./plane.js";

export const BOX = { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };
export const BILINEAR = { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };
export const BICUBIC = { support: 2, weight: (x) => cubic(Math.abs(x)) };

const A = -0.5;
const cubic = (x) => {
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
};

// For each of `to` output pixels the first input pixel and the weights, over `start` to `end`.
function contributions(size, start, end, to, filter) {
  const step = (end - start) / to;
  const scale = Math.max(step, 1);
  const reach = filter.support * scale;
  return Array.from({ length: to }, (_, place) => {
    const centre = start + (place + 0.5) * step;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(size, Math.trunc(centre + reach + 0.5));
    const weights = new Float64Array(last - first);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      weights[i] = filter.weight((i + first - centre + 0.5) / scale);
      sum += weights[i];
    }
    if (sum) for (let i = 0; i < weights.length; i++) weights[i] /= sum;
    return { first, weights };
  });
}

// A plane of floats in another size (mode "F").
export function resize(source, height, width, filter) {
  let { data } = source;
  if (width !== source.width) {
    const across = contributions(source.width, 0, source.width, width, filter);
    data = resampleRows(data, source.height, source.width, across);
  }
  if (height !== source.height) {
    const down = contributions(source.height, 0, source.height, height, filter);
    data = resampleColumns(data, width, down);
  }
  return data === source.data ? source : plane(height, width, data);
}

function resampleRows(data, height, width, across) {
  const rows = new Float32Array(height * across.length);
  for (let x = 0; x < across.length; x++) {
    const { first, weights } = across[x];
    for (let y = 0; y < height; y++) {
      const from = y * width + first;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += data[from + i] * weights[i];
      rows[y * across.length + x] = sum;
    }
  }
  return rows;
}

function resampleColumns(data, width, down) {
  const columns = new Float32Array(down.length * width);
  const sums = new Float64Array(width);
  for (let y = 0; y < down.length; y++) {
    const { first, weights } = down[y];
    sums.fill(0);
    for (let i = 0; i < weights.length; i++) {
      const row = (first + i) * width;
      for (let x = 0; x < width; x++) sums[x] += data[row + x] * weights[i];
    }
    columns.set(sums, y * width);
  }
  return columns;
}

// Pillow's weights for bytes are fixed-point numbers of so many bits.
const PRECISION_BITS = 22;

const inFixedPoint = (entries) =>
  entries.map(({ first, weights }) => ({
    first,
    weights: Int32Array.from(weights, (weight) =>
      Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5)),
    ),
  }));

// An RGB picture, {data, width, height} of three bytes a pixel, in another size.
export function resizePicture(picture, height, width, filter) {
  const across = contributions(picture.width, 0, picture.width, width, filter);
  const down = contributions(picture.height, 0, picture.height, height, filter);
  return resampleBytes(picture, inFixedPoint(across), inFixedPoint(down));
}

// For each of `to` pixels the one of `from` that Pillow's NEAREST takes, with its sum of steps.
export function nearestPlaces(from, to) {
  const step = from / to;
  let place = step / 2;
  return Int32Array.from({ length: to }, () => {
    const nearest = Math.trunc(place);
    place += step;
    return nearest;
  });
}

// Scale an RGB picture down by Image.thumbnail with BOX and reducing_gap=1: whole blocks of pixels
// first, then the rest.
export function shrinkPicture(picture, longest) {
  const { width, height } = picture;
  if (Math.max(width, height) <= longest) return picture;
  const [toWidth, toHeight] = thumbnailSize(width, height, longest);
  const factors = [Math.trunc(width / toWidth) || 1, Math.trunc(height / toHeight) || 1];
  const reduced = reduceBlocks(picture, ...factors);
  const across = contributions(reduced.width, 0, width / factors[0], toWidth, BOX);
  const down = contributions(reduced.height, 0, height / factors[1], toHeight, BOX);
  return resampleBytes(reduced, inFixedPoint(across), inFixedPoint(down));
}

// The size that keeps the aspect best (PIL.Image.Image.thumbnail).
function thumbnailSize(width, height, longest) {
  const aspect = width / height;
  const best = (number, error) => {
    const [low, high] = [Math.floor(number), Math.ceil(number)];
    return Math.max(error(high) < error(low) ? high : low, 1);
  };
  if (aspect >= 1) {
    const error = (side) => (side === 0 ? 0 : Math.abs(aspect - longest / side));
    return [longest, best(longest / aspect, error)];
  }
  return [best(longest * aspect, (side) => Math.abs(aspect - side / longest)), longest];
}

// The mean of each block; blocks at the right and at the bottom may be smaller.
function reduceBlocks(picture, across, down) {
  if (across === 1 && down === 1) return picture;
  const { data, width, height } = picture;
  const [toWidth, toHeight] = [Math.ceil(width / across), Math.ceil(height / down)];
  const reduced = new Uint8Array(3 * toWidth * toHeight);
  for (let y = 0, to = 0; y < height; y += down) {
    const bottom = Math.min(height, y + down);
    for (let x = 0; x < width; x += across, to += 3) {
      const right = Math.min(width, x + across);
      const count = (bottom - y) * (right - x);
      let [red, green, blue] = [0, 0, 0];
      for (let row = y; row < bottom; row++) {
        for (let from = 3 * (row * width + x); from < 3 * (row * width + right); from += 3) {
          red += data[from];
          green += data[from + 1];
          blue += data[from + 2];
        }
      }
      reduced[to] = meanOf(red, count);
      reduced[to + 1] = meanOf(green, count);
      reduced[to + 2] = meanOf(blue, count);
    }
  }
  return { data: reduced, width: toWidth, height: toHeight };
}

// Reduce.c multiplies by a reciprocal in fixed point, rounded downwards.
const meanOf = (sum, count) => {
  const reciprocal = Math.trunc(Math.fround(2 ** 24 / count));
  return Math.floor(((sum + (count >> 1)) * reciprocal) / 2 ** 24);
};

// Sums stay below 2 ** 31: the weights of a pixel add up to 2 ** 22.
const HALF = 1 << (PRECISION_BITS - 1);

function resampleBytes({ data, width, height }, across, down) {
  const rows = new Uint8ClampedArray(3 * across.length * height);
  for (let y = 0; y < height; y++) {
    const target = rows.subarray(3 * across.length * y, 3 * across.length * (y + 1));
    resampleRow(data.subarray(3 * width * y, 3 * width * (y + 1)), across, target);
  }
  const stride = 3 * across.length;
  const resampled = new Uint8ClampedArray(stride * down.length);
  const sums = new Int32Array(stride);
  down.forEach(({ first, weights }, y) => {
    sums.fill(HALF);
    for (let i = 0; i < weights.length; i++) {
      const [start, weight] = [(first + i) * stride, weights[i]];
      for (let x = 0; x < stride; x++) sums[x] += rows[start + x] * weight;
    }
    for (let x = 0; x < stride; x++) resampled[y * stride + x] = sums[x] >> PRECISION_BITS;
  });
  return { data: new Uint8Array(resampled.buffer), width: across.length, height: down.length };
}

function resampleRow(row, across, target) {
  for (let x = 0, to = 0; x < across.length; x++) {
    const { first, weights } = across[x];
    let [red, green, blue] = [HALF, HALF, HALF];
    for (let i = 0, from = 3 * first; i < weights.length; i++, from += 3) {
      const weight = weights[i];
      red += row[from] * weight;
      green += row[from + 1] * weight;
      blue += row[from + 2] * weight;
    }
    target[to++] = red >> PRECISION_BITS;
    target[to++] = green >> PRECISION_BITS;
    target[to++] = blue >> PRECISION_BITS;
  }
}
