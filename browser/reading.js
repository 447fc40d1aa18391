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

// The same reading on a picture of another width, in which the picture that was read begins at `left`.
export function onWiderPicture(reading, left, width) {
  const moved = ([start, top, end, bottom]) => [start + left, top, end + left, bottom];
  return {
    ...reading,
    width,
    digits: reading.digits.map(({ box, placement, ...digit }) => ({
      ...digit,
      box: moved(box),
      placement: { ...placement, left: placement.left + left },
    })),
    ignored: reading.ignored.map(({ box, kind }) => ({ box: moved(box), kind })),
  };
}
