// What the Python side of a test wrote: arrays as raw numbers, described in fixtures.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const KINDS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

export const readBytes = (name) => {
  const file = readFileSync(join(process.env.FIXTURES, name));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
};
export const readJson = (name) => JSON.parse(new TextDecoder().decode(readBytes(name)));
export const module = (name) => import(pathToFileURL(join(process.env.BROWSER, name)).href);

// An array with its shape.
export function array({ file, type, shape }) {
  return Object.assign(new KINDS[type](readBytes(file)), { shape });
}

export function largestDifference(first, second) {
  if (first.length !== second.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < first.length; i++) {
    largest = Math.max(largest, Math.abs(first[i] - second[i]));
  }
  return largest;
}
