// A network as `digit-model export` wrote it: tiles or strips -> logits, and every map on the way.
//
// The layers are a flat list (digit_model/export.py). Each has one place for its output of up to
// BATCH tiles, (tiles, rows, columns, channels); convolutions are matrix products of what their
// kernel sees and the kernel. Strides are [down, across], kernels and pools [rows, columns, ...].

import { BadModel } from "./errors.js";
import { createMatmul, PANEL, ROWS } from "./numerics/matmul.js";

export const BATCH = 8;
export const TILE_SIZE = 28;
export const DIGITS = 10;
const FORMAT = 3;

const roundUp = (number, step) => Math.ceil(number / step) * step;
const product = (numbers) => numbers.reduce((all, number) => all * number, 1);

export class Network {
  // model: what model.json holds, or its entry of the row reader. file: the ArrayBuffer of the file
  // with the weights that it names.
  static async unpack(model, file, useSimd) {
    const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Network(model, await new Response(unpacked).arrayBuffer(), useSimd);
  }

  // weights: the ArrayBuffer that is compressed in the file.
  constructor(model, weights, useSimd) {
    if (model.format !== FORMAT) {
      throw new BadModel(
        `The network’s files have format ${model.format}, and this page reads ${FORMAT}. Export it again.`,
      );
    }
    this.model = model;
    this.layers = model.layers.map((layer) => ({ ...layer, size: product(layer.shape) }));
    this.#allocate(useSimd);
    this.#takeWeights(weights);
  }

  // (n, 10) logits of (n, 28, 28) tiles, or (n, 64, 11) of (n, 32, 128) windows: both Float32Array.
  logits(tiles) {
    const [input, answer] = [this.layers[0], this.layers.at(-1)];
    const count = tiles.length / input.size;
    const logits = new Float32Array(count * answer.size);
    for (let start = 0; start < count; start += BATCH) {
      const batch = Math.min(BATCH, count - start);
      input.output.set(tiles.subarray(start * input.size, (start + batch) * input.size));
      this.run(1, batch);
      logits.set(answer.output.subarray(0, batch * answer.size), start * answer.size);
    }
    return logits;
  }

  // Run the layers from `first` on for the batch whose maps are in the places before it.
  run(first = 1, batch = 1) {
    for (const layer of this.layers.slice(first)) {
      const inputs = layer.inputs.map((place) => this.layers[place]);
      OPERATIONS[layer.op](layer, inputs, batch, this);
      if (layer.activation) activate(layer, batch);
    }
  }

  // c += a b, where a has `rows` rows and b is a kernel as packPanels packed it.
  multiply(a, kernel, c, rows) {
    const [columns, depth] = kernel.sides;
    const places = [a, kernel.numbers, c].map((numbers) => numbers.byteOffset);
    this.#multiply(...places, roundUp(rows, ROWS), columns, depth);
  }

  #allocate(useSimd) {
    const places = [];
    const reserve = (key, owner, length) => {
      if (length) places.push([key, owner, roundUp(length, 4)]);
    };
    let [seen, products] = [0, 0];
    for (const layer of this.layers) {
      // A product writes whole groups of rows.
      reserve("output", layer, BATCH * layer.size + ROWS * layer.shape.at(-1));
      if (!isProduct(layer)) continue;
      const [depth, columns] = sidesOf(layer);
      const rows = roundUp((BATCH * layer.size) / layer.kernel.at(-1), ROWS);
      layer.packed = { sides: [roundUp(columns, PANEL), depth] };
      reserve("numbers", layer.packed, product(layer.packed.sides));
      seen = Math.max(seen, rows * depth);
      products = Math.max(products, rows * layer.packed.sides[0]);
    }
    reserve("seen", this, seen);
    reserve("products", this, products);
    const numbers = places.reduce((sum, [, , length]) => sum + length, 0);
    const { buffer, multiply } = createMatmul(4 * numbers, useSimd);
    this.#multiply = multiply;
    let offset = 0;
    for (const [key, owner, length] of places) {
      owner[key] = new Float32Array(buffer, offset, length);
      offset += 4 * length;
    }
  }

  // The file holds the biases and the scales of all units, which are float32, then the high bytes
  // of all integers of 16 bits and then their low bytes.
  #takeWeights(weights) {
    const weighted = this.layers.filter((layer) => layer.kernel);
    const units = weighted.reduce((sum, { kernel }) => sum + kernel.at(-1), 0);
    const count = weighted.reduce((sum, { kernel }) => sum + product(kernel), 0);
    if (weights.byteLength !== 8 * units + 2 * count) {
      throw new BadModel("The weights do not fit the list of layers. Export the network again.");
    }
    const high = new Int8Array(weights, 8 * units, count);
    const low = new Uint8Array(weights, 8 * units + count, count);
    let [unit, offset] = [0, 0];
    for (const layer of weighted) {
      const [columns, length] = [layer.kernel.at(-1), product(layer.kernel)];
      layer.bias = new Float32Array(weights, 4 * unit, columns);
      const scale = new Float32Array(weights, 4 * (units + unit), columns);
      layer.weights = new Float32Array(length);
      for (let i = 0; i < length; i++) {
        layer.weights[i] = (256 * high[offset + i] + low[offset + i]) * scale[i % columns];
      }
      unit += columns;
      offset += length;
      if (layer.packed) packPanels(layer.weights, columns, layer.packed);
    }
  }

  #multiply;
}

