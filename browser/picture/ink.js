// Picture -> its ink, 0 for paper to 1 for stroke (digit_model/picture/ink.py).
//
// A picture is {data, width, height} of three bytes a pixel. Ink is a plane of floats.

import { NoInk } from "../errors.js";
import { gaussian } from "../numerics/filters.js";
import { label } from "../numerics/labels.js";
import { above, both, hasAny, labelled, plane } from "../numerics/plane.js";
import { shrinkPicture } from "../numerics/resample.js";
import { darknessOfStrokes } from "./colour.js";
import { isLarge } from "./darkness.js";
import { joinSegments } from "./displays.js";
import { withoutFrames } from "./frames.js";
import {
  LOWER_STROKE_SHARE,
  MIN_CONTRAST,
  MIN_SIGNAL,
  darkLevel,
  noiseOf,
  strokeLevel,
} from "./levels.js";
import { withoutLines } from "./lines.js";
import { compose, scaling } from "./perspective.js";
import { flatten, flattenAll } from "./surface.js";
import { isStrip, withoutSlivers, withoutSurroundings } from "./surroundings.js";

const WORKING_SIZE = 1000;
const UPPER_STROKE_SHARE = 0.46;
const NOISY_SIGMA = 1.0;
const NOISE_REACH = 4;
const MIN_NOISE_RATIO = 2.5;
const LOWER_SIGNAL_SHARE = 0.65;

// Find the strokes of a picture, and the matrix that maps the ink's pixels to those of the picture.
export function locateInk(picture) {
  const small = shrinkPicture(picture, WORKING_SIZE);
  return located([flatten(small)], small, picture)[0];
}

// Find the strokes on every writing surface of a picture that has any, in reading order.
export function locateAllInk(picture) {
  const small = shrinkPicture(picture, WORKING_SIZE);
  return located(flattenAll(small), small, picture);
}

function located(surfaces, small, picture) {
  const factors = scaling(picture.width / small.width, picture.height / small.height);
  const found = surfaces.flatMap(({ picture: surface, toPicture: toSmall }) => {
    const ink = strokesOf(darknessOfStrokes(surface), surface !== small);
    return ink && hasAny(ink) ? [{ ink, toPicture: compose(factors, toSmall) }] : [];
  });
  if (!found.length) {
    throw new NoInk("This picture looks blank. Draw or photograph a digit with more contrast.");
  }
  return found;
}

// The strokes with their grey values; null where nothing stands out from the noise. isSheet: the surface
// was found in a larger picture.
function strokesOf(raw, isSheet) {
  const large = isLarge(raw);
  const sigma = Math.min(0.8, Math.max(raw.width, raw.height) / 500);
  let darkness = large ? gaussian(raw, sigma) : raw;
  let least = MIN_SIGNAL * noiseOf(darkness);
  if (large && least > MIN_CONTRAST && least > LOWER_STROKE_SHARE * darkLevel(darkness)) {
    const smooth = gaussian(raw, NOISY_SIGMA);
    const remaining = noiseOf(smooth, NOISE_REACH);
    if (noiseOf(raw) > MIN_NOISE_RATIO * remaining) {
      [darkness, least] = [smooth, MIN_SIGNAL * remaining];
    }
  }
  let mask = aboveNoise(darkness, least);
  if (!hasAny(mask)) return null;
  // Lines first: the digits that touch them would be removed as surroundings, too. Not in strips, where the
  // pattern behind the writing looks like faint lines.
  if (large && !isStrip(mask)) mask = withoutSurroundings(withoutLines(mask, darkness), darkness);
  if (large) mask = withoutFrames(mask);
  const level = strokeLevel(darkness, mask);
  mask = both(mask, above(darkness, Math.fround(LOWER_STROKE_SHARE * level)));
  if (large) {
    mask = withoutSurroundings(withoutLines(mask, darkness));
    if (isSheet) mask = withoutSlivers(mask);
  }
  const joined = componentsWithSeeds(mask, darkness, UPPER_STROKE_SHARE * level);
  const ink = greyOf(darkness, joined, level);
  return large ? joinSegments(ink) : ink;
}

// The pixels darker than `least`, and those nearly as dark that are joined to them.
function aboveNoise(darkness, least) {
  if (least <= MIN_CONTRAST) return above(darkness, Math.fround(MIN_CONTRAST));
  const nearly = above(darkness, Math.fround(Math.max(MIN_CONTRAST, LOWER_SIGNAL_SHARE * least)));
  return componentsWithSeeds(nearly, darkness, least);
}

function greyOf({ data, width, height }, mask, level) {
  const ink = new Float32Array(data.length);
  for (let i = 0; i < ink.length; i++) {
    if (mask.data[i]) ink[i] = data[i] > level ? 1 : data[i] / level;
  }
  return plane(height, width, ink);
}

// The connected components of the mask with a pixel that is darker than the threshold.
function componentsWithSeeds(mask, { data }, threshold) {
  const { labels, count } = label(mask);
  const isKept = new Uint8Array(count + 1);
  const least = Math.fround(threshold);
  for (let i = 0; i < labels.length; i++) if (data[i] > least) isKept[labels[i]] = 1;
  isKept[0] = 0;
  return labelled(mask, labels, isKept);
}
