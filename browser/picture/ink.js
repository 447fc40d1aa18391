// A picture -> its ink, 0 paper to 1 stroke (digit_model/picture/ink.py, function by function).
//
// A picture is {data, width, height} of three bytes a pixel. Ink is a plane of floats.

import { NoInk } from "../errors.js";
import { distanceToPaper } from "../numerics/distance.js";
import {
  closingAlongColumns,
  closingAlongRows,
  gaussian,
  maximumAlongColumns,
  maximumAlongRows,
  minimumAlongRows,
} from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import {
  above,
  both,
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
import { shrinkPicture } from "../numerics/resample.js";
import { median, quantile, round } from "../numerics/statistics.js";
import { borderMask, even, fitPaper, LIGHT_SIZE, localLight, resize, resizeTo } from "./light.js";
import { compose, scaling } from "./perspective.js";
import { flatten } from "./surface.js";

const WORKING_SIZE = 1000;
const MAX_SAMPLED_ROWS = 125;
const MIN_COLOUR = 8;
export const MIN_PAGE_SIDE = 36;
const MIN_LIGHT = 0.2;
const MIN_CONTRAST = 0.035;
const MIN_SIGNAL = 5.0;
const LOWER_STROKE_SHARE = 0.35;
const UPPER_STROKE_SHARE = 0.55;
const MIN_SHADOW_RATIO = 2.0;
const LINE_PIECES = 10;
const MIN_LINE_COVERAGE = 0.5;
const MAX_LINE_WIDTH = 0.02;
const HAIRLINE_PIXELS = 3;
const STROKE_TO_LINE_RATIO = 1.5;
const MIN_BASELINE_COVERAGE = 0.65;
const BASELINE_MARGIN = 0.07;
const MIN_SUBJECT_HEIGHT = 0.08;
const MAX_CONTACT = 0.15;
const MIN_STRIP_RATIO = 1.8;
const MIN_SMALL_STRIP_RATIO = 1.3;
const MIN_PHOTO_SIDE = 320;
const MAX_STRIP_CONTACT = 0.4;
const COLOURS = [
  [0.299, 0.587, 0.114],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const isLarge = ({ width, height }) => Math.min(width, height) >= MIN_PAGE_SIDE;

// Find the strokes of a picture, and the matrix that maps the ink's pixels to those of the picture.
export function locateInk(picture) {
  const small = shrinkPicture(picture, WORKING_SIZE);
  const { picture: surface, toPicture: toSmall } = flatten(small);
  const { grey, coarse } = clearestColour(surface);
  const ink = strokes(divideLightOut(grey, coarse).darkness);
  if (!ink || !hasAny(ink)) {
    throw new NoInk("This picture looks blank. Draw or photograph a digit with more contrast.");
  }
  const factors = scaling(picture.width / small.width, picture.height / small.height);
  return { ink, toPicture: compose(factors, toSmall) };
}

// The picture in 0..1 in the colour direction in which strokes stand out most, and a small copy.
function clearestColour(picture) {
  const isGrey = mostColour(picture) <= MIN_COLOUR;
  if (isGrey) return withCopy(projected(picture, COLOURS[2]));
  const step = samplingStep(picture.height);
  const [red, green, blue] = COLOURS.slice(1).map((weights) =>
    resize(projected(picture, weights), LIGHT_SIZE),
  );
  let best = { signal: -Infinity };
  for (const weights of COLOURS) {
    const rows = projected(picture, weights, step);
    const coarse = mapPlane(red, (i) => mixOf(weights, red.data[i], green.data[i], blue.data[i]));
    const signal = signalOf(divideLightOut(rows, coarse).darkness);
    if (signal > best.signal) best = { signal, weights, coarse };
  }
  return { grey: projected(picture, best.weights), coarse: best.coarse };
}

const withCopy = (grey) => ({ grey, coarse: resize(grey, LIGHT_SIZE) });

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
function projected({ data, width, height }, [r, g, b], step = 1) {
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
const samplingStep = (height) => Math.ceil(height / MAX_SAMPLED_ROWS);

function sampledRows(source) {
  const step = samplingStep(source.height);
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
  let paper = large ? fitPaper(coarse) : even(coarse, backgroundLevel(grey));
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
    const divisor = brightness > MIN_LIGHT ? brightness : MIN_LIGHT;
    darkness[i] = (brightness - data[i]) / divisor;
  }
  return plane(height, width, darkness);
}

const negative = (source) => mapPlane(source, (i) => 1 - source.data[i]);

// The median of the light or of the dark pixels, whichever lie more around the strokes.
function backgroundLevel(grey) {
  const { data, width, height } = grey;
  const [low, high] = [data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))];
  const middle = Math.fround(Math.fround(low + high) / 2);
  const isLight = mapMask(grey, (i) => data[i] > middle).data;
  const [across, down] = [width, height].map((side) => Math.max(1, Math.floor(side / 8)));
  const frame = borderMask(grey).data;
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
  const rows = sampledRows(grey);
  const light = resizeTo(paper, rows).data;
  let [lighter, darker] = [0, 0];
  for (let i = 0; i < light.length; i++) {
    const residual = rows.data[i] - light[i];
    if (residual > 0) lighter += residual * residual;
    else darker += residual * residual;
  }
  return lighter > darker;
}

