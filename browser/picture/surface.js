// Picture -> the writing surface in it: a sheet, a card or a board whose edges are in view
// (digit_model/picture/surface.py).
//
// A picture is {data, width, height} of three bytes a pixel, and a surface is {corners, score} with
// four [x, y] corners, clockwise from the top left.

import { distanceTransform } from "../numerics/distance.js";
import {
  dilatedByCross,
  gaussian,
  minimumAlongColumns,
  minimumAlongRows,
  mirrored,
  openedBySquare,
} from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import {
  above,
  below,
  both,
  crop,
  equalTo,
  hasAny,
  inverse,
  labelled,
  mapPlane,
  padded,
  plane,
  sumOf,
} from "../numerics/plane.js";
import {
  convexHull,
  cross,
  enclosingQuadrilateral,
  minus,
  polygonArea,
  rolled,
  sidesOf,
} from "../numerics/polygons.js";
import { linearFit, median, quantile, round } from "../numerics/statistics.js";
import { fillHoles } from "./components.js";
import { shrink } from "./light.js";
import { homography, IDENTITY, warp } from "./perspective.js";
import { paintOverThumbs } from "./thumb.js";

const COPY_SIZE = 160;
const MIN_SIDE = 100;
const GLANCE_SIZE = 80;
const GLANCE_THRESHOLD = 3;
const EVEN_BORDER = 0.97;
const BROAD = 21;
const MIN_GLANCE_FIT = 0.85;
const GRADIENT_THRESHOLDS = [3, 5, 8, 12, 18];
const MIN_AREA = 0.06;
const MAX_AREA = 0.94;
const MIN_FILLED = 0.68;
const MIN_SHAPE = 0.88;
const MIN_PAPER = 0.45;
const MAX_BORDER = 0.5;
const MAX_NOTCHED = 0.08;
const MIN_SCORE = 0.55;
const MIN_FURTHER_SCORE = 0.7;
const MAX_OVERLAP = 0.15;
const MAX_ASPECT = 4;
const MIN_CONTRAST = 6;
const MAX_CORNER_COSINE = 0.5;
const TRIMMED = 0.015;
const EDGE_REACH = 2;
const INSIDE = [2.5, 6];
const SURROUNDINGS = [2.5, 7, 13];
const MIN_SEED = 0.004;
const SAME_COLOUR = 30;
const OPENING = 5;
const DISC_RADIUS = 5.5;
const DISC_MARGIN = 8;

// Return the writing surface of a picture, or null where paper fills the picture.
export const findSurface = (picture) => findSurfaces(picture)[0] ?? null;

// Return the writing surface of a picture and, after it, the others that are as clear; none where
// paper fills the picture.
export function findSurfaces(picture) {
  const { width, height } = picture;
  if (Math.min(width, height) < MIN_SIDE || isOnePage(shrink(picture, GLANCE_SIZE))) return [];
  const copy = shrink(picture, COPY_SIZE);
  const candidates = [];
  for (const [flat, region] of flatRegions(copy)) {
    const surface = candidateOf(copy, flat, region);
    if (surface) candidates.push(surface);
  }
  const merit = ({ corners, score }) => score * polygonArea(corners) ** 0.25;
  candidates.sort((a, b) => merit(b) - merit(a));
  const scaled = ([x, y]) => [(x * width) / copy.width, (y * height) / copy.height];
  return apart(candidates).map(({ corners, score }) => ({ corners: corners.map(scaled), score }));
}

// The first surface and each later one that is clear and overlaps with none before.
function apart(candidates) {
  const chosen = candidates.slice(0, 1);
  for (const surface of candidates.slice(1)) {
    const isClear = surface.score >= MIN_FURTHER_SCORE;
    if (isClear && !chosen.some((other) => overlap(surface, other))) chosen.push(surface);
  }
  return chosen;
}

// Whether the upright boxes around two surfaces share much of the smaller one.
function overlap(a, b) {
  const boxes = [a, b].map(({ corners }) => [0, 1].map((k) => rangeOf(corners, k)));
  const areas = boxes.map(([[left, right], [top, bottom]]) => (right - left) * (bottom - top));
  const [across, down] = [0, 1].map((k) => {
    const [[low, high], [otherLow, otherHigh]] = boxes.map((box) => box[k]);
    return Math.max(0, Math.min(high, otherHigh) - Math.max(low, otherLow));
  });
  return across * down > MAX_OVERLAP * Math.min(...areas);
}

function rangeOf(points, k) {
  const places = points.map((point) => point[k]);
  return [Math.min(...places), Math.max(...places)];
}

