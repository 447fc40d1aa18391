// Name the marks that a reading leaves out: a decimal point, a comma, a dash, a plus
// (digit_model/picture/ignored.py).

import { enclosingBox, heightOf, widthOf } from "./boxes.js";
import { kindOfCross } from "./marks.js";

const MIN_MASS = 0.02;
const MAX_DOT_SIZE = 0.35;
const MAX_DASH_HEIGHT = 0.3;
const MIN_DASH_WIDTH = 0.15;
const MAX_COMMA_HEIGHT = 0.55;
const DASH_ASPECT = 1.8;
const COMMA_ASPECT = 1.3;

// Return the marks of a row that are in none of the spans that are read as digits, as {box, kind}.
export function marksLeftOut(lattice, spans) {
  const marks = lattice.leftOut(spans);
  if (!spans.length) return marks.map(({ box }) => ({ box, kind: lattice.sign }));
  const row = enclosingBox(spans.map(({ glyph }) => glyph.box));
  const heaviest = Math.max(...spans.map(({ glyph }) => massOf(glyph)));
  return marks
    .filter(({ mass }) => mass >= MIN_MASS * heaviest)
    .map((mark) => ({
      box: mark.box,
      kind: kindOfMark(mark.box, row, lattice.height) ?? kindOfCross(mark),
    }));
}

export const massOf = ({ ink }) => ink.data.reduce((sum, value) => sum + value, 0);

function kindOfMark(box, row, height) {
  const [width, own] = [widthOf(box), heightOf(box)];
  const isLow = (box.top + box.bottom) / 2 > row.bottom - 0.35 * height;
  if (width >= DASH_ASPECT * own) {
    const isDash = own <= MAX_DASH_HEIGHT * height && width >= MIN_DASH_WIDTH * height && !isLow;
    return isDash ? "dash" : null;
  }
  if (isLow && COMMA_ASPECT * width <= own && own <= MAX_COMMA_HEIGHT * height) return "comma";
  return isLow && Math.max(width, own) <= MAX_DOT_SIZE * height ? "dot" : null;
}
