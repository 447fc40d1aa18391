// Read pictures from any page. The work is done in a worker:
//
//     import { load } from "./reader.js";
//     const reader = await load("model.json");
//     const { text, digits } = await reader.read(file, { one: false });

import { BadModel, errorOf } from "./errors.js";
import { asJson } from "./reading.js";

// model: the address of a model.json that `digit-model export` wrote, with its weights beside it.
export async function load(model = "model.json") {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const reader = new Reader(worker);
  await reader.start(await fetchNetwork(new URL(model, document.baseURI)));
  return reader;
}

// The files are fetched here, while the worker still loads its modules.
async function fetchNetwork(address) {
  const model = await (await fetched(address)).json();
  const networks = model.row_reader ? [model, model.row_reader] : [model];
  const fetchWeights = async ({ weights: { file } }) =>
    (await fetched(new URL(file, address))).arrayBuffer();
  return { model, weights: await Promise.all(networks.map(fetchWeights)) };
}

async function fetched(address) {
  const response = await fetch(address).catch(() => null);
  if (response?.ok) return response;
  // The server of the Gradio page exports networks on demand, and says why it cannot export one.
  if (response?.status === 422) throw new BadModel(await response.text());
  throw new BadModel("The network’s files could not be loaded. Check the connection, and try again.");
}

class Reader {
  #calls = new Map();
  #worker;

  constructor(worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) reject(errorOf(error));
      else resolve(result);
    });
    worker.addEventListener("error", (event) => {
      for (const { reject } of this.#calls.values()) reject(new Error(event.message));
      this.#calls.clear();
    });
  }

  async start({ model, weights }) {
    this.model = model; // what model.json says
    this.methods = await this.#ask("load", [model, weights], weights); // the kinds of heatmap
  }

  // source: a Blob, ImageData, ImageBitmap or canvas. one: it holds exactly one digit.
  // Returns what /predict answers: text, digits, ignored, seconds. Raises NoInk, UndecodableImage or
  // PictureTooLarge.
  async read(source, { one = false } = {}) {
    return asJson(await this.look(source, { one }));
  }

  // The same with the tiles, rows and placements of the digits, the size of the picture and, of a Blob,
  // an ImageBitmap, which may be smaller.
  async look(source, { one = false } = {}) {
    const pixels = pixelsOf(source);
    const moved = pixels === source ? [] : [pixels.data?.buffer ?? pixels];
    return this.#ask("read", [pixels, { one }], moved);
  }

  // Read tiles of 28 x 28, each as one digit in the row that `rows` gives.
  readTiles(tiles, rows) {
    return this.#ask("readTiles", [tiles, rows]);
  }

  // Return which pixels of a tile count for a digit: a Float32Array of 28 x 28 in 0..1.
  explain(tile, digit, method = this.methods[0]) {
    return this.#ask("explain", [tile, digit, method]);
  }

  // Return which pixels count for one digit rather than for another: a Float32Array in -1..1.
  contrast(tile, digit, other, method = this.methods[0]) {
    return this.#ask("contrast", [tile, digit, other, method]);
  }

  // Return the output of each layer for a tile, in the order of model.layers.
  activations(tile) {
    return this.#ask("activations", [tile]);
  }

  // Return the input of one unit of a layer, its kernel, and their sum of products; see inspect.js.
  inspect(tile, layer, place, channel) {
    return this.#ask("inspect", [tile, layer, place, channel]);
  }

  close() {
    this.#worker.terminate();
  }

  #ask(call, args, moved = []) {
    const id = crypto.randomUUID?.() ?? `${Math.random()}`;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, args }, moved);
    });
  }
}

// Canvases cannot be sent to a worker; their pixels can.
function pixelsOf(source) {
  if (!source.getContext) return source;
  return source.getContext("2d").getImageData(0, 0, source.width, source.height);
}