// Whether even paper reaches all of the border, and nothing on it may be a sheet. Drawings and most
// scans then cost next to nothing.
function isOnePage(copy) {
  const { labels, count } = label(below(gradientOf(copy), GLANCE_THRESHOLD), false);
  const { width, height } = copy;
  const border = new Int32Array(count + 1);
  forEachOnBorder(width, height, (i) => border[labels[i]]++);
  const page = border.indexOf(border.subarray(1).reduce((a, b) => Math.max(a, b), 0), 1);
  if (page < 1 || border[page] < EVEN_BORDER * 2 * (width + height)) return false;
  if (holdsOtherPaper(copy, labels, count, page)) return false;
  const objects = label(inverse(equalTo({ ...copy, data: labels }, page)));
  return !objects.boxes.some((box, k) => {
    const own = crop({ data: objects.labels, width, height }, box);
    return fitQuadrilateral(fillHoles(equalTo(own, k + 1)), width * height)?.fit >= MIN_GLANCE_FIT;
  });
}

// Whether the page holds another even region, and a broad one in another colour.
function holdsOtherPaper(copy, labels, count, page) {
  const { data, width, height } = copy;
  const least = MIN_PAPER * MIN_AREA * width * height;
  if (!areasOf(labels, count).some((area, k) => k !== page && area >= least)) return false;
  const colour = medianColour(copy, labels, page);
  const other = mapPlane(copy, (i) =>
    isAlike(Array.from(data.subarray(3 * i, 3 * i + 3)), colour) ? 0 : 1,
  );
  return hasAny(minimumAlongColumns(minimumAlongRows(other, BROAD), BROAD));
}

// Call visit(index) for the pixels of each of the four sides, so for those in the corners twice.
function forEachOnBorder(width, height, visit) {
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit((y + 1) * width - 1);
  }
}

// Return the writing surface seen straight on, and the matrix from it to the picture. Without such
// a surface these are the picture itself and the identity.
export function flatten(picture) {
  const surface = findSurface(picture);
  return surface ? flattened(picture, surface) : { picture, toPicture: IDENTITY };
}

// Return each writing surface in reading order, like flatten: several notes, for instance.
export function flattenAll(picture) {
  const surfaces = inReadingOrder(findSurfaces(picture));
  if (!surfaces.length) return [{ picture, toPicture: IDENTITY }];
  return surfaces.map((surface) => flattened(picture, surface));
}

// Sort surfaces from the top, and from the left where one lies beside another.
function inReadingOrder(surfaces) {
  const [x, y] = [0, 1].map((k) => ({ corners }) => meanOf(corners)[k]);
  const lines = [];
  for (const surface of [...surfaces].sort((a, b) => y(a) - y(b))) {
    const line = lines.at(-1);
    if (line && y(surface) < meanOf(line[0].corners.slice(2))[1]) line.push(surface);
    else lines.push([surface]);
  }
  return lines.flatMap((line) => line.sort((a, b) => x(a) - x(b)));
}

function flattened(picture, surface) {
  const corners = trimmed(refine(picture, surface.corners));
  const sides = sidesOf(corners);
  const [width, height] = [sides[0] + sides[2], sides[1] + sides[3]].map((both) =>
    Math.max(8, round(both / 2)),
  );
  const straight = [[0, 0], [width, 0], [width, height], [0, height]];
  const toPicture = homography(straight, corners);
  return { picture: paintOverThumbs(warp(picture, toPicture, [width, height])), toPicture };
}

function trimmed(corners) {
  const centre = meanOf(corners);
  return corners.map((corner) => corner.map((at, k) => centre[k] + (at - centre[k]) * (1 - TRIMMED)));
}

const meanOf = (points) =>
  [0, 1].map((k) => points.reduce((sum, point) => sum + point[k], 0) / points.length);

// Move the sides of a quadrilateral onto the strongest edges nearby, to within a pixel.
function refine(picture, corners) {
  const reach = Math.max(2, round((EDGE_REACH * Math.max(picture.width, picture.height)) / COPY_SIZE));
  const lines = corners.map((start, k) => {
    const side = minus(corners[(k + 1) % 4], start);
    const length = Math.hypot(...side);
    const along = side.map((at) => at / length);
    const normal = [-along[1], along[0]];
    const places = evenly(0.06, 0.94, 48).map((share) => share * length);
    const edges = strongestEdges(profilesAt(picture, start, along, normal, places, reach));
    const [offset, slope] = fitLine(places, edges.map((edge) => edge - reach));
    return [
      [start[0] + offset * normal[0], start[1] + offset * normal[1]],
      [along[0] + slope * normal[0], along[1] + slope * normal[1]],
    ];
  });
  return lines.map((line, k) => meet(lines[(k + 3) % 4], line));
}

