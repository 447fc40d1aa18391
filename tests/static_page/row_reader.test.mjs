// Strips, their frames and the decisions about rows against Python's.

import assert from "node:assert/strict";
import test from "node:test";

import { array, largestDifference, module, readBytes, readJson } from "./fixtures.mjs";

const { Network } = await module("network.js");
const { connectedComponents } = await module("picture/components.js");
const { buildLattice, nearBestPaths } = await module("picture/lattice.js");
const { drawStrip } = await module("picture/strip.js");
const { decide, evidenceFor, readGreedily, RowReader } = await module("row_reader.js");
const { margin, rows, strips } = readJson("fixtures.json");

const plane = (description) => {
  const data = array(description);
  return { data, height: data.shape[0], width: data.shape[1] };
};
// The rows of an array of two dimensions.
function linesOf(description) {
  const numbers = array(description);
  const [count, length] = numbers.shape;
  const line = (k) => [...numbers.subarray(k * length, (k + 1) * length)];
  return Array.from({ length: count }, (_, k) => line(k));
}
function assertNear(found, expected, tolerance, what) {
  const difference = largestDifference(found, expected);
  assert.ok(difference <= tolerance, `${what}: ${difference}`);
}

for (const { ink, costs, paths, strip, frames, text, evidence, sure, ...rest } of rows) {
  const drawn = plane(ink);
  const row = buildLattice(drawn, connectedComponents(drawn), 0);
  const found = nearBestPaths(row, linesOf(costs), margin);
  const name = `the row of ${ink.shape} that is read as ${text}`;

  test(`${name} has the same paths`, () => {
    const spansOf = ({ spans }) => spans.map(({ start, end, isShared }) => [start, end, isShared]);
    assert.deepEqual(
      found.map((path) => [path.text, spansOf(path)]),
      paths.map(([own, , spans]) => [own, spans]),
    );
    assertNear(found.map(({ cost }) => cost), paths.map(([, cost]) => cost), 1e-9, "costs");
  });

  test(`${name} becomes the same strip`, () => {
    const { image } = drawStrip(drawn, row.pieces, row.height);
    assert.deepEqual([image.height, image.width], strip.shape);
    assertNear(image.data, array(strip), 1e-6, "levels");
  });

  test(`${name} is cut again in the same places`, () => {
    const { left, pixel } = drawStrip(drawn, row.pieces, row.height);
    const seen = readGreedily(linesOf(frames));
    assert.deepEqual(seen, rest.seen);
    const columns = seen.columns.map((column) => left + pixel * column);
    const seams = columns.slice(1).map((column, k) => [columns[k], column]);
    assertNear(seams.flat(), rest.seams.flat(), 1e-9, "seams");
    const boxesOf = ({ pieces }) =>
      pieces.map(({ box: { left, top, right, bottom } }) => [left, top, right, bottom]);
    assert.deepEqual(boxesOf(row.cutAgain(rest.seams)), rest.finer);
  });

  test(`${name} is decided in the same way`, () => {
    const decision = decide(linesOf(frames), found);
    assert.equal(decision.path.text, text);
    const added = evidenceFor(linesOf(frames), text, text.length - 1);
    assertNear(added, array(evidence), 1e-9, "evidence");
    assert.deepEqual(decision.sure, sure);
    const { likelihood, cost } = rest;
    assertNear([decision.likelihood, decision.cost], [likelihood, cost], 1e-9, "nats");
  });
}

for (const { strip, frames } of strips) {
  test(`a strip of ${strip.shape[1]} columns is read in the same way`, async () => {
    const { row_reader: model } = readJson("model.json");
    const network = await Network.unpack(model, readBytes(model.weights.file));
    const found = new RowReader(network).logProbabilities(plane(strip));
    assertNear(found.flat(), array(frames), 0.005, "log-probabilities");
  });
}
