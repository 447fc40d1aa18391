// The digits of one writer against Python's.

import assert from "node:assert/strict";
import test from "node:test";

import { array, largestDifference, module, readJson } from "./fixtures.mjs";

const { readAsOneWriter } = await module("one_writer.js");
const { calibration, pages } = readJson("fixtures.json");

for (const { logits, adapted } of pages) {
  test(`${logits.shape[0]} digits of one writer are read in the same way`, () => {
    const numbers = array(logits);
    const tiles = Array.from({ length: logits.shape[0] }, (_, k) => [
      ...numbers.subarray(10 * k, 10 * (k + 1)),
    ]);
    const found = readAsOneWriter(tiles, calibration).flat();
    assert.ok(largestDifference(found, array(adapted)) <= 1e-9);
  });
}
