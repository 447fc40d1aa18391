// Group components into rows, and split those that span several (digit_model/picture/rows.py).

import { enclosingBox, heightOf } from "./boxes.js";
import { componentAt, typicalHeight } from "./components.js";

export const MIN_ROW_HEIGHT = 0.5;
const MIN_ROW_OVERLAP = 0.4;
const MAX_ROW_GAP = 0.3;
const SINGLE_ROW = 0.25;
const MIN_SPANNING_HEIGHT = 1.4;

// Parts share a row where they lie beside each other; small ones join the nearest.
export function groupRows(components) {
  const height = typicalHeight(components);
  const isSmall = ({ box }) => heightOf(box) < MIN_ROW_HEIGHT * height;
  const rows = [];
  const middle = ({ box }) => box.top + box.bottom;
  const large = components.filter((component) => !isSmall(component));
  for (const component of large.sort((a, b) => middle(a) - middle(b))) {
    const home = rows.findLast((row) => isBeside(component, row));
    if (home) home.push(component);
    else rows.push([component]);
  }
  const boxes = rows.map((row) => enclosingBox(row.map(({ box }) => box)));
  for (const component of components.filter(isSmall)) {
    const { top, bottom } = component.box;
    const gaps = boxes.map((box) => Math.max(box.top - bottom, top - box.bottom));
    const least = Math.min(...gaps);
    if (least <= MAX_ROW_GAP * height) rows[gaps.indexOf(least)].push(component);
  }
  return rows;
}

// Whether a component overlaps in height with its nearest neighbour in the row.
function isBeside({ box }, row) {
  const near = nearestBox(box, row);
  const overlap = Math.min(box.bottom, near.bottom) - Math.max(box.top, near.top);
  return overlap >= MIN_ROW_OVERLAP * Math.min(heightOf(box), heightOf(near));
}

function nearestBox({ left, right }, row) {
  const away = (other) => Math.abs(other.left + other.right - left - right);
  return row.map(({ box }) => box).reduce((a, b) => (away(b) < away(a) ? b : a));
}

// Split components that span several rows, such as a digit that touches the one below it.
export function splitBetweenRows(ink, components) {
  const height = typicalHeight(components, SINGLE_ROW);
  const isLow = ({ box }) => heightOf(box) <= MIN_SPANNING_HEIGHT * height;
  const low = components.filter(isLow);
  if (low.length === components.length) return components;
  const rows = groupRows(low);
  return components.flatMap((component) => {
    if (isLow(component)) return [component];
    const beside = rows.filter((row) => isBeside(component, row));
    return cutBetween(ink, component, beside.map((row) => nearestBox(component.box, row)));
  });
}

// Cut a component between the boxes beside it, one of each row, where there is least ink. Ink counts
// twice as much at the middle of a box as halfway between two.
function cutBetween(ink, component, beside) {
  const { box, mask } = component;
  const middles = beside.map(({ top, bottom }) => (top + bottom) >> 1).sort((a, b) => a - b);
  const pixels = [...mask.data.keys()].filter((i) => mask.data[i]);
  const rows = pixels.map((i) => box.top + Math.floor(i / mask.width));
  const columns = pixels.map((i) => box.left + (i % mask.width));
  const amounts = new Float64Array(box.bottom);
  rows.forEach((y, i) => (amounts[y] += ink.data[y * ink.width + columns[i]]));
  const cuts = middles.slice(1).flatMap((lower, k) => {
    const start = Math.max(middles[k], box.top + 1);
    const end = Math.min(lower, box.bottom);
    const half = (end - start - 1) / 2;
    const costs = amounts
      .subarray(start, end)
      .map((amount, i) => amount * (1 + (half ? (i / half - 1) ** 2 : 1)));
    return costs.length ? [start + costs.indexOf(Math.min(...costs))] : [];
  });
  return [...cuts, Infinity].map((end, k) => {
    const isInside = rows.map((y) => y < end && y >= (cuts[k - 1] ?? 0));
    const ofSide = (places) => places.filter((_, i) => isInside[i]);
    return componentAt(ink, ofSide(rows), ofSide(columns));
  });
}
