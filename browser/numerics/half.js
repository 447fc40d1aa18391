// float16 numbers (IEEE 754 binary16), which JavaScript has no arrays of everywhere, to float32.

// high: the bytes with sign and exponent; low: the others.
export function fromHalf(high, low) {
  const table = new Float32Array(32);
  for (let exponent = 1; exponent < 31; exponent++) table[exponent] = 2 ** (exponent - 25);
  const numbers = new Float32Array(high.length);
  for (let i = 0; i < high.length; i++) {
    const exponent = (high[i] >> 2) & 31;
    const fraction = ((high[i] & 3) << 8) | low[i];
    const size = exponent ? (fraction + 1024) * table[exponent] : fraction * 2 ** -24;
    numbers[i] = high[i] & 128 ? -size : size;
  }
  return numbers;
}
