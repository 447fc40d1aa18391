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

// Masks by a test that is the same for all pixels. Closures called for each would take most of the
// time of a reading.
export function above({ data, width, height }, threshold) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) found[i] = data[i] > threshold ? 1 : 0;
  return mask(height, width, found);
}

export function below({ data, width, height }, threshold) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) found[i] = data[i] < threshold ? 1 : 0;
  return mask(height, width, found);
}

export function inverse({ data, width, height }) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) found[i] = data[i] ? 0 : 1;
  return mask(height, width, found);
}

export function both(first, second) {
  const found = new Uint8Array(first.data.length);
  for (let i = 0; i < found.length; i++) found[i] = first.data[i] & second.data[i];
  return mask(first.height, first.width, found);
}

export function either(first, second) {
  const found = new Uint8Array(first.data.length);
  for (let i = 0; i < found.length; i++) found[i] = first.data[i] | second.data[i];
  return mask(first.height, first.width, found);
}

// The pixels of the first mask that are not in the second.
export function without(first, second) {
  const found = new Uint8Array(first.data.length);
  for (let i = 0; i < found.length; i++) found[i] = first.data[i] & ~second.data[i];
  return mask(first.height, first.width, found);
}

// The pixels of one label.
export function equalTo({ data, width, height }, number) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) found[i] = data[i] === number ? 1 : 0;
  return mask(height, width, found);
}

// The pixels whose label is among the kept ones.
export function labelled({ width, height }, labels, isKept) {
  const found = new Uint8Array(labels.length);
  for (let i = 0; i < found.length; i++) found[i] = isKept[labels[i]];
  return mask(height, width, found);
}

export function hasAny({ data }) {
  for (let i = 0; i < data.length; i++) if (data[i]) return true;
  return false;
}

export function sumOf({ data }) {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i];
  return sum;
}

// The rows and columns of a mask's pixels; those of its first pixel are added.
export function pixelsOf({ data, width, height }, top = 0, left = 0) {
  const [rows, columns] = [new Float64Array(data.length), new Float64Array(data.length)];
  let count = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!data[i]) continue;
      rows[count] = top + y;
      columns[count++] = left + x;
    }
  }
  return { rows: rows.subarray(0, count), columns: columns.subarray(0, count) };
}

// The numbers of a plane under a mask.
export function valuesIn({ data }, { data: isIn }) {
  const values = new Float32Array(data.length);
  let count = 0;
  for (let i = 0; i < data.length; i++) if (isIn[i]) values[count++] = data[i];
  return values.subarray(0, count);
}

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

// Turned by 90 degrees, as numpy.rot90 does with 1 and with -1.
export function turnedLeft(source) {
  const { data, width, height } = transposed(source);
  const turned = new data.constructor(data.length);
  for (let y = 0; y < height; y++) {
    turned.set(data.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
  }
  return { data: turned, width, height };
}

export function turnedRight(source) {
  const { data, width, height } = transposed(source);
  const turned = new data.constructor(data.length);
  for (let i = 0; i < data.length; i++) {
    turned[i] = data[i - 2 * (i % width) + width - 1];
  }
  return { data: turned, width, height };
}
