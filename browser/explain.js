// Explain the answer of a network: which pixels of a tile count for a digit (digit_model/explain.py).
//
// Networks with feature maps are explained by Grad-CAM, or by HiResCAM if their last layer weights each
// position on its own, and by the sharper LayerCAM; other networks by gradient x input. Gradients are
// propagated backwards through the list of layers, from the logits of one member to its maps.

import { DIGITS, forEachSeen, stretch, TILE_SIZE } from "./network.js";

export const GRAD_CAM = "Grad-CAM";
export const HIRES_CAM = "HiResCAM";
export const LAYER_CAM = "LayerCAM";
export const GRADIENT_INPUT = "gradient × input";

const TILE_SHAPE = [TILE_SIZE, TILE_SIZE, 1];

export class Explainer {
  // methods: the names of the methods that suit the network; the first is the default.
  constructor(network) {
    this.network = network;
    this.members = membersOf(network);
    this.methods = methodsOf(network, this.members);
  }

  // Return which pixels of a tile count for a digit: (28, 28) in 0..1, all 0 if none does.
  heatmap(tile, digit, method = this.methods[0]) {
    // Scaled, so that no member of an ensemble outweighs the others.
    const weigh = method === LAYER_CAM ? scaledToPeak : undefined;
    const evidence = this.#evidence(tile, digit, method, weigh);
    return scaledToPeak(evidence.map((value) => Math.max(value, 0)));
  }

  // Return which pixels count for one digit rather than for another: the difference of their evidence,
  // (28, 28) in -1..1.
  contrast(tile, digit, other, method = this.methods[0]) {
    const against = this.#evidence(tile, other, method);
    return scaledToPeak(this.#evidence(tile, digit, method).map((value, i) => value - against[i]));
  }

  #evidence(tile, digit, method, weigh = (own) => own) {
    const { layers } = this.network;
    this.network.logits(tile);
    const evidence = new Float32Array(tile.length);
    for (const member of this.members) {
      const own = weigh(EVIDENCE[method](layers, member, digit));
      own.forEach((value, i) => (evidence[i] += value / this.members.length));
    }
    return evidence;
  }
}

function scaledToPeak(evidence) {
  const peak = evidence.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return evidence.map((value) => (peak > 0 ? value / peak : 0));
}

// Return the networks whose logits are averaged: the places of their first layer, features and logits.
function membersOf({ layers, model }) {
  const ends = layers.at(-1).op === "average" ? layers.at(-1).inputs : [layers.length - 1];
  return ends.map((logits, k) => {
    const first = k ? ends[k - 1] + 1 : 1;
    const features = model.features.find((place) => place >= first && place <= logits);
    return { first, features, logits, finer: finerMaps(layers, first, features, logits) };
  });
}

function methodsOf({ layers }, members) {
  if (members.some(({ features }) => features === undefined)) return [GRADIENT_INPUT];
  const averages = ({ features, logits }) =>
    layers.slice(features, logits).some(({ op }) => op === "average_places");
  return [members.every(averages) ? GRAD_CAM : HIRES_CAM, LAYER_CAM];
}

// Return the first maps of the next finer size that all information passes through, or undefined.
function finerMaps(layers, first, features, logits) {
  if (features === undefined) return undefined;
  const isFiner = ({ shape }) => shape[0] > layers[features].shape[0] && shape[2] > 3;
  const isBottleneck = (place) =>
    layers.slice(place + 1, logits + 1).every(({ inputs }) => inputs.every((i) => i >= place));
  const canGoBack = (place) =>
    layers.slice(place + 1, features + 1).every(({ op }) => op in BACKWARDS);
  const places = [];
  for (let place = first; place < features; place++) {
    if (isFiner(layers[place])) places.push(place);
  }
  places.sort((a, b) => layers[a].shape[0] - layers[b].shape[0] || a - b);
  const found = places.find(isBottleneck);
  return found !== undefined && canGoBack(found) ? found : undefined;
}

const EVIDENCE = {
  [GRAD_CAM]: hiresCam,
  [HIRES_CAM]: hiresCam,

  [LAYER_CAM](layers, { features, logits, finer }, digit) {
    const gradients = gradientsOf(layers, logits, digit, finer ?? features);
    const found = seen(layers[features], gradients[features]);
    if (finer !== undefined) {
      seen(layers[finer], gradients[finer]).forEach((value, i) => (found[i] *= value));
    }
    return found;
  },

  [GRADIENT_INPUT](layers, { logits }, digit) {
    const gradients = gradientsOf(layers, logits, digit, 0);
    return gradients[0].map((slope, i) => slope * layers[0].output[i]);
  },
};

