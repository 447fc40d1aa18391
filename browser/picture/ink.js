// A picture -> its ink, 0 paper to 1 stroke (digit_model/picture/ink.py, function by function).
//
// A picture is {data, width, height} of three bytes a pixel. Ink is a plane of floats.

import { NoInk } from "../errors.js";
import { distanceToPaper } from "../numerics/distance.js";
import {
  closingAlongColumns,
  closingAlongRows,
  gaussian,
  greyClosing,
  maximumAlongColumns,
  maximumAlongRows,
  medianOfNine,
  minimumAlongRows,
} from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import {
  above,
  both,
  crop,
  either,
  hasAny,
  labelled,
  mapMask,
  mapPlane,
  mask as emptyMask,
  plane,
  transposed,
  valuesIn,
  without,
} from "../numerics/plane.js";
import { BILINEAR, resize, shrinkPicture } from "../numerics/resample.js";
import { solve } from "../numerics/solve.js";
import { median, quantile, round } from "../numerics/statistics.js";

const WORKING_SIZE = 1000;
const LIGHT_SIZE = 64;
const JUDGED_ROWS = 125;
const MIN_COLOUR = 8;
export const MIN_PAGE_SIDE = 36;
const DARKEST_PAPER = 0.2;
const MIN_CONTRAST = 0.035;
const MIN_SIGNAL = 5.0;
const WEAKEST = 0.35;
const SURE = 0.55;
const FAR_DARKER = 2.0;
const LINE_PIECES = 10;
const LINE_REACH = 0.5;
const LINE_WIDTH = 0.02;
const THINNEST_LINE = 3;
const DARKER_THAN_LINES = 1.5;
const GROUND_REACH = 0.65;
const GROUND_MARGIN = 0.07;
const SMALLEST_STROKE = 0.08;
const SHORT_CONTACT = 0.15;
const STRIP = 1.8;
const SHORT_STRIP = 1.3;
const SMALLEST_PHOTO = 320;
const STRIP_CONTACT = 0.4;
const RIDGE = 0.01;
const COLOURS = [
  [0.299, 0.587, 0.114],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const isLarge = ({ width, height }) => Math.min(width, height) >= MIN_PAGE_SIDE;

export function findInk(picture) {
  const { grey, coarse } = clearest(shrinkPicture(picture, WORKING_SIZE));
  const ink = strokes(divideLightOut(grey, coarse).darkness);
  if (!ink || !hasAny(ink)) {
    throw new NoInk("This picture looks blank. Draw or photograph a digit with more contrast.");
  }
  return ink;
}

// The picture in 0..1 in the colour direction in which strokes stand out most, and a small copy.
function clearest(picture) {
  const isGrey = mostColour(picture) <= MIN_COLOUR;
  if (isGrey) return withCopy(mixed(picture, COLOURS[2]));
  const step = judgedStep(picture.height);
  const [red, green, blue] = COLOURS.slice(1).map((weights) =>
    copyOf(mixed(picture, weights), LIGHT_SIZE),
  );
  let best = { signal: -Infinity };
  for (const weights of COLOURS) {
    const rows = mixed(picture, weights, step);
    const coarse = mapPlane(red, (i) => mixOf(weights, red.data[i], green.data[i], blue.data[i]));
    const signal = signalOf(divideLightOut(rows, coarse).darkness);
    if (signal > best.signal) best = { signal, weights, coarse };
  }
  return { grey: mixed(picture, best.weights), coarse: best.coarse };
}

const withCopy = (grey) => ({ grey, coarse: copyOf(grey, LIGHT_SIZE) });

function mostColour({ data }) {
  let most = 0;
  for (let i = 0; i < data.length && most <= MIN_COLOUR; i += 3) {
    const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
    most = Math.max(most, Math.max(red, green, blue) - Math.min(red, green, blue));
  }
  return most;
}

const mixOf = ([r, g, b], red, green, blue) => r * red + g * green + b * blue;

// The weighted sum of the channels of each row, or of every `step`th, as a plane in 0..1.
function mixed({ data, width, height }, [r, g, b], step = 1) {
  const rows = Math.ceil(height / step);
  const grey = new Float32Array(rows * width);
  const levels = Float32Array.from({ length: 256 }, (_, level) => level / 255);
  for (let y = 0, to = 0; y < rows; y++) {
    let from = 3 * y * step * width;
    for (let x = 0; x < width; x++, from += 3) {
      grey[to++] = r * levels[data[from]] + g * levels[data[from + 1]] + b * levels[data[from + 2]];
    }
  }
  return plane(rows, width, grey);
}

// Every how many rows it takes to judge a picture of this height.
const judgedStep = (height) => Math.ceil(height / JUDGED_ROWS);

function someRows(source) {
  const step = judgedStep(source.height);
  if (step === 1) return source;
  const rows = Math.ceil(source.height / step);
  const data = new Float32Array(rows * source.width);
  for (let y = 0; y < rows; y++) {
    const start = y * step * source.width;
    data.set(source.data.subarray(start, start + source.width), y * source.width);
  }
  return plane(rows, source.width, data);
}

// The light on the paper, and the share of it that each pixel takes away.
function divideLightOut(grey, coarse) {
  const large = isLarge(grey);
  let paper = large ? fitPaper(coarse) : even(coarse, levelAround(grey));
  if (isLightOnDark(grey, paper)) [grey, coarse, paper] = [grey, coarse, paper].map(negative);
  if (large) {
    const local = localLight(coarse);
    const global = paper;
    paper = mapPlane(coarse, (i) => Math.max(local.data[i], 0.5 * global.data[i]));
  }
  const light = resizeTo(paper, grey);
  return { light, darkness: darknessOf(grey, light) };
}

function darknessOf({ data, width, height }, light) {
  const darkness = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const brightness = light.data[i];
    const divisor = brightness > DARKEST_PAPER ? brightness : DARKEST_PAPER;
    darkness[i] = (brightness - data[i]) / divisor;
  }
  return plane(height, width, darkness);
}

