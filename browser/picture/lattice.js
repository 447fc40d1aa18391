// A row of ink -> what its digits may be, and the best way to put them together
// (digit_model/picture/lattice.py).
//
// A span is {start, end, isShared, glyph, shapeCost}: the pieces from `start` to before `end`,
// perhaps with the ink just beyond the cuts.

import { eroded, gaussianOfRow } from "../numerics/filters.js";
import { findPeaks } from "../numerics/peaks.js";
import { without } from "../numerics/plane.js";
import { round } from "../numerics/statistics.js";
import {
  componentAt,
  enclosingBox,
  heightOf,
  makeGlyph,
  mergeComponents,
  typicalHeight,
  widthOf,
} from "./components.js";

const MIN_CUT_WIDTH = 0.5;
const MIN_PIECE_WIDTH = 0.12;
const MIN_VALLEY_DEPTH = 0.06;
const SHARED_WIDTH = 0.08;
const MAX_WIDTH = 1.3;
const MAX_GAP = 0.25;
const MIN_HEIGHT = 0.4;
const MAX_PIECES = 5;
const SLANTS = Array.from({ length: 12 }, (_, k) => -0.3 + (k * 1.1) / 11);
const USUAL_SLANT = 0.2;
const SLANT_PRIOR = 0.3;

const PER_CUT_INK = 1.0;
const PER_GAP = 1.5;
const PER_WIDTH = 0.5;
const PER_HEIGHT = 1.6;
const FREE_HEIGHT = 0.2;
const PER_OMISSION = 5.0;

export class Lattice {
  constructor(spans, omissionCosts, pieces, components, height) {
    Object.assign(this, { spans, omissionCosts, pieces, components, height });
  }

  // Whether these are all the same connected component, cut.
  isCutFromOne(spans) {
    return spans.length > 1 && this.#componentsOf(spans).size === 1;
  }

  // Whether the span is cut from a component most of whose ink is in none of `spans`.
  isRemnant(span, spans) {
    const read = piecesOf(spans);
    return [...this.#componentsOf([span])].some((component) => {
      let balance = 0;
      this.components.forEach((number, piece) => {
        const { mass } = this.pieces[piece];
        if (number === component) balance += read.has(piece) ? mass : -mass;
      });
      return balance < 0;
    });
  }

  // The components none of whose pieces is in one of the spans.
  leftOut(spans) {
    const read = this.#componentsOf(spans);
    const marks = new Map();
    this.pieces.forEach((piece, k) => {
      const number = this.components[k];
      if (!read.has(number)) marks.set(number, [...(marks.get(number) ?? []), piece]);
    });
    return [...marks.values()].map(mergeComponents);
  }

  // What a path costs in nats, with its omissions; doubts as for bestPath.
  pathCost(spans, doubts) {
    const read = piecesOf(spans);
    const omitted = this.omissionCosts.reduce((sum, cost, k) => sum + (read.has(k) ? 0 : cost), 0);
    const costOf = (span) => doubts[this.spans.indexOf(span)] + span.shapeCost;
    return spans.reduce((sum, span) => sum + costOf(span), omitted);
  }

  #componentsOf(spans) {
    return new Set([...piecesOf(spans)].map((piece) => this.components[piece]));
  }
}

function piecesOf(spans) {
  const pieces = new Set();
  for (const { start, end } of spans) for (let k = start; k < end; k++) pieces.add(k);
  return pieces;
}

// A row that is one digit.
export function singleGlyphLattice(glyph) {
  const { box, ink } = glyph;
  const mask = { ...ink, data: Uint8Array.from(ink.data, Boolean) };
  const mass = ink.data.reduce((sum, value) => sum + value, 0);
  const span = { start: 0, end: 1, isShared: false, glyph, shapeCost: 0 };
  return new Lattice([span], [Infinity], [{ box, mask, mass }], [0], heightOf(box));
}

// A row of one mark that is no digit.
export const digitlessLattice = (mark, height) => new Lattice([], [0], [mark], [0], height);

