// Digits and readings. A digit is {label, confidence, probabilities, accepted, box, row, tile,
// placement}; a reading is {digits, ignored, seconds, width, height}, the size being that of its picture.

// The digits of each row, from the top.
export function rowsOf(digits) {
  const rows = new Map();
  for (const digit of digits) rows.set(digit.row, [...(rows.get(digit.row) ?? []), digit]);
  return [...rows.values()];
}

// The accepted digits in reading order, with a newline between rows.
export function textOf(digits) {
  return rowsOf(digits)
    .map((row) => row.filter(({ accepted }) => accepted).map(({ label }) => label).join(""))
    .filter(Boolean)
    .join("\n");
}

// To a millionth.
export const rounded = (number) => Math.round(number * 1e6) / 1e6;

// What /predict answers.
export function asJson({ digits, ignored, seconds }) {
  return {
    text: textOf(digits),
    digits: digits.map(({ label, confidence, probabilities, box, accepted }) => ({
      digit: label,
      confidence: rounded(confidence),
      probabilities: probabilities.map(rounded),
      box,
      accepted,
    })),
    ignored,
    seconds: rounded(seconds),
  };
}

// The reading of a part of a picture as a reading of the whole. left, top: where the part begins.
// scale: the part's pixels for each of the whole's.
export function onWhole(reading, { scale, left, top, width, height }) {
  const x = (place) => left + place / scale;
  const y = (place) => top + place / scale;
  const moved = ([west, north, east, south]) => [x(west), y(north), x(east), y(south)];
  const grown = (placement) => ({
    ...placement,
    left: x(placement.left),
    top: y(placement.top),
    xScale: placement.xScale / scale,
    yScale: placement.yScale / scale,
  });
  return {
    ...reading,
    width,
    height,
    digits: reading.digits.map(({ box, placement, ...digit }) => ({
      ...digit,
      box: moved(box),
      placement: grown(placement),
    })),
    ignored: reading.ignored.map(({ box, kind }) => ({ box: moved(box), kind })),
  };
}