const even = ({ width, height }, level) =>
  plane(height, width, new Float32Array(width * height).fill(level));
const negative = (source) => mapPlane(source, (i) => 1 - source.data[i]);

// A quadratic surface through the paper, by least squares reweighted towards small residuals.
function fitPaper(coarse) {
  const some = everyOther(coarse);
  const levels = some.data;
  const isNear = everyOther(border(coarse)).data;
  const near = (values) => values.filter((_, i) => isNear[i]);
  const level = median(near(levels));
  let residual = levels.map((value) => Math.abs(value - level));
  let spread = median(near(residual));
  if (!near(residual).some(Boolean) && median(residual) === 0) return even(coarse, level);
  const terms = quadraticTerms(some);
  let surface;
  for (let round = 0; round < 6; round++) {
    // Tukey's biweight.
    const scale = Math.max(3 * spread, 0.02);
    const weights = residual.map((value) => Math.max(1 - (value / scale) ** 2, 0) ** 2);
    surface = weightedFit(terms, levels, weights);
    residual = levels.map((value, i) => Math.abs(value - surface[i]));
    spread = median(residual);
  }
  return resizeTo(plane(some.height, some.width, surface), coarse);
}

function weightedFit(terms, levels, weights) {
  const matrix = Array.from({ length: 6 }, (_, k) => {
    const row = new Float64Array(6);
    row[k] = RIDGE;
    return row;
  });
  const right = new Float64Array(6);
  terms.forEach((term, i) => {
    if (!weights[i]) return;
    for (let row = 0; row < 6; row++) {
      const weighted = weights[i] * term[row];
      right[row] += weighted * levels[i];
      for (let column = 0; column < 6; column++) matrix[row][column] += weighted * term[column];
    }
  });
  const factors = solve(matrix, right);
  return Float32Array.from(terms, (term) => term.reduce((sum, t, k) => sum + t * factors[k], 0));
}

function quadraticTerms({ width, height }) {
  const along = (place, length) => (length > 1 ? (2 * place) / (length - 1) - 1 : -1);
  return Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [along(i % width, width), along(Math.floor(i / width), height)];
    return [1, x, y, x * x, x * y, y * y];
  });
}

function everyOther({ data, width, height }) {
  const [wide, high] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const some = new data.constructor(wide * high);
  for (let i = 0; i < some.length; i++) {
    some[i] = data[2 * Math.floor(i / wide) * width + 2 * (i % wide)];
  }
  return { data: some, width: wide, height: high };
}

// A frame of a sixteenth of the shorter side, at least a pixel.
function border({ width, height }) {
  const thick = Math.max(1, Math.floor(Math.min(width, height) / 16));
  return mapMask({ width, height }, (i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.min(x, y, width - 1 - x, height - 1 - y) < thick;
  });
}

