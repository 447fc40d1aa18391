// Connected components of a mask, as scipy.ndimage.label finds them.

// hasDiagonals: whether pixels that touch at a corner are connected.
// Return {labels, count, boxes}: an Int32Array, 0 on paper and 1 to count elsewhere, numbered in the
// order in which rows are read; and the box of each, from the first.
export function label({ data, width, height }, hasDiagonals = true) {
  const runs = runsOf(data, width, height);
  joinRuns(runs, height, hasDiagonals ? 1 : 0);
  return numbered(runs, data.length, width, height);
}

// The runs of inked pixels: where each starts and ends in its row, its parent among the runs, and
// the first run of each row.
function runsOf(data, width, height) {
  const [starts, ends, firsts] = [[], [], [0]];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      if (!data[row + x]) continue;
      starts.push(x);
      while (x < width && data[row + x]) x++;
      ends.push(x);
    }
    firsts.push(starts.length);
  }
  return { starts, ends, firsts, parents: Int32Array.from(starts.keys()) };
}

// Join each run to those that touch it in the row above. reach: how far beyond its ends they may lie.
function joinRuns({ starts, ends, firsts, parents }, height, reach) {
  for (let y = 1; y < height; y++) {
    let above = firsts[y - 1];
    for (let run = firsts[y]; run < firsts[y + 1]; run++) {
      while (above < firsts[y] && ends[above] + reach <= starts[run]) above++;
      for (let other = above; other < firsts[y] && starts[other] < ends[run] + reach; other++) {
        join(parents, run, other);
      }
    }
  }
}

// The earliest run of a component is its root.
function join(parents, first, second) {
  const [a, b] = [rootOf(parents, first), rootOf(parents, second)];
  if (a < b) parents[b] = a;
  else parents[a] = b;
}

function rootOf(parents, run) {
  while (parents[run] !== run) {
    parents[run] = parents[parents[run]];
    run = parents[run];
  }
  return run;
}

function numbered({ starts, ends, firsts, parents }, length, width, height) {
  const labels = new Int32Array(length);
  const numbers = new Int32Array(starts.length);
  const boxes = [];
  for (let y = 0; y < height; y++) {
    for (let run = firsts[y]; run < firsts[y + 1]; run++) {
      const root = rootOf(parents, run);
      const [left, right] = [starts[run], ends[run]];
      numbers[root] ||= boxes.push({ left, top: y, right, bottom: y + 1 });
      const box = boxes[numbers[root] - 1];
      if (left < box.left) box.left = left;
      if (right > box.right) box.right = right;
      box.bottom = y + 1;
      labels.fill(numbers[root], y * width + left, y * width + right);
    }
  }
  return { labels, count: boxes.length, boxes };
}
