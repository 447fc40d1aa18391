// The distance of each pixel of a mask to the nearest pixel outside it, exactly (Felzenszwalb and
// Huttenlocher 2012, https://doi.org/10.4086/toc.2012.v008a019). Outside the picture is outside.

import { padded, plane } from "./plane.js";

export function distanceToPaper(source) {
  const { data, width, height } = padded(source, 1);
  const squares = Float64Array.from(data, (inside) => (inside ? Infinity : 0));
  for (let x = 0; x < width; x++) nearestAlongColumn(squares, x, width, height);
  const line = new Float64Array(width);
  const found = new Float32Array(source.data.length);
  for (let y = 1; y < height - 1; y++) {
    lowerEnvelope(squares.subarray(y * width, (y + 1) * width), line);
    for (let x = 1; x < width - 1; x++) {
      found[(y - 1) * source.width + x - 1] = Math.sqrt(line[x]);
    }
  }
  return plane(source.height, source.width, found);
}

// Replace each value of a column by the squared distance to its nearest 0.
function nearestAlongColumn(squares, x, width, height) {
  let distance = Infinity;
  for (let y = 0; y < height; y++) {
    distance = squares[y * width + x] ? distance + 1 : 0;
    squares[y * width + x] = distance * distance;
  }
  distance = Infinity;
  for (let y = height - 1; y >= 0; y--) {
    distance = squares[y * width + x] ? distance + 1 : 0;
    squares[y * width + x] = Math.min(squares[y * width + x], distance * distance);
  }
}

// At each place the least of all parabolas that stand on the values of a line.
function lowerEnvelope(values, found) {
  const places = new Int32Array(values.length);
  const starts = new Float64Array(values.length + 1);
  let last = 0;
  const meeting = (q) => {
    const p = places[last];
    return (values[q] + q * q - values[p] - p * p) / (2 * (q - p));
  };
  starts[0] = -Infinity;
  starts[1] = Infinity;
  for (let q = 1; q < values.length; q++) {
    if (values[q] === Infinity) continue;
    let at = meeting(q);
    while (at <= starts[last]) {
      last--;
      at = meeting(q);
    }
    places[++last] = q;
    starts[last] = at;
    starts[last + 1] = Infinity;
  }
  for (let x = 0, k = 0; x < values.length; x++) {
    while (starts[k + 1] < x) k++;
    found[x] = (x - places[k]) ** 2 + values[places[k]];
  }
}
