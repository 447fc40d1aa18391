// Solve a small system of linear equations by Gauss's elimination with the largest pivot first.
// matrix: rows of numbers, and right: an array; both are changed.

export function solve(matrix, right) {
  const size = right.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let row = k + 1; row < size; row++) {
      if (Math.abs(matrix[row][k]) > Math.abs(matrix[pivot][k])) pivot = row;
    }
    [matrix[k], matrix[pivot]] = [matrix[pivot], matrix[k]];
    [right[k], right[pivot]] = [right[pivot], right[k]];
    for (let row = k + 1; row < size; row++) {
      const factor = matrix[row][k] / matrix[k][k];
      for (let column = k; column < size; column++) {
        matrix[row][column] -= factor * matrix[k][column];
      }
      right[row] -= factor * right[k];
    }
  }
  const solution = new Float64Array(size);
  for (let k = size - 1; k >= 0; k--) {
    let rest = right[k];
    for (let column = k + 1; column < size; column++) rest -= matrix[k][column] * solution[column];
    solution[k] = rest / matrix[k][k];
  }
  return solution;
}
