// Leave out the rings that people draw around a number (digit_model/picture/rings.py).

import { enclosingBox, heightOf, middleOf, surrounds } from "./boxes.js";
import { leanOfSlash, shareOfDirections } from "./marks.js";

const MIN_CONTENT = 0.3;
const MIN_CONTENTS = 0.15;
const MIN_SURROUNDED = 0.7;

// The components except for the rings around others.
export const withoutRings = (components) =>
  components.filter((component) => !isRing(component, components));

function isRing(component, components) {
  const height = heightOf(component.box);
  const content = components.filter(
    ({ box }) => surrounds(component.box, box) && heightOf(box) >= MIN_CONTENTS * height,
  );
  if (!content.length || (content.length === 1 && belongsToZero(content[0], height))) return false;
  const box = enclosingBox(content.map((mark) => mark.box));
  return shareOfDirections(component, ...middleOf(box)) >= MIN_SURROUNDED;
}

// Whether a single mark may be the dot or the slash of a 0 of this height.
function belongsToZero(mark, height) {
  return heightOf(mark.box) < MIN_CONTENT * height || leanOfSlash(mark) !== null;
}