// The median of the light or of the dark pixels, whichever lie more around the strokes.
function levelAround(grey) {
  const { data, width, height } = grey;
  const [low, high] = [data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))];
  const middle = Math.fround(Math.fround(low + high) / 2);
  const isLight = mapMask(grey, (i) => data[i] > middle).data;
  const [across, down] = [width, height].map((side) => Math.max(1, Math.floor(side / 8)));
  const frame = border(grey).data;
  const shareOf = (isCounted) => {
    let [light, all] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      if (!isCounted(i, i % width, Math.floor(i / width))) continue;
      light += isLight[i];
      all++;
    }
    return light / all;
  };
  const votes = [
    shareOf((_, x, y) => (x < across || x >= width - across) && (y < down || y >= height - down)),
    shareOf((i) => frame[i]),
    shareOf(() => true),
  ];
  const chosen = (votes[0] + votes[1] + votes[2]) / 3 > 0.5 ? 1 : 0;
  return median(data.filter((_, i) => isLight[i] === chosen));
}

// Whether what stands out from the paper is lighter than it.
function isLightOnDark(grey, paper) {
  const rows = someRows(grey);
  const light = resizeTo(paper, rows).data;
  let [lighter, darker] = [0, 0];
  for (let i = 0; i < light.length; i++) {
    const residual = rows.data[i] - light[i];
    if (residual > 0) lighter += residual * residual;
    else darker += residual * residual;
  }
  return lighter > darker;
}

// The paper's brightness near each pixel: strokes closed over, then smoothed.
function localLight(coarse) {
  const reach = Math.floor(LIGHT_SIZE / 5);
  const beyond = carriedOn(medianOfNine(coarse), reach);
  const closed = gaussian(greyClosing(beyond, reach), 1);
  const [right, bottom] = [reach + coarse.width, reach + coarse.height];
  return crop(closed, { left: reach, top: reach, right, bottom });
}

// numpy.pad with mode "reflect" and type "odd": beyond an edge the light falls off as towards it.
function carriedOn({ data, width, height }, reach) {
  const rows = new Float32Array(height * (width + 2 * reach));
  const wide = width + 2 * reach;
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < wide; x++) rows[y * wide + x] = oddlyMirrored(row, x - reach);
  }
  const all = new Float32Array((height + 2 * reach) * wide);
  for (let x = 0; x < wide; x++) {
    const column = Float32Array.from({ length: height }, (_, y) => rows[y * wide + x]);
    for (let y = 0; y < height + 2 * reach; y++) {
      all[y * wide + x] = oddlyMirrored(column, y - reach);
    }
  }
  return plane(height + 2 * reach, wide, all);
}

function oddlyMirrored(values, place) {
  const last = values.length - 1;
  if (last === 0) return values[0];
  if (place < 0) return 2 * values[0] - oddlyMirrored(values, -place);
  if (place > last) return 2 * values[last] - oddlyMirrored(values, 2 * last - place);
  return values[place];
}

// How far the darkest half percent stands above the noise of the rest.
const signalOf = (darkness) => quantile(darkness.data, 0.995) / (noiseOf(darkness) + 0.01);

// The paper's noise: the median difference of neighbours, scaled to a standard deviation.
function noiseOf(darkness) {
  const { data, width, height } = someRows(darkness);
  const differences = new Float32Array(height * (width - 1));
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = y * width + 1; x < (y + 1) * width; x++) {
      differences[to++] = Math.abs(data[x] - data[x - 1]);
    }
  }
  return median(differences) / 0.954;
}

// Keep the grey of what reaches the strokes' level, and of what is joined to it; null for a blank.
function strokes(darkness) {
  const large = isLarge(darkness);
  if (large) {
    const longest = Math.max(darkness.width, darkness.height);
    darkness = gaussian(darkness, Math.min(0.8, longest / 500));
  }
  const { data } = darkness;
  const threshold = Math.fround(Math.max(MIN_CONTRAST, MIN_SIGNAL * noiseOf(darkness)));
  let mask = above(darkness, threshold);
  if (!hasAny(mask)) return null;
  if (large && !isStrip(mask)) mask = withoutSurroundings(mask, darkness);
  const level = levelOf(darkness, mask);
  mask = both(mask, above(darkness, Math.fround(WEAKEST * level)));
  if (large) mask = withoutSurroundings(withoutLines(mask, darkness));
  const joined = reaching(mask, above(darkness, Math.fround(SURE * level)));
  const ink = new Float32Array(data.length);
  for (let i = 0; i < ink.length; i++) {
    if (joined.data[i]) ink[i] = data[i] > level ? 1 : data[i] / level;
  }
  return plane(mask.height, mask.width, ink);
}

