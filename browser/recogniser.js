// Pictures -> readings, with one network and a row reader (digit_model/recogniser.py).
//
// reading.js describes digits and readings.

import { acceptRow, anyEncloses, anyOutsize, labelCosts, toProbabilities } from "./acceptance.js";
import { Explainer } from "./explain.js";
import { DIGITS } from "./network.js";
import { turnedLeft, turnedRight } from "./numerics/plane.js";
import { readAsOneWriter } from "./one_writer.js";
import { decode } from "./picture/decode.js";
import { marksLeftOut, massOf } from "./picture/ignored.js";
import { locateAllInk, locateInk } from "./picture/ink.js";
import { bestPath, nearBestPaths, oneDigitLattice } from "./picture/lattice.js";
import { normalise } from "./picture/normalise.js";
import { compose, mapPoint, scaling } from "./picture/perspective.js";
import { MAX_DIGIT_WIDTH, segmentations, singleDigit } from "./picture/segment.js";
import { drawStrip } from "./picture/strip.js";
import { layOutTiles } from "./picture/tile_sheet.js";
import { rounded } from "./reading.js";
import { decide, evidenceFor, logLikelihood, readGreedily } from "./row_reader.js";

// A picture with at least so many digits, which cost at least this much each in nats, is also read
// turned; it counts as turned if its digits then cost less than this share.
const MIN_TURNED_DIGITS = 3;
const MIN_TURNED_COST = 0.3;
const TURNED_COST_SHARE = 0.6;
// A row is shown to the row reader if other texts cost at most so many nats more than the best, or the
// best costs so many for each digit, ...
const DOUBTFUL_MARGIN = 3;
const DOUBTFUL_COST = 1;
// ... unless it has more digits than a number has, or costs more nats for each digit.
const MAX_ROW_DIGITS = 20;
const MAX_ROW_COST = 3;
// A row is cut again if the row reader finds another text likelier by so many nats.
const MIN_GAIN = 4;

export class Recogniser {
  // rowReader: decides where a row may be read in several ways.
  constructor(network, rowReader = null) {
    this.network = network;
    this.rowReader = rowReader;
    this.calibration = network.model.calibration;
    this.explainer = new Explainer(network);
  }

  // source: as decode takes it. one: take the picture as holding exactly one digit.
  async read(source, { one = false } = {}) {
    const started = performance.now();
    const { picture, width, height, bitmap } = await decode(source);
    const reading = this.readPicture(picture, { one, started, width, height });
    return bitmap ? { ...reading, bitmap } : reading;
  }

  // width, height: of the picture before it was reduced.
  readPicture(picture, options = {}) {
    const { one = false, started = performance.now() } = options;
    const { width = picture.width, height = picture.height } = options;
    const located = one ? [locateInk(picture)] : locateAllInk(picture);
    const sheets = located.map(({ ink, toPicture }) =>
      this.#readSheet(ink, new ToPicture(picture, toPicture, width, height), one),
    );
    let digits = [];
    for (const sheet of sheets) {
      const firstRow = digits.length ? digits.at(-1).row + 1 : 0;
      digits = [...digits, ...sheet.digits.map((digit) => ({ ...digit, row: digit.row + firstRow }))];
    }
    return {
      digits: digits.length ? digits : [this.#guess(sheets)],
      ignored: digits.length ? sheets.flatMap(({ ignored }) => ignored) : [],
      seconds: (performance.now() - started) / 1000,
      width,
      height,
    };
  }

  // Read one writing surface: its digits and the marks left out. No digit is accepted if the surface is
  // turned, or if one digit encloses another, as the arc of a dial does.
  #readSheet(ink, toPicture, one) {
    const ways = this.#interpret(waysOf(ink, one));
    const chosen = ways.reduce((a, b) => (b.cost < a.cost ? b : a));
    const { rows } = chosen;
    const decided = this.#byOneWriter(
      rows.map((row, k) => this.#decided(ink, row, chosen.paths[k], chosen.costs[k])),
    );
    const digits = decided.flatMap((one) => this.#digitsOfRow(one, toPicture));
    if (anyEncloses(digits.map(({ box }) => box)) || this.#isTurned(ink, chosen.paths)) {
      for (const digit of digits) digit.accepted = false;
    }
    const ignored = decided
      .flatMap(({ row, spans }) => marksLeftOut(row, spans))
      .map(({ box, kind }) => ({ kind, box: toPicture.box(box) }));
    return { toPicture, ways, digits, ignored };
  }

  // Read tiles, (n, 28, 28), each as one digit in the row that `rows` gives.
  readTiles(tiles, rows) {
    const started = performance.now();
    const { width, height, placements, boxes } = layOutTiles(rows);
    const spans = rows.map((row, k) => ({
      tile: tiles.slice(784 * k, 784 * (k + 1)),
      placement: placements[k],
      box: boxes[k],
      row,
    }));
    this.#answer(spans);
    const [{ spans: adapted }] = this.#byOneWriter([{ spans }]);
    const digits = [...new Set(rows)].flatMap((row) => {
      const own = adapted.filter((span) => span.row === row);
      const accepted = acceptRow(own.map(({ logits }) => logits), this.calibration);
      return own.map((span, k) => this.#digit(span, span.box, span.placement, row, accepted[k]));
    });
    return { digits, ignored: [], seconds: (performance.now() - started) / 1000, width, height };
  }

  // Find the best path through each row of each way, with one call of the network.
  #interpret(ways) {
    const spans = ways.flat().flatMap((row) => row.spans);
    for (const span of spans) Object.assign(span, normalise(span.glyph.ink));
    this.#answer(spans);
    return ways.map((rows) => {
      const found = rows.map((row) => bestPath(row, costsOf(row)));
      const costs = found.map((path) => path.cost);
      const cost = costs.reduce((sum, one) => sum + one, 0);
      return { rows, paths: found.map((path) => path.spans), costs, cost };
    });
  }

  // Return a row, its spans with their logits and of which the row reader is sure, {row, spans, sure},
  // as it decides if the row is doubtful. ownSpans, cost: of the cheapest path.
  #decided(ink, row, ownSpans, cost) {
    const paths = this.rowReader ? doubtfulPaths(row, ownSpans, cost) : [];
    const pieces = row.withoutCrosses(ownSpans);
    if (!paths.length || !pieces.length) {
      return { row, spans: ownSpans, sure: ownSpans.map(() => true) };
    }
    const strip = drawStrip(ink, pieces, row.height);
    const frames = this.rowReader.logProbabilities(strip.image);
    const first = { row, ...decide(frames, paths) };
    const { row: chosen, path, sure } = this.#cutAgain(first, strip, frames) ?? first;
    // Only the digits that it changes: tiles without their row, as in a link, mostly read the same.
    const spans = path.spans.map((span, k) => {
      if (span.logits[path.text[k]] === Math.max(...span.logits)) return span;
      const added = evidenceFor(frames, path.text, k);
      return { ...span, logits: span.logits.map((logit, digit) => logit + added[digit]) };
    });
    return { row: chosen, spans, sure };
  }