// How far the darkest half percent stands above the noise of the rest.
const signalOf = (darkness) => quantile(darkness.data, 0.995) / (noiseOf(darkness) + 0.01);

// The paper's noise: the median difference of neighbours, scaled to a standard deviation.
function noiseOf(darkness) {
  const { data, width, height } = sampledRows(darkness);
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
  const level = strokeLevel(darkness, mask);
  mask = both(mask, above(darkness, Math.fround(LOWER_STROKE_SHARE * level)));
  if (large) mask = withoutSurroundings(withoutLines(mask, darkness));
  const joined = componentsWithSeeds(mask, above(darkness, Math.fround(UPPER_STROKE_SHARE * level)));
  const ink = new Float32Array(data.length);
  for (let i = 0; i < ink.length; i++) {
    if (joined.data[i]) ink[i] = data[i] > level ? 1 : data[i] / level;
  }
  return plane(mask.height, mask.width, ink);
}

// How dark the strokes among the mask's pixels are.
const strokeLevel = (darkness, mask) => quantile(valuesIn(darkness, mask), 0.9);

// The connected components of the mask that hold a seed.
function componentsWithSeeds(mask, seeds) {
  const { labels, count } = label(mask);
  const isKept = new Uint8Array(count + 1);
  for (let i = 0; i < labels.length; i++) if (seeds.data[i]) isKept[labels[i]] = 1;
  isKept[0] = 0;
  return labelled(mask, labels, isKept);
}

// Take out ruled lines and squares: upright ones first, then level ones.
function withoutLines(mask, darkness) {
  const upright = linesAlongRows(transposed(mask));
  if (hasAny(upright)) {
    mask = transposed(withoutLevelLines(transposed(mask), transposed(darkness), upright));
  }
  const level = linesAlongRows(mask);
  return hasAny(level) ? withoutLevelLines(mask, darkness, level) : mask;
}

// What is darker than the line, or lies between ink above and below it, is a stroke across it.
function withoutLevelLines(mask, darkness, lines) {
  const usual = median(valuesIn(darkness, lines));
  const dark = above(darkness, Math.fround(STROKE_TO_LINE_RATIO * usual));
  const across = either(without(mask, lines), both(lines, dark));
  const reach = 2 * round(MAX_LINE_WIDTH * Math.max(mask.width, mask.height)) + 1;
  return either(across, both(lines, closingAlongColumns(across, reach)));
}

