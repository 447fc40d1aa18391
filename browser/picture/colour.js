// Choose the colour directions in which the strokes of all pens stand out from the paper
// (digit_model/picture/colour.py).

import { label } from "../numerics/labels.js";
import { above, hasAny, mapPlane, plane, sumOf, valuesIn } from "../numerics/plane.js";
import { median } from "../numerics/statistics.js";
import { divideLightOut } from "./darkness.js";
import { MIN_CONTRAST, MIN_SIGNAL, darkLevel, noiseOf, samplingStep } from "./levels.js";
import { LIGHT_SIZE, resize } from "./light.js";

const MIN_COLOUR = 8;
const MAX_UNSEEN = 0.55;
const MIN_OTHER_PEN = 0.05;
const GREEN = [0, 1, 0];
const CHANNELS = [[1, 0, 0], GREEN, [0, 0, 1]];
const LEVELS = Float32Array.from({ length: 256 }, (_, level) => level / 255);
const COLOURS = [[0.299, 0.587, 0.114], ...CHANNELS];

// The darkness, about 0 on paper and 1 in black, of the strokes of all pens in a picture.
export function darknessOfStrokes(picture) {
  if (isGrey(picture)) {
    const grey = projected(picture, GREEN);
    return divideLightOut(grey, resize(grey, LIGHT_SIZE));
  }
  const coarse = CHANNELS.map((weights) => resize(projected(picture, weights), LIGHT_SIZE));
  const darknessIn = (weights, step = 1) =>
    divideLightOut(projected(picture, weights, step), mixed(coarse, weights));
  const step = samplingStep(picture.height);
  const [clearest, ...others] = directions(COLOURS.map((weights) => darknessIn(weights, step)));
  return others.reduce(
    (darkness, number) => addPens(darkness, darknessIn(COLOURS[number])),
    darknessIn(COLOURS[clearest]),
  );
}

// The numbers of the clearest of some views, then of those that show further pens.
function directions(views) {
  const signals = views.map((view) => darkLevel(view) / (noiseOf(view) + 0.01));
  const chosen = [signals.indexOf(Math.max(...signals))];
  let darkness = views[chosen[0]];
  const half = darkLevel(darkness) / 2;
  const least = MIN_OTHER_PEN * darkness.data.filter((value) => value > half).length;
  while (chosen.length < views.length) {
    const unseen = views.map((view) => sumOf(unseenStrokes(view, darkness)));
    const most = unseen.indexOf(Math.max(...unseen));
    if (unseen[most] < least || chosen.includes(most)) break;
    chosen.push(most);
    darkness = addPens(darkness, views[most]);
  }
  return chosen;
}

// Where one view shows strokes that another does not. What touches a stroke that both show is its
// fringe, its glow or a highlighter.
function unseenStrokes(view, darkness) {
  const [own, level] = [darkLevel(view), darkLevel(darkness)];
  const least = Math.fround(
    Math.max(own / 2, level / 2, 2 * MIN_CONTRAST, 2 * MIN_SIGNAL * noiseOf(view)),
  );
  const { labels, count } = label(above(view, least));
  const isTouched = new Uint8Array(count + 1);
  const half = Math.fround(level / 2);
  for (let i = 0; i < labels.length; i++) if (darkness.data[i] > half) isTouched[labels[i]] = 1;
  const unseen = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i] || isTouched[labels[i]]) continue;
    unseen[i] = darkness.data[i] * own < MAX_UNSEEN * level * Math.min(view.data[i], own) ? 1 : 0;
  }
  return { ...view, data: unseen };
}

// A darkness with the strokes of another view, which become as dark as its own.
function addPens(darkness, view) {
  const unseen = unseenStrokes(view, darkness);
  if (!hasAny(unseen)) return darkness;
  const level = darkLevel(darkness);
  const factor = level / median(valuesIn(view, unseen));
  return mapPlane(view, (i) => Math.max(darkness.data[i], Math.min(view.data[i] * factor, level)));
}

// Whether the channels of no pixel differ by more than MIN_COLOUR.
function isGrey({ data }) {
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > MIN_COLOUR) return false;
  }
  return true;
}

const mixed = ([red, green, blue], [r, g, b]) =>
  mapPlane(red, (i) => r * red.data[i] + g * green.data[i] + b * blue.data[i]);

// The weighted sum of the channels of each row, or of every `step`th, as a plane in 0..1.
function projected({ data, width, height }, [r, g, b], step = 1) {
  const rows = Math.ceil(height / step);
  const grey = new Float32Array(rows * width);
  for (let y = 0, to = 0; y < rows; y++) {
    let from = 3 * y * step * width;
    for (let x = 0; x < width; x++, from += 3) {
      grey[to++] = r * LEVELS[data[from]] + g * LEVELS[data[from + 1]] + b * LEVELS[data[from + 2]];
    }
  }
  return plane(rows, width, grey);
}
