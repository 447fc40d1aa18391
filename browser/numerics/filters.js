// Filters of scipy.ndimage, with its origins: a window of even size reaches one pixel farther back.

import { crop, mask, padded, plane, transposed } from "./plane.js";

// The index of a pixel beyond the edge, mirrored: d c b a | a b c d | d c b a.
export function mirrored(place, length) {
  const period = 2 * length;
  const within = ((place % period) + period) % period;
  return within < length ? within : period - 1 - within;
}

// gaussian_filter, mode "reflect", cut at four standard deviations.
export function gaussian(source, sigma) {
  const kernel = gaussianKernel(sigma);
  return smoothAlongRows(smoothAlongColumns(source, kernel), kernel);
}

// gaussian_filter1d of an array of numbers, as float64.
export function gaussianOfRow(numbers, sigma) {
  const kernel = gaussianKernel(sigma);
  const reach = (kernel.length - 1) / 2;
  return Float64Array.from(numbers, (_, place) => {
    let sum = 0;
    for (let i = -reach; i <= reach; i++) {
      sum += kernel[i + reach] * numbers[mirrored(place + i, numbers.length)];
    }
    return sum;
  });
}

function gaussianKernel(sigma) {
  const reach = Math.trunc(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp((-0.5 / (sigma * sigma)) * (i - reach) ** 2),
  );
  const sum = kernel.reduce((all, weight) => all + weight, 0);
  return kernel.map((weight) => weight / sum);
}

// Kernels are symmetric: two pixels at the same distance share their weight.
function smoothAlongColumns({ data, width, height }, kernel) {
  const reach = (kernel.length - 1) / 2;
  const smooth = new Float32Array(data.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) sums[x] = kernel[reach] * data[row + x];
    for (let i = 1; i <= reach; i++) {
      const [up, down] = [mirrored(y - i, height) * width, mirrored(y + i, height) * width];
      const weight = kernel[reach + i];
      for (let x = 0; x < width; x++) sums[x] += weight * (data[up + x] + data[down + x]);
    }
    smooth.set(sums, row);
  }
  return plane(height, width, smooth);
}

function smoothAlongRows({ data, width, height }, kernel) {
  const reach = (kernel.length - 1) / 2;
  const smooth = new Float32Array(data.length);
  const line = new Float64Array(width + 2 * reach);
  const places = placesAround(width, reach, reach);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let i = 0; i < line.length; i++) line[i] = data[row + places[i]];
    for (let x = 0, at = reach; x < width; x++, at++) {
      let sum = kernel[reach] * line[at];
      for (let i = 1; i <= reach; i++) sum += kernel[reach + i] * (line[at - i] + line[at + i]);
      smooth[row + x] = sum;
    }
  }
  return plane(height, width, smooth);
}

// The indices of a row with so many pixels mirrored on either side.
const placesAround = (width, before, after) =>
  Int32Array.from({ length: before + width + after }, (_, i) => mirrored(i - before, width));

// median_filter of 3 x 3, mode "reflect".
export function medianOfNine({ data, width, height }) {
  const even = new Float32Array(data.length);
  const values = new Float32Array(9);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let i = 0; i < 9; i++) {
        const row = Math.max(0, Math.min(height - 1, y + Math.floor(i / 3) - 1));
        values[i] = data[row * width + Math.max(0, Math.min(width - 1, x + (i % 3) - 1))];
      }
      even[y * width + x] = middleOf(values);
    }
  }
  return plane(height, width, even);
}

// The fifth of nine values in order, by insertion up to there.
function middleOf(values) {
  for (let i = 1; i < 9; i++) {
    const value = values[i];
    let place = i;
    for (; place && values[place - 1] > value; place--) values[place] = values[place - 1];
    values[place] = value;
  }
  return values[4];
}

// maximum_filter1d along rows, mode "reflect". origin: the window is moved by so much backwards.
export const maximumAlongRows = (source, size, origin = 0) => extremeAlongRows(source, size, origin, 1);
export const minimumAlongRows = (source, size, origin = 0) => extremeAlongRows(source, size, origin, -1);

export const maximumAlongColumns = (source, size, origin = 0) =>
  transposed(maximumAlongRows(transposed(source), size, origin));

export const minimumAlongColumns = (source, size, origin = 0) =>
  transposed(minimumAlongRows(transposed(source), size, origin));

// Maxima of blocks from the left and from the right make those of any window (van Herk 1992,
// https://doi.org/10.1016/0167-8655(92)90069-C). sign: -1 for minima.
function extremeAlongRows({ data, width, height }, size, origin, sign) {
  const before = Math.floor(size / 2) + origin;
  const length = width + size - 1;
  const [line, fromLeft, fromRight] = [0, 1, 2].map(() => new Float32Array(length));
  const found = new data.constructor(data.length);
  const places = placesAround(width, before, size - 1 - before);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let i = 0; i < length; i++) line[i] = sign * data[row + places[i]];
    for (let start = 0; start < length; start += size) {
      maximaOfBlock(line, start, Math.min(length, start + size), fromLeft, fromRight);
    }
    for (let x = 0; x < width; x++) {
      const [left, right] = [fromRight[x], fromLeft[x + size - 1]];
      found[row + x] = sign * (left > right ? left : right);
    }
  }
  return { data: found, width, height };
}

