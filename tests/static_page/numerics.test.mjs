// The primitives against SciPy's, NumPy's and Pillow's results.

import assert from "node:assert/strict";
import test from "node:test";

import { array, largestDifference, module, readJson } from "./fixtures.mjs";

const filters = await module("numerics/filters.js");
const resample = await module("numerics/resample.js");
const { label } = await module("numerics/labels.js");
const { distanceToPaper, distanceTransform } = await module("numerics/distance.js");
const { turnedLeft, turnedRight } = await module("numerics/plane.js");
const { findPeaks } = await module("numerics/peaks.js");
const { sha256 } = await module("numerics/sha256.js");
const { quantile, round } = await module("numerics/statistics.js");
const { warp } = await module("picture/perspective.js");

const plane = (description) => {
  const data = array(description);
  return { data, height: data.shape[0], width: data.shape[1] };
};

const RUN = {
  gaussian: (source, sigma) => filters.gaussian(plane(source), sigma).data,
  gaussian_of_row: (source, sigma) => filters.gaussianOfRow(array(source), sigma),
  median_of_nine: (source) => filters.medianOfNine(plane(source)).data,
  maximum_along_rows: (source, size) => filters.maximumAlongRows(plane(source), size).data,
  minimum_along_columns: (source, size) => filters.minimumAlongColumns(plane(source), size).data,
  grey_closing: (source, size) => filters.greyClosing(plane(source), size).data,
  closing_along_rows: (source, size) => filters.closingAlongRows(plane(source), size).data,
  closing_along_columns: (source, size) => filters.closingAlongColumns(plane(source), size).data,
  opened_by_square: (source, size) => filters.openedBySquare(plane(source), size).data,
  dilated_by_cross: (source) => filters.dilatedByCross(plane(source)).data,
  eroded: (source) => filters.eroded(plane(source)).data,
  dilated_by_disc: (source, radius) => filters.dilatedByDisc(plane(source), radius).data,
  eroded_by_disc: (source, radius) => filters.dilatedByDisc(plane(source), radius, true).data,
  resize: (source, height, width, filter) =>
    resample.resize(plane(source), height, width, resample[filter]).data,
  resize_picture: (source, height, width, filter) =>
    resample.resizePicture(plane(source), height, width, resample[filter]).data,
  nearest_places: (source, to) => resample.nearestPlaces(array(source).length, to),
  warp: (source, width, height, ...matrix) => warp(plane(source), matrix, [width, height]).data,
  shrink_picture: (source, longest) => resample.shrinkPicture(plane(source), longest).data,
  turned_left: (source) => turnedLeft(plane(source)).data,
  turned_right: (source) => turnedRight(plane(source)).data,
  label: (source, hasDiagonals) => label(plane(source), hasDiagonals).labels,
  distance_transform: (source) => distanceTransform(plane(source)).data,
  distance_to_paper: (source) => distanceToPaper(plane(source)).data,
  find_peaks: (source, distance, prominence) =>
    findPeaks(array(source), { distance, prominence }),
  quantile: (source, q) => [quantile(array(source), q)],
  sha256: (source) => Buffer.from(sha256(array(source)), "hex"),
  round: (source) => Array.from(array(source), round),
};

for (const { name, input, options, expected, tolerance } of readJson("fixtures.json")) {
  test(`${name} of ${input.shape} with ${options}`, () => {
    const difference = largestDifference(RUN[name](input, ...options), array(expected));
    assert.ok(difference <= tolerance, `differs by ${difference}`);
  });
}
