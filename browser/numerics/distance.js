// Exact distances to the nearest pixel outside a mask (Felzenszwalb and Huttenlocher 2012,
// https://doi.org/10.4086/toc.2012.v008a019).

import { crop, padded, plane } from "./plane.js";

// distance_transform_edt: what lies beyond the picture does not count.
export function distanceTransform({ data, width, height }) {
  const steps = stepsAlongColumns(data, width, height);
  const distances = new Float64Array(data.length);
  const envelope = { places: new Int32Array(width), starts: new Float64Array(width + 1) };
  for (let y = 0; y < height; y++) {
    const [start, end] = [y * width, (y + 1) * width];
    nearestAlongRow(steps.subarray(start, end), distances.subarray(start, end), envelope);
  }
  return plane(height, width, distances);
}

// The same where everything beyond the picture is paper.
export function distanceToPaper(source) {
  const [right, bottom] = [source.width + 1, source.height + 1];
  return crop(distanceTransform(padded(source, 1)), { left: 1, top: 1, right, bottom });
}

// The distance of each pixel to the nearest 0 of its column.
function stepsAlongColumns(data, width, height) {
  const steps = new Int32Array(data.length);
  const far = width + height; // farther than any pixel
  for (let i = 0; i < data.length; i++) {
    if (data[i]) steps[i] = i < width ? far : steps[i - width] + 1;
  }
  for (let i = data.length - width - 1; i >= 0; i--) {
    if (steps[i] > steps[i + width] + 1) steps[i] = steps[i + width] + 1;
  }
  return steps;
}

// The square of a distance is the least of all parabolas that stand on the squared steps of a row.
function nearestAlongRow(steps, distances, { places, starts }) {
  let last = -1;
  for (let q = 0; q < steps.length; q++) {
    let meeting = -Infinity;
    while (last >= 0) {
      const p = places[last];
      meeting = (steps[q] * steps[q] + q * q - steps[p] * steps[p] - p * p) / (2 * (q - p));
      if (last === 0 || meeting > starts[last]) break;
      last--;
    }
    places[++last] = q;
    starts[last] = meeting;
  }
  starts[last + 1] = Infinity;
  for (let x = 0, k = 0; x < steps.length; x++) {
    while (starts[k + 1] < x) k++;
    const [away, height] = [x - places[k], steps[places[k]]];
    distances[x] = Math.sqrt(away * away + height * height);
  }
}