export function buildLattice(ink, components, row) {
  const height = typicalHeight(components);
  const slant = slantOf(components, height);
  const pieces = components
    .flatMap((component, number) =>
      cut(ink, component, height, slant).map((piece) => ({ ...piece, number })),
    )
    .sort((a, b) => a.left + a.right - b.left - b.right);
  const spans = [];
  for (let start = 0; start < pieces.length; start++) {
    for (let end = start + 1; end <= Math.min(pieces.length, start + MAX_PIECES); end++) {
      spans.push(...spansOf(ink, pieces.slice(start, end), start, height, row));
    }
  }
  return new Lattice(
    spans,
    pieces.map(({ component }) => omissionCost(component, height)),
    pieces.map(({ component }) => component),
    pieces.map(({ number }) => number),
    height,
  );
}

function spansOf(ink, pieces, start, height, row) {
  if (!mayBeDigit(pieces, height)) return [];
  const own = pieces.map(({ component }) => component);
  const common = [...pieces[0].beyond[0], ...pieces.at(-1).beyond[1]];
  const shapeCost = shapeCostOf(pieces, height);
  return (common.length ? [false, true] : [false]).map((isShared) => ({
    start,
    end: start + pieces.length,
    isShared,
    glyph: makeGlyph(ink, isShared ? [...own, ...common] : own, row),
    shapeCost,
  }));
}

// The spans that together cost least, from the left; other pieces are left out.
// doubts: for each of the row's spans what reading it as a digit costs, in nats.
export function bestPath(lattice, doubts) {
  const paths = [{ cost: 0, spans: [] }];
  lattice.omissionCosts.forEach((omission, piece) => {
    const before = paths.at(-1);
    let best = { cost: before.cost + omission, spans: before.spans };
    lattice.spans.forEach((span, k) => {
      if (span.end !== piece + 1) return;
      const cost = paths[span.start].cost + doubts[k] + span.shapeCost;
      if (cost < best.cost) best = { cost, spans: [...paths[span.start].spans, span] };
    });
    paths.push(best);
  });
  return paths.at(-1).spans;
}

// The shear that sets the row upright, so that its columns are full or empty.
function slantOf(components, height) {
  const step = Math.max(1, height / 40);
  const outlines = components.map(outlineOf);
  const score = (slant) => {
    let [squares, sum] = [0, 0];
    for (const { rows, columns } of outlines) {
      const extents = extentsOf(columnsOf(sheared(columns, rows, slant), step), rows);
      for (let k = 0; k < extents.length; k++) {
        squares += extents[k] * extents[k];
        sum += extents[k];
      }
    }
    return (squares / sum) * (1 - SLANT_PRIOR * (slant - USUAL_SLANT) ** 2);
  };
  const scores = SLANTS.map(score);
  return SLANTS[scores.indexOf(Math.max(...scores))];
}

// The pixels of a component that have paper beside them, in the pixels of its box.
const outlineOf = ({ mask }) =>
  pixelsOf({ box: { left: 0, top: 0 }, mask: without(mask, eroded(mask)) });

function sheared(columns, rows, slant) {
  const along = new Float64Array(columns.length);
  for (let i = 0; i < along.length; i++) along[i] = columns[i] + slant * rows[i];
  return along;
}

function columnsOf(along, step = 1) {
  const first = leastOf(along);
  const columns = new Int32Array(along.length);
  for (let i = 0; i < along.length; i++) columns[i] = (along[i] - first) / step;
  return columns;
}

function leastOf(numbers) {
  let least = Infinity;
  for (let i = 0; i < numbers.length; i++) if (numbers[i] < least) least = numbers[i];
  return least;
}

function mostOf(numbers) {
  let most = -Infinity;
  for (let i = 0; i < numbers.length; i++) if (numbers[i] > most) most = numbers[i];
  return most;
}