// `count` numbers from the first to the last, as numpy.linspace gives them.
const evenly = (first, last, count) =>
  Array.from({ length: count }, (_, k) => first + (k * (last - first)) / (count - 1));

// For each place along a side the colours across it, one array of three channels a step.
function profilesAt(picture, start, along, normal, places, reach) {
  const steps = Array.from({ length: 2 * reach + 5 }, (_, k) => k - reach - 2);
  return places.map((place) =>
    steps.flatMap((step) =>
      sample(picture, [
        start[0] + place * along[0] + step * normal[0],
        start[1] + place * along[1] + step * normal[1],
      ]),
    ),
  );
}

// Of each profile, smoothed over five neighbours, the step with the steepest edge.
function strongestEdges(profiles) {
  const smooth = profiles.map((_, k) =>
    Float32Array.from(profiles[0], (_, i) => {
      let sum = 0;
      for (let away = -2; away <= 2; away++) sum += profiles[mirrored(k + away, profiles.length)][i];
      return sum / 5;
    }),
  );
  return smooth.map((profile) => {
    const steps = profile.length / 3 - 4;
    let [place, most] = [0, -1];
    for (let step = 0; step < steps; step++) {
      for (let i = 3 * step; i < 3 * step + 3; i++) {
        const edge = Math.fround(Math.abs(profile[i + 12] - profile[i]));
        if (edge > most) [place, most] = [step, edge];
      }
    }
    return place;
  });
}

// The offset and the slope of a line through most of the points.
function fitLine(x, y) {
  const middle = median(Float64Array.from(y));
  let distances = Float64Array.from(y, (value) => Math.abs(value - middle));
  let [offset, slope] = [0, 0];
  for (const tolerance of [4, 4, 2, 1.5]) {
    const most = Math.max(tolerance, quantile(distances, 0.4));
    [offset, slope] = linearFit(x, y, distances.map((distance) => (distance <= most ? 1 : 0)));
    distances = distances.map((_, i) => Math.abs(offset + slope * x[i] - y[i]));
  }
  return [offset, slope];
}

// Where two lines meet, each a point and a direction.
function meet([a, along], [b, other]) {
  const reach = cross(minus(b, a), other) / cross(along, other);
  return [a[0] + reach * along[0], a[1] + reach * along[1]];
}

// The steepest slope of any channel at each pixel, in levels a pixel.
function gradientOf(copy) {
  const { data, width, height } = copy;
  const steepest = new Float32Array(width * height);
  for (let channel = 0; channel < (isGrey(copy) ? 1 : 3); channel++) {
    const levels = new Float32Array(width * height);
    for (let i = 0; i < levels.length; i++) levels[i] = data[3 * i + channel];
    const smooth = gaussian(plane(height, width, levels), 0.6).data;
    for (let y = 0, i = 0; y < height; y++) {
      const [above, under] = [y ? -width : 0, y < height - 1 ? width : 0];
      for (let x = 0; x < width; x++, i++) {
        const [left, right] = [x ? -1 : 0, x < width - 1 ? 1 : 0];
        const down = Math.abs(smooth[i + under] - smooth[i + above]) / 2;
        const across = Math.abs(smooth[i + right] - smooth[i + left]) / 2;
        steepest[i] = Math.max(steepest[i], down, across);
      }
    }
  }
  return plane(height, width, steepest);
}

function isGrey({ data }) {
  for (let i = 0; i < data.length; i += 3) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

// Yield the flat pixels of one colour, and the region that they make up with what is between. A
// region is flat pixels that hang together, or several such of one colour that pen strokes part.
function* flatRegions(copy) {
  const gradient = gradientOf(copy);
  const pixels = copy.width * copy.height;
  for (const threshold of GRADIENT_THRESHOLDS) {
    const { labels, count } = label(below(gradient, threshold), false);
    const areas = areasOf(labels, count);
    const seeds = [...areas.keys()].filter((k) => areas[k] >= MIN_SEED * pixels);
    const colours = new Map(seeds.map((seed) => [seed, medianColour(copy, labels, seed)]));
    for (const seed of seeds) {
      if (areas[seed] >= MIN_AREA * MIN_PAPER * pixels) {
        const flat = equalTo({ ...copy, data: labels }, seed);
        if (mayBeSheet(flat)) yield [flat, dilatedByCross(flat)];
      }
      const alike = seeds.filter((k) => isAlike(colours.get(k), colours.get(seed)));
      const largest = alike.reduce((a, b) => (areas[b] > areas[a] ? b : a));
      if (alike.length > 1 && seed === largest) {
        const isAny = new Uint8Array(count + 1);
        for (const k of alike) isAny[k] = 1;
        const all = labelled(copy, labels, isAny);
        if (mayBeSheet(all)) yield [all, closedByDisc(all)];
      }
    }
  }
}

// The number of pixels of each label; 0 for what has none.
function areasOf(labels, count) {
  const areas = new Int32Array(count + 1);
  for (let i = 0; i < labels.length; i++) areas[labels[i]]++;
  areas[0] = 0;
  return areas;
}

// The median colour of the pixels with a label.
function medianColour({ data }, labels, number) {
  const levels = Array.from({ length: 3 }, () => new Uint8Array(labels.length));
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== number) continue;
    for (let channel = 0; channel < 3; channel++) levels[channel][count] = data[3 * i + channel];
    count++;
  }
  return levels.map((values) => median(values.subarray(0, count)));
}

