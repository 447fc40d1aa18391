// Show how one unit of a network computes its output, after the network has run.

// layer: its place in the list. place: row times columns plus column. Returns what the kernel sees,
// the kernel, both (rows, columns, channels), their sum of products, the bias and the output; null
// for layers without a kernel.
export function inspect({ layers }, number, place, channel) {
  const layer = layers[number];
  const channels = layer.shape.at(-1);
  const output = layer.output[place * channels + channel];
  if (layer.op !== "convolution" && layer.op !== "dense") return null;
  const input = layers[layer.inputs[0]];
  const shape = layer.op === "dense" ? [1, 1, layer.kernel[0]] : layer.kernel.slice(0, 3);
  const seen = layer.op === "dense" ? input.output.slice(0, input.size) : patch(layer, input, place);
  const kernel = Float32Array.from(seen, (_, i) => layer.weights[i * channels + channel]);
  const sum = seen.reduce((all, value, i) => all + value * kernel[i], 0);
  return { shape, seen, kernel, sum, bias: layer.bias[channel], output };
}

function patch({ kernel, strides, padding, shape }, input, place) {
  const [height, width, channels] = input.shape;
  const top = Math.floor(place / shape[1]) * strides[0] - padding[0];
  const left = (place % shape[1]) * strides[1] - padding[2];
  const seen = new Float32Array(kernel[0] * kernel[1] * channels);
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [y, x] = [top + i, left + j];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const from = (y * width + x) * channels;
      seen.set(input.output.subarray(from, from + channels), (i * kernel[1] + j) * channels);
    }
  }
  return seen;
}