const isProduct = ({ op }) => op === "convolution" || op === "dense";

// The depth and the columns of a layer's kernel as a matrix.
function sidesOf({ kernel }) {
  const columns = kernel.at(-1);
  return [product(kernel) / columns, columns];
}

function packPanels(weights, columns, { numbers, sides: [, depth] }) {
  for (let column = 0; column < columns; column++) {
    const start = (column - (column % PANEL)) * depth + (column % PANEL);
    for (let k = 0; k < depth; k++) numbers[start + k * PANEL] = weights[k * columns + column];
  }
}

const OPERATIONS = {
  convolution(layer, [input], batch, network) {
    const { kernel, strides, shape } = layer;
    const isPointwise = [kernel[0], kernel[1], ...strides].every((size) => size === 1);
    const seen = isPointwise ? input.output : collectSeen(layer, input, batch, network.seen);
    multiplyWithBias(layer, seen, batch * shape[0] * shape[1], network);
  },

  dense(layer, [input], batch, network) {
    multiplyWithBias(layer, input.output, batch, network);
  },

  depthwise(layer, [input], batch) {
    const { output, weights, bias, kernel, shape } = layer;
    const channels = kernel[2];
    const places = batch * shape[0] * shape[1];
    for (let place = 0; place < places; place++) output.set(bias, place * channels);
    forEachSeen(layer, input, batch, (to, from, tap) => {
      for (let channel = 0; channel < channels; channel++) {
        output[to * channels + channel] +=
          input.output[from + channel] * weights[tap * channels + channel];
      }
    });
  },

  max_pool(layer, [input], batch) {
    const { output, size, shape, pool } = layer;
    const channels = shape[2];
    output.fill(-Infinity, 0, batch * size);
    forEachSeen({ ...layer, kernel: pool }, input, batch, (to, from) => {
      for (let channel = 0; channel < channels; channel++) {
        const place = to * channels + channel;
        output[place] = Math.max(output[place], input.output[from + channel]);
      }
    });
  },

  add({ output, size }, [first, second], batch) {
    for (let i = 0; i < batch * size; i++) output[i] = first.output[i] + second.output[i];
  },

  average({ output, size }, inputs, batch) {
    for (let i = 0; i < batch * size; i++) {
      let sum = 0;
      for (const input of inputs) sum += input.output[i];
      output[i] = sum / inputs.length;
    }
  },

  average_places({ output, size }, [input], batch) {
    const places = input.size / size;
    output.fill(0, 0, batch * size);
    for (let i = 0; i < batch * input.size; i++) {
      output[Math.floor(i / input.size) * size + (i % size)] += input.output[i];
    }
    for (let i = 0; i < batch * size; i++) output[i] /= places;
  },

  activation({ output, size }, [input], batch) {
    output.set(input.output.subarray(0, batch * size));
  },

  pad({ output, padding: [top, , left], shape }, [input], batch) {
    output.fill(0);
    copyWindow(input, 0, 0, { output, shape }, top, left, input.shape, batch);
  },

  crop({ output, cropping: [top, , left], shape }, [input], batch) {
    copyWindow(input, top, left, { output, shape }, 0, 0, shape, batch);
  },

  rescale({ output, size, scale, offset }, [input], batch) {
    const channels = scale.length;
    for (let i = 0; i < batch * size; i++) {
      output[i] = input.output[i] * scale[i % channels] + offset[i % channels];
    }
  },

  concatenate({ output, shape, size }, inputs, batch) {
    const channels = shape.at(-1);
    let start = 0;
    for (const input of inputs) {
      const own = input.shape.at(-1);
      for (let i = 0; i < (batch * size * own) / channels; i++) {
        output[Math.floor(i / own) * channels + start + (i % own)] = input.output[i];
      }
      start += own;
    }
  },

  resize({ output, shape, size }, [input], batch) {
    for (let tile = 0; tile < batch; tile++) {
      const maps = input.output.subarray(tile * input.size, (tile + 1) * input.size);
      output.set(stretch(maps, input.shape, shape), tile * size);
    }
  },
};