  // Cut a row where the row reader sees digits end, if both readers then agree on it.
  // Digits that touch along a stroke, such as a 1 before an 8, leave no narrow place.
  #cutAgain({ row, path, likelihood, cost }, strip, frames) {
    const seen = readGreedily(frames);
    if (!row.cutAgain || seen.text === path.text) return null;
    if (logLikelihood(frames, seen.text) < likelihood + MIN_GAIN) return null;
    const columns = seen.columns.map((column) => strip.left + strip.pixel * column);
    const finer = row.cutAgain(columns.slice(1).map((column, k) => [columns[k], column]));
    this.#interpret([[finer]]);
    const again = decide(frames, nearBestPaths(finer, costsOf(finer), DOUBTFUL_MARGIN));
    return again.path.text === seen.text && again.cost < cost ? { row: finer, ...again } : null;
  }

  // Return the decided rows with the logits of their digits as of one writer's.
  #byOneWriter(decided) {
    const logits = decided.flatMap(({ spans }) => spans.map((span) => span.logits));
    const adapted = readAsOneWriter(logits, this.calibration).values();
    return decided.map((row) => ({
      ...row,
      spans: row.spans.map((span) => ({ ...span, logits: adapted.next().value })),
    }));
  }

  // Whether the digits read much better after a turn by 90 degrees. Turned digits are often misread
  // with confidence, a 5 as a 2 for instance. A number lies in more rows when it is turned, never in
  // fewer.
  #isTurned(ink, paths) {
    const cost = meanCost(paths);
    if (!(cost >= MIN_TURNED_COST && cost < Infinity)) return false;
    return [turnedLeft, turnedRight].some((turned) => {
      const [way] = this.#interpret([segmentations(turned(ink))[0]]);
      const isCheaper = meanCost(way.paths) < TURNED_COST_SHARE * cost;
      return isCheaper && countRows(way.paths) <= countRows(paths);
    });
  }

  // Give each span the logits of its tile.
  #answer(spans) {
    const tiles = new Float32Array(784 * spans.length);
    spans.forEach(({ tile }, k) => tiles.set(tile, 784 * k));
    const logits = this.network.logits(tiles);
    spans.forEach((span, k) => (span.logits = [...logits.subarray(DIGITS * k, DIGITS * (k + 1))]));
  }

  // A digit cut from a component that was mostly discarded, such as a scribble, is not accepted, and
  // none is if one is too tall for the others.
  #digitsOfRow({ row, spans, sure }, toPicture) {
    const logits = spans.map((span) => span.logits);
    const accepted = acceptRow(logits, this.calibration, row.isCutFromOne(spans));
    const alone = spans.map((span, k) => sure[k] && accepted[k] && !row.isRemnant(span, spans));
    const heights = spans.filter((_, k) => alone[k]).map(({ glyph: { box } }) => box.bottom - box.top);
    const isOutsize = anyOutsize(heights);
    return spans.map((span, k) => this.#digitOnInk(span, toPicture, alone[k] && !isOutsize));
  }

  // The candidate with the most ink as a digit that is not accepted.
  #guess(sheets) {
    const candidates = sheets.flatMap(({ ways, toPicture }) =>
      ways.flatMap(({ rows }) => rows).flatMap(({ spans }) => spans.map((span) => ({ span, toPicture }))),
    );
    const massOfGlyph = ({ span }) => massOf(span.glyph);
    const { span, toPicture } = candidates.reduce((a, b) => (massOfGlyph(b) > massOfGlyph(a) ? b : a));
    return this.#digitOnInk(span, toPicture, false);
  }

  #digitOnInk(span, toPicture, accepted) {
    const { box, row } = span.glyph;
    const placement = toPicture.placement(box, span.placement);
    return this.#digit(span, toPicture.box(box), placement, row, accepted);
  }

  #digit({ tile, logits }, box, placement, row, accepted) {
    const probabilities = toProbabilities(logits, this.calibration.temperature).map(Math.fround);
    const confidence = Math.max(...probabilities);
    const label = probabilities.indexOf(confidence);
    return { label, confidence, probabilities, accepted, box, row, tile, placement };
  }
}

