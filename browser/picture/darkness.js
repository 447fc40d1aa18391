// Grey levels -> how much of the light on the paper each pixel absorbs, whatever the polarity
// (digit_model/picture/darkness.py).

import { gaussian } from "../numerics/filters.js";
import { mapMask, mapPlane, plane } from "../numerics/plane.js";
import { median } from "../numerics/statistics.js";
import { borderMask, even, fitPaper, localLight, resizeTo } from "./light.js";

export const MIN_PAGE_SIDE = 36;
const MIN_BORDER_SHARE = 0.5;
const DETAIL_SIGMA = 4.0;
const MIN_LIGHT = 0.2;

export const isLarge = ({ width, height }) => Math.min(width, height) >= MIN_PAGE_SIDE;

// Estimate the light on the paper, and return how much of it each pixel absorbs: about 0 on paper and 1
// in black. grey: all or some rows of a picture. coarse: a small copy of it.
export function divideLightOut(grey, coarse) {
  const large = isLarge(grey);
  let paper = large ? fitPaper(coarse) : even(coarse, backgroundLevel(grey));
  const residual = mapPlane(coarse, (i) => coarse.data[i] - paper.data[i]);
  if (isLightOnDark(residual, large)) [grey, coarse, paper] = [grey, coarse, paper].map(negative);
  // Else it is a drawing, whose light is even everywhere.
  if (large && paper.data.some((level) => level !== paper.data[0])) {
    const local = localLight(coarse);
    const global = paper;
    paper = mapPlane(coarse, (i) => Math.max(local.data[i], 0.5 * global.data[i]));
  }
  const light = resizeTo(paper, grey);
  return darknessOf(grey, light);
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

// Return the median of the light or of the dark pixels, whichever are the background.
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

// Return whether the strokes are lighter than the paper, from a coarse copy less the paper. In a
// picture with shadows or flashes, only detail that is finer than they are counts.
function isLightOnDark(residual, large) {
  const { data } = residual;
  const smooth = large && hasShadows(residual) ? gaussian(residual, DETAIL_SIGMA).data : null;
  let [lighter, darker] = [0, 0];
  data.forEach((value, i) => {
    const detail = smooth ? value - smooth[i] : value;
    if (detail > 0) lighter += detail * detail;
    else darker += detail * detail;
  });
  return lighter > darker;
}

// Shadows and flashes reach the border, where few strokes are.
function hasShadows(residual) {
  const border = borderMask(residual).data;
  let [all, along, count] = [0, 0, 0];
  residual.data.forEach((value, i) => {
    all += value * value;
    along += border[i] * value * value;
    count += border[i];
  });
  return along / count >= (MIN_BORDER_SHARE * all) / border.length;
}