// The pixels of lines that run along the rows across most of the picture.
function linesAlongRows(mask) {
  const { width, height } = mask;
  const lines = width >= MIN_STRIP_RATIO * height ? baseline(mask) : emptyMask(height, width);
  if (!reachesBothEnds(inkedColumns(mask, 0, width), width)) return lines;
  const piece = Math.floor(width / LINE_PIECES);
  // The runs are a pixel wider than the line on each of its sides.
  const widest = 2 + Math.max(HAIRLINE_PIXELS, MAX_LINE_WIDTH * Math.max(width, height));
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
  if (covered.length < MIN_LINE_COVERAGE * width || !reachesBothEnds(covered, width)) return;
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
function baseline(mask) {
  const { width, height } = mask;
  const thick = maximumAlongColumns(mask, 3);
  const closed = closingAlongRows(thick, Math.floor(width / LINE_PIECES));
  const margin = round(BASELINE_MARGIN * width);
  const isFull = Array.from({ length: height }, (_, y) => {
    const row = closed.data.subarray(y * width + margin, (y + 1) * width - margin);
    const inked = thick.data.subarray(y * width, (y + 1) * width).reduce((a, b) => a + b, 0);
    return row.every(Boolean) && inked / width >= MIN_BASELINE_COVERAGE;
  });
  return mapMask(mask, (i) => mask.data[i] && isFull[Math.floor(i / width)]);
}

// Whether the covered places of a side come near both of its ends.
function reachesBothEnds(covered, length) {
  const margin = MAX_LINE_WIDTH * length;
  return covered.length > 0 && covered[0] <= margin && covered.at(-1) >= length - 1 - margin;
}

// Take out what comes in from the picture's edge, such as a desk or a dark corner.
function withoutSurroundings(mask, darkness = null) {
  if (!touchesEdge(mask)) return mask;
  let inside = componentsInside(mask);
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
  const least = Math.fround(LOWER_STROKE_SHARE * strokeLevel(darkness, outside));
  const faintest = valuesIn(darkness, outside).reduce((a, b) => Math.min(a, b));
  if (least < MIN_SHADOW_RATIO * faintest) return without(outside, outside);
  return componentsInside(both(outside, above(darkness, least)));
}

// The parts of a mask that do not come in from the picture's edge; none if all are low.
function componentsInside(mask) {
  const { width, height } = mask;
  const { labels, count, boxes } = label(mask);
  const contacts = contactsOf(labels, count, mask);
  const { central, sizes } = centralShares(labels, count, mask);
  const shortest = Math.min(width, height);
  const lengths = isStrip(mask) ? strokeLengths(mask, labels, count) : null;
  const isKept = new Uint8Array(count + 1);
  let tallest = 0;
  for (let k = 1; k <= count; k++) {
    const [top, bottom, left, right] = contacts.map((side) => side[k]);
    const isEnd =
      !(top * bottom || left * right) &&
      Math.max(top, bottom, left, right) <= MAX_CONTACT * shortest;
    const isShort = lengths && top + bottom + left + right <= MAX_STRIP_CONTACT * lengths[k];
    if (!(isEnd || central[k] > 0.6 * sizes[k] || isShort)) continue;
    isKept[k] = 1;
    tallest = Math.max(tallest, boxes[k - 1].bottom - boxes[k - 1].top);
  }
  if (tallest < MIN_SUBJECT_HEIGHT * height) isKept.fill(0);
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
  return long >= (long < MIN_PHOTO_SIDE ? MIN_SMALL_STRIP_RATIO : MIN_STRIP_RATIO) * short;
}

// How long the strokes of each label are, in pixels: their area over their width.
function strokeLengths(mask, labels, count) {
  const depths = distanceToPaper(mask).data;
  const [areas, sums] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  for (let i = 0; i < labels.length; i++) {
    areas[labels[i]]++;
    sums[labels[i]] += depths[i];
  }
  // Across a stroke of width w the distance to the paper averages w / 4.
  return areas.map((area, k) => area / Math.max((4 * sums[k]) / area - 1, 1));
}
