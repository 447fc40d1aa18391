// Do the reader's work in a worker: answer {id, call, args} with {id, result} or {id, error}.

import { BadModel } from "./errors.js";
import { inspect } from "./inspect.js";
import { Network } from "./network.js";
import { sha256 } from "./numerics/sha256.js";
import { Recogniser } from "./recogniser.js";
import { RowReader } from "./row_reader.js";

let recogniser = null;

const CALLS = {
  // weights: of the network and, if the model has a row reader, of its network.
  async load(model, weights) {
    const [network, rowNetwork] = await Promise.all(
      weights.map((file, k) => unpack([model, model.row_reader][k], file)),
    );
    recogniser = new Recogniser(network, rowNetwork && new RowReader(rowNetwork));
    setTimeout(warmUp, 0, drawnLine(), 8);
    return recogniser.explainer.methods;
  },

  read: (source, options) => recogniser.read(source, options),
  readTiles: (tiles, rows) => recogniser.readTiles(tiles, rows),
  explain: (tile, digit, method) => recogniser.explainer.heatmap(tile, digit, method),
  contrast: (...args) => recogniser.explainer.contrast(...args),

  activations(tile) {
    recogniser.network.logits(tile);
    return recogniser.network.layers.map(({ output, size }) => output.slice(0, size));
  },

  inspect: (tile, layer, place, channel) => {
    recogniser.network.logits(tile);
    return inspect(recogniser.network, layer, place, channel);
  },
};

async function unpack(model, weights) {
  if ((await digestOf(weights)) !== model.weights.sha256) {
    throw new BadModel("The weights are not those that model.json describes. Load the page again.");
  }
  return Network.unpack(model, weights);
}

// The browser's own SHA-256 is quicker, and is there on https pages only.
async function digestOf(buffer) {
  if (!self.crypto.subtle) return sha256(new Uint8Array(buffer));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

self.addEventListener("message", async ({ data: { id, call, args } }) => {
  try {
    const result = await CALLS[call](...args);
    self.postMessage({ id, result }, buffersOf(result));
  } catch ({ name, message }) {
    self.postMessage({ id, error: { name, message } });
  }
});

// Return what is moved to the page instead of copied: the activations, the bitmap of a file.
function buffersOf(result) {
  if (Array.isArray(result)) return result.flatMap(({ buffer }) => buffer ?? []);
  return result?.bitmap ? [result.bitmap] : [];
}

// Read a picture a few times, because the first readings are slow while the browser compiles. What a
// visitor asks meanwhile is answered between two of them.
function warmUp(picture, rounds) {
  recogniser.readPicture(picture);
  if (rounds > 1) setTimeout(warmUp, 0, picture, rounds - 1);
}

function drawnLine() {
  const picture = { data: new Uint8Array(3 * 280 * 280).fill(255), width: 280, height: 280 };
  for (let y = 40; y < 240; y++) picture.data.fill(0, 3 * (280 * y + 130), 3 * (280 * y + 150));
  return picture;
}