function multiplyWithBias({ output, packed, bias }, seen, rows, network) {
  const channels = bias.length;
  const padded = packed.sides[0];
  const target = padded === channels ? output : network.products;
  target.fill(0, 0, roundUp(rows, ROWS) * padded);
  for (let row = 0; row < rows; row++) target.set(bias, row * padded);
  network.multiply(seen, packed, target, rows);
  if (target === output) return;
  for (let row = 0; row < rows; row++) {
    output.set(target.subarray(row * padded, row * padded + channels), row * channels);
  }
}

// What the kernel sees at each place of the layer's output, one row each.
function collectSeen(layer, input, batch, seen) {
  const channels = input.shape.at(-1);
  const depth = layer.kernel[0] * layer.kernel[1] * channels;
  if (layer.padding.some(Boolean)) seen.fill(0, 0, batch * layer.shape[0] * layer.shape[1] * depth);
  const { kernel, strides, padding, shape } = layer;
  const [height, width] = input.shape;
  const numbers = new Float32Array(seen.buffer);
  const [target, source] = [seen.byteOffset / 4, input.output.byteOffset / 4];
  for (let place = 0; place < batch * shape[0] * shape[1]; place++) {
    const left = (place % shape[1]) * strides[1] - padding[2];
    const row = Math.floor(place / shape[1]);
    const top = (row % shape[0]) * strides[0] - padding[0];
    const [first, end] = [Math.max(0, left), Math.min(width, left + kernel[1])];
    for (let i = Math.max(0, -top); i < Math.min(kernel[0], height - top); i++) {
      // What one row of the kernel sees lies side by side in the maps.
      const line = (Math.floor(row / shape[0]) * height + top + i) * width;
      const from = source + (line + first) * channels;
      const to = target + place * depth + (i * kernel[1] + first - left) * channels;
      numbers.copyWithin(to, from, from + (end - first) * channels);
    }
  }
  return seen;
}

// Call visit(place in the output, first channel in the input, place in the kernel) for every position
// of the kernel that lies inside the maps.
export function forEachSeen({ kernel, strides, padding, shape }, input, batch, visit) {
  const [height, width, channels] = input.shape;
  for (let tile = 0; tile < batch; tile++) {
    for (let row = 0; row < shape[0]; row++) {
      for (let i = 0; i < kernel[0]; i++) {
        const y = row * strides[0] + i - padding[0];
        if (y < 0 || y >= height) continue;
        for (let column = 0; column < shape[1]; column++) {
          const to = (tile * shape[0] + row) * shape[1] + column;
          for (let j = 0; j < kernel[1]; j++) {
            const x = column * strides[1] + j - padding[2];
            if (x < 0 || x >= width) continue;
            visit(to, ((tile * height + y) * width + x) * channels, i * kernel[1] + j);
          }
        }
      }
    }
  }
}

function copyWindow(from, fromTop, fromLeft, to, toTop, toLeft, [height, width, channels], batch) {
  for (let tile = 0; tile < batch; tile++) {
    for (let row = 0; row < height; row++) {
      const start =
        ((tile * from.shape[0] + fromTop + row) * from.shape[1] + fromLeft) * channels;
      const end = ((tile * to.shape[0] + toTop + row) * to.shape[1] + toLeft) * channels;
      to.output.set(from.output.subarray(start, start + width * channels), end);
    }
  }
}

function activate({ output, size, activation }, batch) {
  const most = activation === "relu6" ? 6 : Infinity;
  for (let i = 0; i < batch * size; i++) {
    const value = output[i];
    output[i] = value > 0 ? (value < most ? value : most) : 0;
  }
}

// (rows, columns, channels) maps stretched to another size: linear between the centres of pixels.
export function stretch(maps, [rows, columns, channels], [height, width]) {
  const stretched = new Float32Array(height * width * channels);
  const [down, across] = [centres(rows, height), centres(columns, width)];
  for (let y = 0; y < height; y++) {
    const [top, bottom, low] = down[y];
    for (let x = 0; x < width; x++) {
      const [left, right, near] = across[x];
      for (let c = 0; c < channels; c++) {
        const at = (row, column) => maps[(row * columns + column) * channels + c];
        const upper = at(top, left) * (1 - near) + at(top, right) * near;
        const lower = at(bottom, left) * (1 - near) + at(bottom, right) * near;
        stretched[(y * width + x) * channels + c] = upper * (1 - low) + lower * low;
      }
    }
  }
  return stretched;
}

// For each of `to` pixels its two neighbours among `from`, and the share of the second.
function centres(from, to) {
  return Array.from({ length: to }, (_, place) => {
    const centre = Math.max(0, Math.min(from - 1, ((place + 0.5) * from) / to - 0.5));
    const before = Math.floor(centre);
    return [before, Math.min(from - 1, before + 1), centre - before];
  });
}
