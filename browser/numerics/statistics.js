// Quantiles and rounding as NumPy has them.

// The q-quantile of an array of numbers, linear between the two nearest, without sorting all of them.
export function quantile(numbers, q) {
  const values = numbers.slice();
  const place = q * (values.length - 1);
  const below = Math.floor(place);
  const low = select(values, below);
  if (place === below) return low;
  // select leaves only larger values behind the place.
  let high = Infinity;
  for (let i = below + 1; i < values.length; i++) if (values[i] < high) high = values[i];
  return low + (high - low) * (place - below);
}

export const median = (numbers) => quantile(numbers, 0.5);

// Reorder the values so that the one at `place` is where sorting would put it (Hoare's quickselect).
function select(values, place) {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = middleOf(values[left], values[(left + right) >> 1], values[right]);
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const value = values[i];
        values[i++] = values[j];
        values[j--] = value;
      }
    }
    if (place <= j) right = j;
    else if (place >= i) left = i;
    else break;
  }
  return values[place];
}

const middleOf = (a, b, c) => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

// The offset and the slope of the line that fits weighted points best.
export function linearFit(x, y, weights) {
  let [count, meanX, meanY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    count += weights[i];
    meanX += weights[i] * x[i];
    meanY += weights[i] * y[i];
  }
  meanX /= count;
  meanY /= count;
  let [products, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    products += weights[i] * (x[i] - meanX) * (y[i] - meanY);
    squares += weights[i] * (x[i] - meanX) ** 2;
  }
  const slope = products / squares;
  return [meanY - slope * meanX, slope];
}

// Python's round: halves go to the even neighbour.
export function round(number) {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 ? below + 1 : below;
}

export const clamp = (number, least, most) => Math.max(least, Math.min(most, number));
