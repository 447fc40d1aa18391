// Boxes on a picture, {left, top, right, bottom} in pixels (digit_model/arrays.py).

export const widthOf = ({ left, right }) => right - left;
export const heightOf = ({ top, bottom }) => bottom - top;

export const enclosingBox = (boxes) => ({
  left: Math.min(...boxes.map(({ left }) => left)),
  top: Math.min(...boxes.map(({ top }) => top)),
  right: Math.max(...boxes.map(({ right }) => right)),
  bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
});
