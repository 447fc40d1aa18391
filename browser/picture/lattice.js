// Build a lattice of possible digits from a row of ink, and find the best path through it
// (digit_model/picture/lattice.py).
//
// A span is {start, end, isShared, glyph, shapeCost}: the pieces from `start` to before `end`,
// perhaps with the ink just beyond the cuts.

import { eroded, gaussianOfRow } from "../numerics/filters.js";
import { findPeaks } from "../numerics/peaks.js";
import { above, pixelsOf, without } from "../numerics/plane.js";
import { round } from "../numerics/statistics.js";
import { enclosingBox, heightOf, widthOf } from "./boxes.js";
import { componentAt, makeGlyph, mergeComponents, typicalHeight } from "./components.js";
import { kindOfCross } from "./marks.js";

const MIN_CUT_WIDTH = 0.5;
const MIN_PIECE_WIDTH = 0.12;
const MIN_VALLEY_DEPTH = 0.06;
const MIN_SEAM_WIDTH = 0.06;
const CUTS_PER_SEAM = 2;
const SHARED_WIDTH = 0.08;
const MAX_WIDTH = 1.3;
const MAX_WHOLE_WIDTH = 1.6;
const MAX_GAP = 0.25;
const MIN_HEIGHT = 0.4;
const MAX_PIECES = 5;
const MAX_PATHS = 32;
const SLANTS = Array.from({ length: 12 }, (_, k) => -0.3 + (k * 1.1) / 11);
const USUAL_SLANT = 0.2;
const SLANT_PRIOR = 0.3;

const PER_CUT_INK = 1.0;
const PER_GAP = 3.0;
const PER_APART = 4.0;
const APART = 0.65;
const PER_WIDTH = 0.5;
const PER_HEIGHT = 1.6;
const FREE_HEIGHT = 0.2;
const PER_LOW = 3.0;
const LOW = 0.8;
const NARROW = 0.75;
const MIN_DROP = 0.1;
const PER_OMISSION = 4.0;
const PER_CROSS = 1.0;
const WIDE = 1.0;

// spans: of pieces that may be one digit. omissions: {start, end, cost} of each piece and of each
// component that was cut. pieces: from the left. components: for each piece, the number of its
// connected component. height: usual of the row's digits. sign: the kind of the row's only mark, if
// its shape shows that it is not a digit. cutAgain: builds the lattice with further cuts, in seams;
// null if the row is not to be cut.
export class Lattice {
  constructor(spans, omissions, pieces, components, height, sign = null, cutAgain = null) {
    Object.assign(this, { spans, omissions, pieces, components, height, sign, cutAgain });
  }

  get width() {
    return widthOf(enclosingBox(this.pieces.map(({ box }) => box)));
  }

  // Return whether several spans are all cut from the same connected component.
  isCutFromOne(spans) {
    return spans.length > 1 && this.#componentsOf(spans).size === 1;
  }

  // Return whether the span was cut from a component that `spans` mostly leave out.
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