// Weight each position of each map by its gradient, and sum the maps.
function hiresCam(layers, { features, logits }, digit) {
  const gradients = gradientsOf(layers, logits, digit, features);
  return stretch(sumOfMaps(layers[features], gradients[features]), square(layers[features]), TILE_SHAPE);
}

// Weight each position of each map by the positive part of its gradient, and sum the maps.
function seen(layer, gradients) {
  const positive = gradients.map((slope) => Math.max(slope, 0));
  const sums = sumOfMaps(layer, positive).map((value) => Math.max(value, 0));
  return stretch(sums, square(layer), TILE_SHAPE);
}

const square = ({ shape }) => [shape[0], shape[1], 1];

function sumOfMaps({ output, shape, size }, weights) {
  const channels = shape[2];
  const sums = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < size; i++) sums[Math.floor(i / channels)] += output[i] * weights[i];
  return sums;
}

// Return the gradients of a digit's logit with respect to each layer's output, down to the place `last`.
function gradientsOf(layers, logits, digit, last) {
  const gradients = [];
  const at = (place) => (gradients[place] ??= new Float32Array(layers[place].size));
  at(logits)[digit % DIGITS] = 1;
  for (let place = logits; place > last; place--) {
    if (!gradients[place]) continue;
    const layer = layers[place];
    if (layer.activation) stopWhereSilent(layer, gradients[place]);
    const inputs = layer.inputs.map((input) => (input >= last ? at(input) : null));
    BACKWARDS[layer.op](layer, gradients[place], inputs, layer.inputs.map((i) => layers[i]));
  }
  return gradients;
}

function stopWhereSilent({ output, activation }, gradient) {
  const most = activation === "relu6" ? 6 : Infinity;
  for (let i = 0; i < gradient.length; i++) {
    if (output[i] <= 0 || output[i] >= most) gradient[i] = 0;
  }
}

// Each operation adds its contribution to the gradients of its inputs.
const BACKWARDS = {
  dense({ weights, kernel: [depth, columns] }, gradient, [input]) {
    for (let k = 0; k < depth; k++) {
      for (let column = 0; column < columns; column++) {
        input[k] += gradient[column] * weights[k * columns + column];
      }
    }
  },

  convolution(layer, gradient, [input], [below]) {
    const [, , channels, columns] = layer.kernel;
    forEachSeen(layer, below, 1, (to, from, tap) => {
      for (let channel = 0; channel < channels; channel++) {
        const row = (tap * channels + channel) * columns;
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += gradient[to * columns + k] * layer.weights[row + k];
        input[from + channel] += sum;
      }
    });
  },

  depthwise(layer, gradient, [input], [below]) {
    const channels = layer.kernel[2];
    forEachSeen(layer, below, 1, (to, from, tap) => {
      for (let channel = 0; channel < channels; channel++) {
        input[from + channel] +=
          gradient[to * channels + channel] * layer.weights[tap * channels + channel];
      }
    });
  },

  add(_, gradient, inputs) {
    for (const input of inputs) gradient.forEach((slope, i) => (input[i] += slope));
  },

  activation(_, gradient, [input]) {
    gradient.forEach((slope, i) => (input[i] += slope));
  },

  average_places({ size }, gradient, [input]) {
    const places = input.length / size;
    for (let i = 0; i < input.length; i++) input[i] += gradient[i % size] / places;
  },

  pad({ padding: [top, , left], shape }, gradient, [input], [below]) {
    forEachInWindow(below.shape, shape, top, left, (inner, outer) => {
      input[inner] += gradient[outer];
    });
  },

  crop({ cropping: [top, , left], shape }, gradient, [input], [below]) {
    forEachInWindow(shape, below.shape, top, left, (inner, outer) => {
      input[outer] += gradient[inner];
    });
  },
};

// Call visit(inner, outer) for each index of maps that are a window of larger maps.
function forEachInWindow([height, width, channels], [, outerWidth], top, left, visit) {
  for (let inner = 0; inner < height * width * channels; inner++) {
    const place = Math.floor(inner / channels);
    const [x, y] = [place % width, Math.floor(place / width)];
    visit(inner, ((top + y) * outerWidth + left + x) * channels + (inner % channels));
  }
}
