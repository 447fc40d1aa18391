// How dark strokes are, and how large the noise of the paper is (digit_model/picture/levels.py).

import { plane, valuesIn } from "../numerics/plane.js";
import { median, quantile } from "../numerics/statistics.js";

const MAX_SAMPLED_ROWS = 125;
export const MIN_CONTRAST = 0.035;
export const MIN_SIGNAL = 5.0;
export const LOWER_STROKE_SHARE = 0.35;

// Every how many rows of a picture of this height are sampled.
export const samplingStep = (height) => Math.ceil(height / MAX_SAMPLED_ROWS);

// Evenly spaced rows, at most MAX_SAMPLED_ROWS.
function sampledRows(source) {
  const step = samplingStep(source.height);
  if (step === 1) return source;
  const rows = Math.ceil(source.height / step);
  const data = new Float32Array(rows * source.width);
  for (let y = 0; y < rows; y++) {
    const start = y * step * source.width;
    data.set(source.data.subarray(start, start + source.width), y * source.width);
  }
  return plane(rows, source.width, data);
}

// The noise's standard deviation, from the median difference of pixels so far apart.
export function noiseOf(darkness, reach = 1) {
  const { data, width, height } = sampledRows(darkness);
  const differences = new Float32Array(height * (width - reach));
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = y * width + reach; x < (y + 1) * width; x++) {
      differences[to++] = Math.abs(data[x] - data[x - reach]);
    }
  }
  return median(differences) / 0.954;
}

// The darkness of the darkest half percent.
export const darkLevel = ({ data }) => quantile(data, 0.995);

// The 90th percentile of the mask's darkness.
export const strokeLevel = (darkness, mask) => quantile(valuesIn(darkness, mask), 0.9);