  // Return the components none of whose pieces is in one of the spans, from the left.
  leftOut(spans) {
    return [...this.#leftOutByNumber(spans).values()];
  }

  // Return the pieces without the plus and multiplication signs that the spans leave out.
  withoutCrosses(spans) {
    const marks = this.#leftOutByNumber(spans);
    const isCross = (number) => marks.has(number) && kindOfCross(marks.get(number));
    return this.pieces.filter((_, k) => !isCross(this.components[k]));
  }

  #leftOutByNumber(spans) {
    const read = this.#componentsOf(spans);
    const marks = new Map();
    this.pieces.forEach((piece, k) => {
      const number = this.components[k];
      if (!read.has(number)) marks.set(number, [...(marks.get(number) ?? []), piece]);
    });
    for (const [number, pieces] of marks) marks.set(number, mergeComponents(pieces));
    return marks;
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

// The lattice of a row that is exactly one digit. others: the marks beside it.
export function oneDigitLattice(glyph, others = []) {
  const { box, ink } = glyph;
  const height = heightOf(box);
  const mass = ink.data.reduce((sum, value) => sum + value, 0);
  const pieces = [{ box, mask: above(ink, 0), mass }, ...others];
  const omissions = pieces.map((piece, k) => ({
    start: k,
    end: k + 1,
    cost: k ? omissionCost(piece.box, height) : Infinity,
  }));
  const span = { start: 0, end: 1, isShared: false, glyph, shapeCost: (PER_GAP * widestGapIn(ink)) / height };
  return new Lattice([span], omissions, pieces, [...pieces.keys()], height);
}

// The lattice of a mark that is not a digit. sign: its kind, if its shape is clear; it is left out for
// free.
export function digitlessLattice(mark, height, sign = null) {
  const cost = sign ? 0 : omissionCost(mark.box, height);
  return new Lattice([], [{ start: 0, end: 1, cost }], [mark], [0], height, sign);
}

// usualHeight: of the picture's digits. What is left out is measured by it or by the row's height,
// whichever is lower. seams: pairs of columns of the ink, between which one digit ends and the next
// begins; components are cut there as well.
export function buildLattice(ink, components, row, usualHeight = Infinity, seams = []) {
  const height = typicalHeight(components);
  const slant = rowSlant(components, height);
  const pieces = components
    .flatMap((component, number) =>
      cut(ink, component, height, slant, seams).map((piece) => ({ ...piece, number })),
    )
    .sort((a, b) => a.left + a.right - b.left - b.right);
  const numbers = pieces.map(({ number }) => number);
  const wholes = wholeComponents(numbers);
  const tall = components.map(({ box }) => box).filter((box) => heightOf(box) >= LOW * height);
  const spans = runsOf(pieces.length, wholes)
    .filter(({ start, end }) => {
      const isWhole = wholes.some((run) => run.start === start && run.end === end);
      return mayBeDigit(pieces.slice(start, end), height, isWhole ? MAX_WHOLE_WIDTH : MAX_WIDTH);
    })
    .flatMap(({ start, end }) => spansOf(ink, pieces.slice(start, end), start, height, tall, row));
  const singles = pieces.map((_, k) => ({ start: k, end: k + 1 }));
  const omissions = [...singles, ...wholes].map(({ start, end }) => {
    const box = enclosingBox(pieces.slice(start, end).map(({ component }) => component.box));
    const cost = omissionCost(box, Math.min(height, usualHeight));
    const isCut = numbers.filter((number) => number === numbers[start]).length !== end - start;
    const isCross = !isCut && kindOfCross(components[numbers[start]]);
    return { start, end, cost: isCross ? Math.min(PER_CROSS, cost) : cost };
  });
  const own = pieces.map(({ component }) => component);
  const cutAgain = (places) => buildLattice(ink, components, row, usualHeight, places);
  return new Lattice(spans, omissions, own, numbers, height, null, cutAgain);
}

// The start and end of each component that was cut, unless others lie between.
function wholeComponents(numbers) {
  const wholes = [];
  for (let start = 0, end; start < numbers.length; start = end) {
    end = start + 1;
    while (end < numbers.length && numbers[end] === numbers[start]) end++;
    const count = numbers.filter((number) => number === numbers[start]).length;
    if (end - start > 1 && end - start === count) wholes.push({ start, end });
  }
  return wholes;
}

// The start and end of every run of pieces that may be one digit.
function runsOf(count, wholes) {
  const runs = [];
  for (let start = 0; start < count; start++) {
    for (let end = start + 1; end <= Math.min(count, start + MAX_PIECES); end++) runs.push({ start, end });
  }
  return [...runs, ...wholes.filter(({ start, end }) => end - start > MAX_PIECES)];
}

function spansOf(ink, pieces, start, height, tall, row) {
  const own = pieces.map(({ component }) => component);
  const common = [...pieces[0].beyond[0], ...pieces.at(-1).beyond[1]];
  const shapeCost = shapeCostOf(pieces, height, tall) + PER_APART * countGaps(pieces, height);
  return (common.length ? [false, true] : [false]).map((isShared) => ({
    start,
    end: start + pieces.length,
    isShared,
    glyph: makeGlyph(ink, isShared ? [...own, ...common] : own, row),
    shapeCost,
  }));
}

// A path is {cost, spans, text}: a way through a lattice, its spans from the left, and their text.
const START = { cost: 0, spans: [], text: "" };

// Return the cheapest path; it leaves out the pieces in none of its spans. costs: for each of the
// row's spans the costs of reading it as each digit, in nats.
export function bestPath(row, costs) {
  const paths = [START];
  for (const ending of stepsOf(row, costs, 0)) {
    const ways = ending.map((step) => extended(paths[step.start], step));
    paths.push(ways.reduce((a, b) => (b.cost < a.cost ? b : a)));
  }
  return paths.at(-1);
}

// Return the cheapest path for each text that costs at most `margin` nats more than the best,
// ordered by cost. Of very many, the MAX_PATHS cheapest to each place are followed.
export function nearBestPaths(row, costs, margin) {
  const steps = stepsOf(row, costs, margin);
  const rests = cheapestRests(steps);
  const most = rests[0] + margin;
  const paths = [[START]];
  steps.forEach((ending, k) => {
    const cheapest = new Map();
    for (const step of ending) {
      for (const start of paths[step.start]) {
        const cost = start.cost + step.cost;
        if (cost + rests[k + 1] > most) continue;
        const text = start.text + step.text;
        if (!(cheapest.get(text)?.cost <= cost)) cheapest.set(text, extended(start, step));
      }
    }
    paths.push([...cheapest.values()].sort((a, b) => a.cost - b.cost).slice(0, MAX_PATHS));
  });
  return paths.at(-1);
}

// For each piece the steps that end there: {start, cost, spans, text}, with nothing in the last two
// if the step leaves pieces out. margin: only digits that cost at most so much more than the
// span's cheapest are steps.
function stepsOf({ spans, omissions, pieces }, costs, margin) {
  const steps = pieces.map(() => []);
  for (const { start, end, cost } of omissions) {
    steps[end - 1].push({ start, cost, spans: [], text: "" });
  }
  spans.forEach((span, k) => {
    const most = Math.min(...costs[k]) + margin;
    costs[k].forEach((cost, digit) => {
      if (cost > most) return;
      const { start, end, shapeCost } = span;
      steps[end - 1].push({ start, cost: shapeCost + cost, spans: [span], text: `${digit}` });
    });
  });
  return steps;
}

const extended = (path, { cost, spans, text }) => ({
  cost: path.cost + cost,
  spans: [...path.spans, ...spans],
  text: path.text + text,
});

// The cheapest cost to the end from before the first piece, the second, and so on.
function cheapestRests(steps) {
  const rests = [...steps.map(() => Infinity), 0];
  for (let end = steps.length; end > 0; end--) {
    for (const { start, cost } of steps[end - 1]) {
      rests[start] = Math.min(rests[start], cost + rests[end]);
    }
  }
  return rests;
}

// Return the shear that makes the row upright: its columns are then either full or empty.
export function rowSlant(components, height) {
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
  pixelsOf(without(mask, eroded(mask)));

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

// Cut a component along the slant wherever digits may touch, and in its seams; return pieces from the
// left.
function cut(ink, component, height, slant, seams) {
  const { rows, columns: columnsOnInk } = pixelsOf(component.mask, component.box.top, component.box.left);
  const fromMiddle = rows.map((y) => y - ink.height / 2);
  const along = sheared(columnsOnInk, fromMiddle, slant);
  const left = leastOf(along);
  const columns = columnsOf(along);
  const width = mostOf(columns) + 1;
  const amounts = new Float64Array(width);
  columns.forEach((column, i) => {
    amounts[column] += ink.data[rows[i] * ink.width + columnsOnInk[i]] / height;
  });
  const usual = width > MIN_CUT_WIDTH * height ? valleys(extentsOf(columns, rows), height) : [];
  // A slanted line's column is taken in the middle of the ink; a seam's in the middle of its row.
  const shift = (slant * (component.box.top + component.box.bottom - ink.height)) / 2 - left;
  const ownSeams = seams.map((seam) => seam.map((column) => column + shift));
  const cuts = withSeams(usual, amounts, ownSeams, height);
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

// Return the columns at local minima of the extents.
function valleys(extents, height) {
  const smooth = gaussianOfRow(extents, Math.max(0.5, 0.03 * height));
  const narrowest = Math.max(1, MIN_PIECE_WIDTH * height);
  const places = minima(smooth, { distance: narrowest, prominence: MIN_VALLEY_DEPTH * height });
  return places.filter((place) => place > narrowest && place < extents.length - narrowest);
}

// Add to the cuts of a component those columns of each seam where there is least ink. amounts: the
// ink of its columns.
function withSeams(cuts, amounts, seams, height) {
  if (!seams.length) return cuts;
  const smooth = gaussianOfRow(amounts, Math.max(0.5, 0.02 * height));
  const nearest = Math.max(1, MIN_SEAM_WIDTH * height);
  const places = minima(smooth, { distance: nearest });
  return seams
    .reduce((all, [start, stop]) => {
      const isNew = (place) => all.every((cut) => Math.abs(place - cut) >= nearest);
      const inside = places.filter((place) => place >= start && place < stop && isNew(place));
      inside.sort((a, b) => smooth[a] - smooth[b]);
      return [...all, ...inside.slice(0, CUTS_PER_SEAM)];
    }, cuts)
    .sort((a, b) => a - b);
}

const minima = (values, conditions) => findPeaks(values.map((value) => -value), conditions);

function mayBeDigit(pieces, height, maxWidth) {
  const own = heightOf(enclosingBox(pieces.map(({ component }) => component.box)));
  if (own < MIN_HEIGHT * height) return false;
  const widest = maxWidth * Math.max(height, own);
  const isNarrow = extentOf(pieces) <= widest && widestGap(pieces) <= MAX_GAP * height;
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

// Count the gaps between tall components, which are seldom parts of one digit.
function countGaps(pieces, height) {
  const tall = [...new Set(pieces.map(({ number }) => number))]
    .map((own) => pieces.filter(({ number }) => number === own))
    .map((part) => ({
      box: enclosingBox(part.map(({ component }) => component.box)),
      left: Math.min(...part.map(({ left }) => left)),
      right: Math.max(...part.map(({ right }) => right)),
    }))
    .filter(({ box }) => heightOf(box) >= APART * height);
  const isApart = (part, k) =>
    k > 0 && (tall[k - 1].box.right < part.box.left || tall[k - 1].right < part.left);
  return tall.filter(isApart).length;
}

// How many empty columns of ink lie side by side, at most.
function widestGapIn({ data, width, height }) {
  let [gap, widest] = [0, 0];
  for (let x = 0; x < width; x++) {
    let isEmpty = true;
    for (let y = 0; y < height && isEmpty; y++) isEmpty = !data[y * width + x];
    gap = isEmpty ? gap + 1 : 0;
    widest = Math.max(widest, gap);
  }
  return widest;
}

// Return the cost in nats of a digit's cuts, gaps, size and place. tall: the boxes of the row's digits.
function shapeCostOf(pieces, height, tall) {
  const box = enclosingBox(pieces.map(({ component }) => component.box));
  const own = heightOf(box);
  const perLow = extentOf(pieces) < NARROW * own && hangsLow(box, tall) ? PER_LOW : 0;
  return (
    PER_CUT_INK * (pieces[0].cuts[0] + pieces.at(-1).cuts[1]) +
    (PER_GAP * widestGap(pieces)) / height +
    PER_WIDTH * Math.max(0, Math.log(extentOf(pieces) / own)) +
    PER_HEIGHT * Math.max(0, Math.log(own / height) - FREE_HEIGHT) +
    perLow * Math.max(0, Math.log((LOW * height) / own))
  );
}

// Whether the middle of a mark is lower than that of the nearest digit beside it.
function hangsLow(box, tall) {
  const distance = ({ left, right }) => Math.abs(left + right - box.left - box.right);
  const near = tall.reduce((a, b) => (distance(b) < distance(a) ? b : a), tall[0] ?? box);
  return box.top + box.bottom - near.top - near.bottom > 2 * MIN_DROP * heightOf(near);
}

function omissionCost(box, height) {
  const size = Math.max(heightOf(box), 0.2 * widthOf(box)) / height;
  return PER_OMISSION * size ** 1.5 * Math.max(1, widthOf(box) / (WIDE * height));
}
