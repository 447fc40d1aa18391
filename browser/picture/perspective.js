// Perspective maps between planes, as 3 x 3 matrices, row by row, on homogeneous (x, y, 1) points
// (digit_model/picture/perspective.py).

import { solve } from "../numerics/solve.js";

export const scaling = (x, y) => [x, 0, 0, 0, y, 0, 0, 0, 1];
export const IDENTITY = scaling(1, 1);

// The matrix that maps four points, [x, y] each, to four others.
export function homography(source, target) {
  const rows = source.flatMap(([x, y], k) => {
    const [u, v] = target[k];
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y],
      [0, 0, 0, x, y, 1, -v * x, -v * y],
    ];
  });
  return [...solve(rows, target.flat()), 1];
}

// The matrix that maps by `first` and then by `second`.
export const compose = (second, first) =>
  Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [i - (i % 3), i % 3];
    return [0, 1, 2].reduce((sum, k) => sum + second[row + k] * first[3 * k + column], 0);
  });

export function mapPoint([a, b, c, d, e, f, g, h, i], [x, y]) {
  const depth = g * x + h * y + i;
  return [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth];
}

// The part of an RGB picture that a matrix maps a rectangle to, as Pillow's Image.transform gives it
// with BILINEAR. Beyond the edge of the picture its outermost pixels are repeated.
export function warp(picture, toPicture, [width, height]) {
  const warped = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [across, down] = mapPoint(toPicture, [x + 0.5, y + 0.5]);
      interpolate(picture, across - 0.5, down - 0.5, warped, to);
    }
  }
  return { data: warped, width, height };
}

// Write the colour between four pixels, rounded down as Pillow does.
function interpolate({ data, width, height }, x, y, target, to) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const left = 3 * Math.max(0, Math.min(width - 1, column));
  const right = 3 * Math.max(0, Math.min(width - 1, column + 1));
  const top = 3 * width * Math.max(0, Math.min(height - 1, row));
  const bottom = 3 * width * Math.max(0, Math.min(height - 1, row + 1));
  for (let channel = 0; channel < 3; channel++) {
    const above = data[top + left + channel];
    const below = data[bottom + left + channel];
    const upper = above + (data[top + right + channel] - above) * (x - column);
    const lower = below + (data[bottom + right + channel] - below) * (x - column);
    target[to + channel] = upper + (lower - upper) * (y - row);
  }
}