// A component in pieces, from the left: cut along the slant wherever digits may touch.
function cut(ink, component, height, slant) {
  const { rows, columns: columnsOnInk } = pixelsOf(component);
  const fromMiddle = rows.map((y) => y - ink.height / 2);
  const along = sheared(columnsOnInk, fromMiddle, slant);
  const left = leastOf(along);
  const columns = columnsOf(along);
  const width = mostOf(columns) + 1;
  const cuts = width > MIN_CUT_WIDTH * height ? valleys(extentsOf(columns, rows), height) : [];
  const amounts = new Float64Array(width);
  columns.forEach((column, i) => {
    amounts[column] += ink.data[rows[i] * ink.width + columnsOnInk[i]] / height;
  });
  const costs = [0, ...cuts.map((at) => Math.min(amounts[at - 1], amounts[at])), 0];
  const reach = Math.max(1, round(SHARED_WIDTH * height));
  const between = (start, stop) => {
    const isInside = (_, i) => columns[i] >= start && columns[i] < stop;
    const inside = rows.filter(isInside);
    return inside.length ? [componentAt(ink, inside, columnsOnInk.filter(isInside))] : [];
  };
  const edges = [0, ...cuts, width];
  return cuts.concat(width).flatMap((stop, k) => {
    const start = edges[k];
    const beyond = [between(start - reach, start), between(stop, stop + reach)];
    return (cuts.length ? between(start, stop) : [component]).map((piece) => ({
      component: piece,
      left: left + start,
      right: left + stop,
      cuts: [costs[k], costs[k + 1]],
      beyond,
    }));
  });
}

function pixelsOf({ box, mask }) {
  const [rows, columns] = [new Float64Array(mask.data.length), new Float64Array(mask.data.length)];
  let count = 0;
  for (let i = 0; i < mask.data.length; i++) {
    if (!mask.data[i]) continue;
    rows[count] = box.top + Math.floor(i / mask.width);
    columns[count++] = box.left + (i % mask.width);
  }
  return { rows: rows.subarray(0, count), columns: columns.subarray(0, count) };
}

// From the highest to the lowest ink of each column, in pixels; 0 where there is none.
function extentsOf(columns, rows) {
  const count = mostOf(columns) + 1;
  const [tops, extents] = [new Float64Array(count).fill(Infinity), new Float64Array(count)];
  for (let i = 0; i < columns.length; i++) {
    if (rows[i] < tops[columns[i]]) tops[columns[i]] = rows[i];
    if (rows[i] + 1 > extents[columns[i]]) extents[columns[i]] = rows[i] + 1;
  }
  for (let k = 0; k < count; k++) extents[k] = Math.max(extents[k] - tops[k], 0);
  return extents;
}

// The columns whose extents are lower than those around them.
function valleys(extents, height) {
  const smooth = gaussianOfRow(extents, Math.max(0.5, 0.03 * height));
  const narrowest = Math.max(1, MIN_PIECE_WIDTH * height);
  const places = findPeaks(
    smooth.map((extent) => -extent),
    { distance: narrowest, prominence: MIN_VALLEY_DEPTH * height },
  );
  return places.filter((place) => place > narrowest && place < extents.length - narrowest);
}

function mayBeDigit(pieces, height) {
  const tallest = Math.max(...pieces.map(({ component }) => heightOf(component.box)));
  if (tallest < MIN_HEIGHT * height) return false;
  const isNarrow = extentOf(pieces) <= MAX_WIDTH * height && widestGap(pieces) <= MAX_GAP * height;
  return pieces.length === 1 || isNarrow;
}

const extentOf = (pieces) =>
  Math.max(...pieces.map(({ right }) => right)) - Math.min(...pieces.map(({ left }) => left));

// The widest paper between each piece and the next along the row, at least 0.
function widestGap(pieces) {
  let [reach, widest] = [-Infinity, 0];
  for (const { left, right } of pieces) {
    if (reach > -Infinity) widest = Math.max(widest, left - reach);
    reach = Math.max(reach, right);
  }
  return widest;
}

// How much speaks against a digit in the cuts around it, its gaps and its size, in nats.
function shapeCostOf(pieces, height) {
  const own = heightOf(enclosingBox(pieces.map(({ component }) => component.box)));
  return (
    PER_CUT_INK * (pieces[0].cuts[0] + pieces.at(-1).cuts[1]) +
    (PER_GAP * widestGap(pieces)) / height +
    PER_WIDTH * Math.max(0, Math.log(extentOf(pieces) / own)) +
    PER_HEIGHT * Math.max(0, Math.log(own / height) - FREE_HEIGHT)
  );
}

function omissionCost({ box }, height) {
  const size = Math.max(heightOf(box), 0.2 * widthOf(box)) / height;
  return PER_OMISSION * size ** 1.5;
}
