// Boxes on a picture, {left, top, right, bottom} in pixels (digit_model/arrays.py).

export const widthOf = ({ left, right }) => right - left;
export const heightOf = ({ top, bottom }) => bottom - top;

export const middleOf = ({ left, top, right, bottom }) => [(left + right) / 2, (top + bottom) / 2];

// Whether another box lies inside a box and touches none of its sides.
export const surrounds = (box, other) =>
  box.left < other.left && box.top < other.top && other.right < box.right && other.bottom < box.bottom;

export const enclosingBox = (boxes) => ({
  left: Math.min(...boxes.map(({ left }) => left)),
  top: Math.min(...boxes.map(({ top }) => top)),
  right: Math.max(...boxes.map(({ right }) => right)),
  bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
});
