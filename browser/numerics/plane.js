// A plane is a picture of one number a pixel: {data, width, height}, row by row. Its data is a
// Float32Array, or a Uint8Array of 0 and 1 for a mask.

export const plane = (height, width, data = new Float32Array(height * width)) => ({
  data,
  width,
  height,
});
export const mask = (height, width, data = new Uint8Array(height * width)) => ({
  data,
  width,
  height,
});

// The value of `make(index)` at each pixel.
export function mapPlane({ height, width }, make) {
  const data = new Float32Array(height * width);
  for (let i = 0; i < data.length; i++) data[i] = make(i);
  return plane(height, width, data);
}

export function mapMask({ height, width }, test) {
  const data = new Uint8Array(height * width);
  for (let i = 0; i < data.length; i++) data[i] = test(i) ? 1 : 0;
  return mask(height, width, data);
}

export const hasAny = ({ data }) => data.some(Boolean);

// The part from (left, top) to before (right, bottom), copied.
export function crop({ data, width }, { left, top, right, bottom }) {
  const part = new data.constructor((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    part.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  }
  return { data: part, width: right - left, height: bottom - top };
}

// Set in zeros that are `margin` wide on each side.
export function padded({ data, width, height }, margin) {
  const wide = width + 2 * margin;
  const around = new data.constructor(wide * (height + 2 * margin));
  for (let y = 0; y < height; y++) {
    around.set(data.subarray(y * width, (y + 1) * width), (y + margin) * wide + margin);
  }
  return { data: around, width: wide, height: height + 2 * margin };
}

export function transposed({ data, width, height }) {
  const turned = new data.constructor(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = data[y * width + x];
  }
  return { data: turned, width: height, height: width };
}
