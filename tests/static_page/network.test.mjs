// Logits of exported networks against Keras's.

import assert from "node:assert/strict";
import test from "node:test";

import { array, largestDifference, module, readBytes, readJson } from "./fixtures.mjs";

const { Network } = await module("network.js");
const { tolerance, cases } = readJson("fixtures.json");

for (const { name, folder, tiles, logits } of cases) {
  const model = readJson(`${folder}/model.json`);
  const weights = readBytes(`${folder}/${model.weights.file}`);

  for (const useSimd of name === "bundled" ? [true, false] : [true]) {
    test(`${name} answers as Keras does ${useSimd ? "with" : "without"} SIMD`, async () => {
      const network = await Network.unpack(model, weights, useSimd);
      const found = network.logits(array(tiles));
      const difference = largestDifference(found, array(logits));
      assert.ok(difference < tolerance, `the logits differ by ${difference}`);
    });
  }
}