// How dark the strokes among the mask's pixels are.
const levelOf = (darkness, mask) => quantile(valuesIn(darkness, mask), 0.9);

// The connected components of the mask that hold a seed.
function reaching(mask, seeds) {
  const { labels, count } = label(mask);
  const isKept = new Uint8Array(count + 1);
  for (let i = 0; i < labels.length; i++) if (seeds.data[i]) isKept[labels[i]] = 1;
  isKept[0] = 0;
  return labelled(mask, labels, isKept);
}

// Take out ruled lines and squares: upright ones first, then level ones.
function withoutLines(mask, darkness) {
  const upright = levelLines(transposed(mask));
  if (hasAny(upright)) {
    mask = transposed(withoutLevelLines(transposed(mask), transposed(darkness), upright));
  }
  const level = levelLines(mask);
  return hasAny(level) ? withoutLevelLines(mask, darkness, level) : mask;
}

// What is darker than the line, or lies between ink above and below it, is a stroke across it.
function withoutLevelLines(mask, darkness, lines) {
  const usual = median(valuesIn(darkness, lines));
  const dark = above(darkness, Math.fround(DARKER_THAN_LINES * usual));
  const across = either(without(mask, lines), both(lines, dark));
  const reach = 2 * round(LINE_WIDTH * Math.max(mask.width, mask.height)) + 1;
  return either(across, both(lines, closingAlongColumns(across, reach)));
}

// The pixels of lines that run along the rows across most of the picture.
function levelLines(mask) {
  const { width, height } = mask;
  const lines = width >= STRIP * height ? groundLine(mask) : emptyMask(height, width);
  if (!runsThrough(inkedColumns(mask, 0, width), width)) return lines;
  const piece = Math.floor(width / LINE_PIECES);
  // The runs are a pixel wider than the line on each of its sides.
  const widest = 2 + Math.max(THINNEST_LINE, LINE_WIDTH * Math.max(width, height));
  const thick = maximumAlongColumns(mask, 3);
  const runs = maximumAlongRows(minimumAlongRows(thick, piece), piece);
  const { labels, boxes } = label(maximumAlongRows(runs, 2 * piece));
  boxes.forEach((box, k) => addLine(lines, runs, labels, box, k + 1, widest));
  return both(lines, mask);
}

function addLine(lines, runs, labels, { left, top, right, bottom }, number, widest) {
  const { width } = runs;
  const isOwn = (i) => runs.data[i] && labels[i] === number;
  const widths = new Int32Array(right - left);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) if (isOwn(y * width + x)) widths[x - left]++;
  }
  const covered = [...widths.keys()].filter((x) => widths[x]).map((x) => x + left);
  if (!covered.length || median(widths.filter(Boolean)) > widest) return;
  if (covered.length < LINE_REACH * width || !runsThrough(covered, width)) return;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const i = y * width + x;
      if (widths[x - left] <= widest && isOwn(i)) lines.data[i] = 1;
    }
  }
}

function inkedColumns({ data, width, height }, left, right) {
  const columns = [];
  for (let x = left; x < right; x++) {
    let y = 0;
    while (y < height && !data[y * width + x]) y++;
    if (y < height) columns.push(x);
  }
  return columns;
}

// The pixels of a line on which a strip's writing stands, maybe broken.
function groundLine(mask) {
  const { width, height } = mask;
  const thick = maximumAlongColumns(mask, 3);
  const closed = closingAlongRows(thick, Math.floor(width / LINE_PIECES));
  const margin = round(GROUND_MARGIN * width);
  const isFull = Array.from({ length: height }, (_, y) => {
    const row = closed.data.subarray(y * width + margin, (y + 1) * width - margin);
    const inked = thick.data.subarray(y * width, (y + 1) * width).reduce((a, b) => a + b, 0);
    return row.every(Boolean) && inked / width >= GROUND_REACH;
  });
  return mapMask(mask, (i) => mask.data[i] && isFull[Math.floor(i / width)]);
}

// Whether the covered places of a side come near both of its ends.
function runsThrough(covered, length) {
  const margin = LINE_WIDTH * length;
  return covered.length > 0 && covered[0] <= margin && covered.at(-1) >= length - 1 - margin;
}

// Take out what comes in from the picture's edge, such as a desk or a dark corner.
function withoutSurroundings(mask, darkness = null) {
  if (!touchesEdge(mask)) return mask;
  let inside = insideOf(mask);
  if (darkness) {
    const outside = without(mask, inside);
    if (hasAny(outside)) inside = either(inside, withoutShadow(outside, darkness));
  }
  return hasAny(inside) ? inside : mask;
}

