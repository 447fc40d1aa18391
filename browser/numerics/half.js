// float16 numbers (IEEE 754 binary16), which JavaScript has no arrays of everywhere, to float32.

export function fromHalf(halves) {
  const table = new Float32Array(32);
  for (let exponent = 1; exponent < 31; exponent++) table[exponent] = 2 ** (exponent - 25);
  const numbers = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const exponent = (halves[i] >> 10) & 31;
    const fraction = halves[i] & 1023;
    const size = exponent ? (fraction + 1024) * table[exponent] : fraction * 2 ** -24;
    numbers[i] = halves[i] & 0x8000 ? -size : size;
  }
  return numbers;
}