// By how many levels two colours differ.
const difference = (a, b) => Math.max(...a.map((level, channel) => Math.abs(level - b[channel])));
const isAlike = (a, b) => difference(a, b) < SAME_COLOUR;

// Distances make the closing: a disc holds all pixels that are at most its radius away.
function closedByDisc(mask) {
  const around = padded(mask, DISC_MARGIN);
  const dilated = inverse(above(distanceTransform(inverse(around)), DISC_RADIUS));
  const closed = above(distanceTransform(dilated), DISC_RADIUS);
  const [left, top] = [DISC_MARGIN, DISC_MARGIN];
  return crop(closed, { left, top, right: left + mask.width, bottom: top + mask.height });
}

// Whether flat pixels are not what lies behind everything, such as a desk or a page.
const mayBeSheet = (flat) => shareOfBorder(flat) <= MAX_BORDER;

function shareOfBorder({ data, width, height }) {
  let touched = 0;
  forEachOnBorder(width, height, (i) => (touched += data[i]));
  return touched / (2 * (width + height));
}

function candidateOf(copy, flat, region) {
  const filled = largestComponent(openedBySquare(fillHoles(region), OPENING));
  const border = shareOfBorder(filled);
  const pixels = copy.width * copy.height;
  const fitted = border <= MAX_BORDER ? fitQuadrilateral(filled, pixels) : null;
  if (!fitted) return null;
  const { corners, fit } = fitted;
  const paperInside = both(flat, filled);
  const paper = sumOf(paperInside) / sumOf(filled);
  if (paper < MIN_PAPER) return null;
  const contrast = sideContrast(copy, corners);
  if (contrast < MIN_CONTRAST || aspectOf(corners) > MAX_ASPECT) return null;
  const colour = medianColour(copy, paperInside.data, 1);
  const saturation = 1 - Math.min(...colour) / Math.max(...colour, 1);
  const score =
    ((fit * contrast) / (contrast + 5)) *
    (Math.min(1, paper / 0.7) * (1 - 0.6 * saturation) * (1 - border));
  const isClear = score >= MIN_SCORE && notched(copy, filled, corners, colour) <= MAX_NOTCHED;
  return isClear ? { corners, score } : null;
}

// Which share of a quadrilateral lies beside the region, in its surroundings' colour. filled: the region
// without holes. colour: the region's.
function notched(copy, filled, corners, colour) {
  const [nearest, farthest] = SURROUNDINGS;
  const depths = depthsIn(corners, copy);
  const around = depths.map((depth) => depth <= -nearest && depth >= -farthest);
  if (!around.includes(1)) return 0;
  const colourAround = medianColour(copy, around, 1);
  let [inside, alike] = [0, 0];
  for (let i = 0; i < depths.length; i++) {
    if (depths[i] < 0) continue;
    inside++;
    if (filled.data[i]) continue;
    const own = [...copy.data.subarray(3 * i, 3 * i + 3)];
    const fromAround = difference(own, colourAround);
    if (fromAround < SAME_COLOUR && fromAround < difference(own, colour)) alike++;
  }
  return alike / inside;
}

// How far each pixel of a picture lies inside of all sides of a quadrilateral.
function depthsIn(corners, { width, height }) {
  const depths = new Float64Array(width * height).fill(Infinity);
  const sides = sidesOf(corners);
  corners.forEach(([left, top], k) => {
    const [across, down] = minus(corners[(k + 1) % 4], [left, top]).map((at) => at / sides[k]);
    for (let i = 0; i < depths.length; i++) {
      const [x, y] = [(i % width) + 0.5 - left, Math.trunc(i / width) + 0.5 - top];
      depths[i] = Math.min(depths[i], across * y - down * x);
    }
  });
  return depths;
}

