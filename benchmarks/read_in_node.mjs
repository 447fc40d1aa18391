// Read pictures with the static page's modules in Node, for browser_conformance.py.
//
//     node read_in_node.mjs SITE FOLDER
//
// SITE holds the modules and an exported network. FOLDER holds pictures.json, a list of {file, width,
// height}, the files with three bytes a pixel, and tiles.bin. Prints one JSON object.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, folder] = process.argv.slice(2).map((path) => resolve(path));
const load = (name) => import(pathToFileURL(join(site, name)).href);
const bytesOf = (path) => {
  const { buffer, byteOffset, length } = readFileSync(path);
  return buffer.slice(byteOffset, byteOffset + length);
};

const { Network } = await load("network.js");
const { Recogniser, textOf } = await load("recogniser.js");
const model = JSON.parse(readFileSync(join(site, "model.json"), "utf8"));
const network = await Network.unpack(model, bytesOf(join(site, model.weights.file)));
const recogniser = new Recogniser(network);

function read({ file, width, height }) {
  const data = new Uint8Array(bytesOf(join(folder, file)));
  const started = performance.now();
  try {
    const { digits, ignored } = recogniser.readPicture({ data, width, height });
    return {
      text: textOf(digits),
      digits: digits.map(({ label, accepted, box, tile }) => ({
        label,
        accepted,
        box,
        tile: Array.from(tile, (level) => Math.round(level * 2550) / 10),
      })),
      ignored: ignored.map(({ kind }) => kind),
      milliseconds: performance.now() - started,
    };
  } catch (error) {
    if (error.name !== "NoInk") throw error;
    return { error: error.message, digits: [], milliseconds: performance.now() - started };
  }
}

const pictures = JSON.parse(readFileSync(join(folder, "pictures.json"), "utf8"));
const tiles = new Float32Array(bytesOf(join(folder, "tiles.bin")));
console.log(
  JSON.stringify({ readings: pictures.map(read), logits: Array.from(network.logits(tiles)) }),
);