function touchesEdge({ data, width, height }) {
  const last = (height - 1) * width;
  for (let x = 0; x < width; x++) if (data[x] || data[last + x]) return true;
  for (let y = 0; y < height; y++) if (data[y * width] || data[(y + 1) * width - 1]) return true;
  return false;
}

// The strokes of what comes in from the edge, if a far fainter shadow joins them to it.
function withoutShadow(outside, darkness) {
  const least = Math.fround(WEAKEST * levelOf(darkness, outside));
  const faintest = valuesIn(darkness, outside).reduce((a, b) => Math.min(a, b));
  if (least < FAR_DARKER * faintest) return without(outside, outside);
  return insideOf(both(outside, above(darkness, least)));
}

// The parts of a mask that do not come in from the picture's edge; none if all are low.
function insideOf(mask) {
  const { width, height } = mask;
  const { labels, count, boxes } = label(mask);
  const contacts = contactsOf(labels, count, mask);
  const { central, sizes } = centralShares(labels, count, mask);
  const shortest = Math.min(width, height);
  const lengths = isStrip(mask) ? lengthsOf(mask, labels, count) : null;
  const isKept = new Uint8Array(count + 1);
  let tallest = 0;
  for (let k = 1; k <= count; k++) {
    const [top, bottom, left, right] = contacts.map((side) => side[k]);
    const isEnd =
      !(top * bottom || left * right) &&
      Math.max(top, bottom, left, right) <= SHORT_CONTACT * shortest;
    const isShort = lengths && top + bottom + left + right <= STRIP_CONTACT * lengths[k];
    if (!(isEnd || central[k] > 0.6 * sizes[k] || isShort)) continue;
    isKept[k] = 1;
    tallest = Math.max(tallest, boxes[k - 1].bottom - boxes[k - 1].top);
  }
  if (tallest < SMALLEST_STROKE * height) isKept.fill(0);
  return labelled(mask, labels, isKept);
}

// How many pixels of each label lie on the top, the bottom, the left and the right side.
function contactsOf(labels, count, { width, height }) {
  const contacts = Array.from({ length: 4 }, () => new Int32Array(count + 1));
  for (let x = 0; x < width; x++) {
    contacts[0][labels[x]]++;
    contacts[1][labels[(height - 1) * width + x]]++;
  }
  for (let y = 0; y < height; y++) {
    contacts[2][labels[y * width]]++;
    contacts[3][labels[(y + 1) * width - 1]]++;
  }
  return contacts;
}

// How many pixels each label has in the middle of the picture, and in all.
function centralShares(labels, count, { width, height }) {
  const [central, sizes] = [new Int32Array(count + 1), new Int32Array(count + 1)];
  const [left, top] = [Math.floor(width / 8), Math.floor(height / 8)];
  const [right, bottom] = [width - Math.ceil(width / 8), height - Math.ceil(height / 8)];
  for (let y = 0, i = 0; y < height; y++) {
    const isMiddle = y >= top && y < bottom;
    for (let x = 0; x < width; x++, i++) {
      sizes[labels[i]]++;
      if (isMiddle && x >= left && x < right) central[labels[i]]++;
    }
  }
  return { central, sizes };
}

function isStrip({ width, height }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  return long >= (long < SMALLEST_PHOTO ? SHORT_STRIP : STRIP) * short;
}

// How long the strokes of each label are, in pixels: their area over their width.
function lengthsOf(mask, labels, count) {
  const depths = distanceToPaper(mask).data;
  const [areas, sums] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  for (let i = 0; i < labels.length; i++) {
    areas[labels[i]]++;
    sums[labels[i]] += depths[i];
  }
  // Across a stroke of width w the distance to the paper averages w / 4.
  return areas.map((area, k) => area / Math.max((4 * sums[k]) / area - 1, 1));
}

function copyOf(grey, longest) {
  const factor = Math.min(1, longest / Math.max(grey.width, grey.height));
  const [height, width] = [grey.height, grey.width].map((side) => Math.max(1, round(side * factor)));
  return resize(grey, height, width, BILINEAR);
}

function resizeTo(grey, { height, width }) {
  const [level] = grey.data;
  // Under a drawing the paper is even, and to resample it would take as long as all the rest.
  if (grey.data.every((value) => value === level)) return even({ height, width }, level);
  return resize(grey, height, width, BILINEAR);
}