// Return the ways to take the ink, each as rows; one digit alone if there are no other candidates.
function waysOf(ink, one) {
  const ways = one ? [] : segmentations(ink);
  const hasSpans = ways.some((rows) => rows.some((row) => row.spans.length));
  return hasSpans ? ways : [[oneDigitLattice(singleDigit(ink))]];
}

const costsOf = (row) => row.spans.map(({ logits }) => labelCosts(logits));

// Return the paths between which the row reader is to decide, or none if the row is clear.
function doubtfulPaths(row, { length }, cost) {
  // A digit is about as wide as high: so many fit into the row, if not in the best path.
  const room = Math.max(length, row.width / row.height);
  if (!row.spans.length || room > MAX_ROW_DIGITS || cost > MAX_ROW_COST * room) return [];
  const paths = nearBestPaths(row, costsOf(row), DOUBTFUL_MARGIN);
  const isLoneDigit = room <= MAX_DIGIT_WIDTH && paths.every((path) => path.spans.length < 2);
  const isClear = paths.length < 2 && cost < DOUBTFUL_COST * room;
  return isClear || isLoneDigit ? [] : paths;
}

// How many rows hold a digit.
const countRows = (paths) => paths.filter((path) => path.length).length;

// Return the mean cost of the digits in nats; infinite for fewer than MIN_TURNED_DIGITS.
function meanCost(paths) {
  const costs = paths.flat().map(({ logits }) => Math.min(...labelCosts(logits)));
  if (costs.length < MIN_TURNED_DIGITS) return Infinity;
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

// Maps the ink's pixels to those of the original picture, of which the picture may be a smaller copy.
class ToPicture {
  constructor(picture, matrix, width = picture.width, height = picture.height) {
    const factors = scaling(width / picture.width, height / picture.height);
    Object.assign(this, { width, height, matrix: compose(factors, matrix) });
  }

  // [left, top, right, bottom] in whole pixels around a box.
  box({ left, top, right, bottom }) {
    const corners = [[left, top], [left, bottom], [right, top], [right, bottom]];
    const points = corners.map((corner) => mapPoint(this.matrix, corner).map(rounded));
    const [across, down] = [0, 1].map((k) => points.map((point) => point[k]));
    return [
      Math.max(0, Math.floor(Math.min(...across))),
      Math.max(0, Math.floor(Math.min(...down))),
      Math.min(this.width, Math.ceil(Math.max(...across))),
      Math.min(this.height, Math.ceil(Math.max(...down))),
    ];
  }

  // Where a tile lies, turned as its sheet is.
  placement(box, { left, top, xScale, yScale }) {
    const [x, y] = [box.left + left + 14 * xScale, box.top + top + 14 * yScale];
    const centre = mapPoint(this.matrix, [x, y]);
    const distance = (other) => Math.hypot(other[0] - centre[0], other[1] - centre[1]);
    const right = mapPoint(this.matrix, [x + xScale, y]);
    const across = distance(right);
    const down = distance(mapPoint(this.matrix, [x, y + yScale]));
    const turn = Math.atan2(right[1] - centre[1], right[0] - centre[0]);
    return { left: centre[0] - 14 * across, top: centre[1] - 14 * down, xScale: across, yScale: down, turn };
  }
}