// Fit a quadrilateral to a region without holes, in a picture of so many pixels. Returns its
// corners and the share of it that the region covers, or null where the region is too small, too
// large or of another shape.
function fitQuadrilateral(filled, pixels) {
  const area = sumOf(filled);
  if (area < MIN_AREA * pixels || area > MAX_AREA * pixels) return null;
  const hull = convexHull(outlinePoints(filled));
  const hullArea = polygonArea(hull);
  const corners = area >= MIN_FILLED * hullArea ? enclosingQuadrilateral(hull) : null;
  if (!corners || sharpestCorner(corners) > MAX_CORNER_COSINE) return null;
  const enclosed = polygonArea(corners);
  return hullArea >= MIN_SHAPE * enclosed ? { corners, fit: area / enclosed } : null;
}

function largestComponent(mask) {
  const { labels, count } = label(mask, false);
  const areas = areasOf(labels, count);
  const largest = areas.indexOf(areas.reduce((a, b) => Math.max(a, b)));
  return count ? equalTo({ ...mask, data: labels }, largest) : mask;
}

// The pixel corners at the left and right ends of each row of a mask.
function outlinePoints({ data, width, height }) {
  const points = [];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const left = row.indexOf(1);
    if (left < 0) continue;
    const right = row.lastIndexOf(1) + 1;
    points.push([left, y], [right, y], [left, y + 1], [right, y + 1]);
  }
  return points;
}

function aspectOf(corners) {
  const sides = sidesOf(corners);
  const [width, height] = [sides[0] + sides[2], sides[1] + sides[3]];
  return Math.max(width / height, height / width);
}

// The largest cosine, by amount, of the angles of a polygon.
function sharpestCorner(corners) {
  const sides = rolled(corners, 1).map((end, k) => minus(end, corners[k]));
  const units = sides.map((side) => side.map((at) => at / Math.max(Math.hypot(...side), 1e-9)));
  const cosines = units.map(([x, y], k) => {
    const [a, b] = units[(k + units.length - 1) % units.length];
    return Math.abs(x * a + y * b);
  });
  return Math.max(...cosines);
}

// By how many levels the surroundings differ from the surface along its sides. The difference has to
// last from all of INSIDE to all of SURROUNDINGS: on both sides of a line lies the same paper. Of four
// sides the second weakest counts, so that one may be hidden; of three the weakest. With two sides in
// view it is 0: squared paper has such corners.
function sideContrast(copy, corners) {
  const centre = meanOf(corners);
  const contrasts = corners.flatMap((start, k) => {
    const side = minus(corners[(k + 1) % 4], start);
    const length = Math.hypot(...side);
    const normal = [side[1] / length, -side[0] / length];
    const [x, y] = minus(centre, start);
    const sign = x * normal[0] + y * normal[1] > 0 ? -1 : 1;
    const points = evenly(0.1, 0.9, 24).map((share) => start.map((at, i) => at + share * side[i]));
    const outwards = normal.map((at) => sign * at);
    const differences = SURROUNDINGS.flatMap((reach) =>
      INSIDE.map((depth) => differenceAcross(copy, points, outwards, depth, reach)),
    ).filter((difference) => difference !== null);
    return differences.length ? [Math.min(...differences)] : [];
  });
  contrasts.sort((a, b) => a - b);
  return contrasts.length > 2 ? contrasts[contrasts.length === 4 ? 1 : 0] : 0;
}

// The median difference between the colours at a depth inside of points and those at a reach beyond
// them, or null where too few of these are on the picture.
function differenceAcross(copy, points, outwards, depth, reach) {
  const moved = ([x, y], by) => [x + by * outwards[0], y + by * outwards[1]];
  const isSeen = ([x, y]) => x >= 0 && y >= 0 && x < copy.width && y < copy.height;
  const pairs = points
    .map((point) => [moved(point, reach), moved(point, -depth)])
    .filter(([outer]) => isSeen(outer));
  if (pairs.length < 8) return null;
  const differences = pairs.map(([outer, inner]) =>
    difference(sample(copy, outer), sample(copy, inner)),
  );
  return median(Float32Array.from(differences));
}

// The colour of the pixel at a point, or of the nearest one.
function sample({ data, width, height }, [x, y]) {
  const column = Math.trunc(Math.max(0, Math.min(width - 1, x)));
  const row = Math.trunc(Math.max(0, Math.min(height - 1, y)));
  const i = 3 * (row * width + column);
  return [data[i], data[i + 1], data[i + 2]];
}