function maximaOfBlock(line, start, end, fromLeft, fromRight) {
  let most = -Infinity;
  for (let i = start; i < end; i++) {
    if (line[i] > most) most = line[i];
    fromLeft[i] = most;
  }
  most = -Infinity;
  for (let i = end - 1; i >= start; i--) {
    if (line[i] > most) most = line[i];
    fromRight[i] = most;
  }
}

// Gaps narrower than `size` pixels closed, with paper beyond the edges.
export function closeGaps(source, size) {
  const closed = greyClosing(padded(source, size), size);
  const [right, bottom] = [size + source.width, size + source.height];
  return crop(closed, { left: size, top: size, right, bottom });
}

// grey_closing with a flat square, mode "reflect".
export function greyClosing(source, size) {
  const origin = size % 2 ? 0 : -1;
  const dilated = maximumAlongColumns(maximumAlongRows(source, size, origin), size, origin);
  return minimumAlongColumns(minimumAlongRows(dilated, size), size);
}

// binary_closing with a horizontal line, paper beyond the edges.
export function closingAlongRows(source, size) {
  const before = Math.floor(size / 2);
  // For a window of even size scipy moves the dilation's by one, so that the closing does not shift.
  const dilated = windowsAlongRows(source, size, size - 1 - before, 1);
  return windowsAlongRows(dilated, size, before, size);
}

export const closingAlongColumns = (source, size) =>
  transposed(closingAlongRows(transposed(source), size));

// Whether at least so many pixels of a mask are in each window, which begins `before` pixels back.
function windowsAlongRows({ data, width, height }, size, before, least) {
  const found = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(width, size - before - 1); x++) sum += data[row + x];
    for (let x = 0; x < width; x++) {
      const [first, end] = [x - before, x - before + size];
      if (end <= width && end > 0) sum += data[row + end - 1];
      if (first > 0) sum -= data[row + first - 1];
      found[row + x] = sum >= least ? 1 : 0;
    }
  }
  return { data: found, width, height };
}

// binary_dilation with a square of odd size.
export const dilatedBySquare = (source, size) => alongBoth(source, size, (size - 1) / 2, 1);

// binary_opening with a horizontal line: the runs of at least so many pixels.
export function openedAlongRows({ data, width, height }, length) {
  const found = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = y * width, end = x + width; x < end; x++) {
      const start = x;
      while (x < end && data[x]) x++;
      if (x - start >= length) found.fill(1, start, x);
    }
  }
  return mask(height, width, found);
}

export const openedAlongColumns = (source, length) =>
  transposed(openedAlongRows(transposed(source), length));

// binary_opening with a square, paper beyond the edges.
export function openedBySquare(source, size) {
  const before = Math.floor(size / 2);
  const inside = alongBoth(source, size, before, size);
  return alongBoth(inside, size, size - 1 - before, 1);
}

const alongBoth = (source, size, before, least) =>
  transposed(
    windowsAlongRows(transposed(windowsAlongRows(source, size, before, least)), size, before, least),
  );

// binary_dilation with the four neighbours of each pixel.
export function dilatedByCross({ data, width, height }) {
  const found = Uint8Array.from(data);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!data[i]) continue;
      if (x) found[i - 1] = 1;
      if (x < width - 1) found[i + 1] = 1;
      if (y) found[i - width] = 1;
      if (y < height - 1) found[i + width] = 1;
    }
  }
  return mask(height, width, found);
}

// binary_erosion with 3 x 3, paper beyond the edges.
export function eroded({ data, width, height }) {
  const found = new Uint8Array(data.length);
  const isFull = (i) => data[i - 1] & data[i] & data[i + 1];
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      found[i] = data[i] && isFull(i) & isFull(i - width) & isFull(i + width);
    }
  }
  return mask(height, width, found);
}

// grey_dilation (or, with `isErosion`, grey_erosion) with a disc, 0 beyond the edges.
export function dilatedByDisc({ data, width, height }, radius, isErosion = false) {
  const found = new Float32Array(data.length);
  if (isErosion) found.fill(Infinity);
  const rowOf = new Float32Array(width);
  for (let down = -radius; down <= radius; down++) {
    const reach = Math.floor(Math.sqrt((radius + 0.5) ** 2 - down * down));
    for (let y = 0; y < height; y++) {
      const from = y + down;
      if (from < 0 || from >= height) {
        if (isErosion) found.fill(0, y * width, (y + 1) * width);
        continue;
      }
      extremeOfRuns(data.subarray(from * width, (from + 1) * width), reach, isErosion, rowOf);
      for (let x = 0, to = y * width; x < width; x++, to++) {
        if (isErosion ? rowOf[x] < found[to] : rowOf[x] > found[to]) found[to] = rowOf[x];
      }
    }
  }
  return plane(height, width, found);
}

// The extreme of each run of 2 reach + 1 pixels of a row.
function extremeOfRuns(row, reach, isErosion, target) {
  for (let x = 0; x < row.length; x++) {
    let value = row[x];
    if (isErosion && (x < reach || x + reach >= row.length)) value = 0;
    else {
      const end = Math.min(row.length - 1, x + reach);
      for (let i = Math.max(0, x - reach); i <= end; i++) {
        if (isErosion ? row[i] < value : row[i] > value) value = row[i];
      }
    }
    target[x] = value;
  }
}
