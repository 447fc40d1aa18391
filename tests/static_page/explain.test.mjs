// Heatmaps against Python's.

import assert from "node:assert/strict";
import test from "node:test";

import { array, largestDifference, module, readBytes, readJson } from "./fixtures.mjs";

const { Network } = await module("network.js");
const { Explainer } = await module("explain.js");
const explainers = new Map();

async function explainerOf(name) {
  if (!explainers.has(name)) {
    const model = readJson(`${name}/model.json`);
    const network = await Network.unpack(model, readBytes(`${name}/${model.weights.file}`));
    explainers.set(name, new Explainer(network));
  }
  return explainers.get(name);
}

for (const { name, methods, method, digit, tile, heatmap, other, contrast } of readJson("fixtures.json")) {
  test(`${method} for ${digit}, and rather than for ${other}, in ${name}`, async () => {
    const explainer = await explainerOf(name);
    assert.deepEqual(explainer.methods, methods);
    const found = explainer.heatmap(array(tile), digit, method);
    const difference = largestDifference(found, array(heatmap));
    assert.ok(difference < 1e-3, `differs by ${difference}`);
    const contrasts = explainer.contrast(array(tile), digit, other, method);
    const off = largestDifference(contrasts, array(contrast));
    assert.ok(off < 5e-3, `the contrast differs by ${off}`);
  });
}
