// Connected components of a mask, as scipy.ndimage.label finds them with 8 neighbours.

// Return {labels, count, boxes}: an Int32Array, 0 on paper and 1 to count elsewhere, numbered in the
// order in which rows are read; and the box of each, from the first.
export function label({ data, width, height }) {
  const provisional = new Int32Array(data.length);
  const parents = [0];
  const rootOf = (number) => {
    while (parents[number] !== number) {
      parents[number] = parents[parents[number]];
      number = parents[number];
    }
    return number;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!data[i]) continue;
      let own = x ? provisional[i - 1] : 0;
      if (y) {
        const first = x ? i - width - 1 : i - width;
        const last = x < width - 1 ? i - width + 1 : i - width;
        for (let above = first; above <= last; above++) {
          const other = provisional[above];
          if (!other || other === own) continue;
          if (own) own = join(parents, rootOf(own), rootOf(other));
          else own = other;
        }
      }
      if (!own) parents.push((own = parents.length));
      provisional[i] = own;
    }
  }
  return numbered(provisional, parents, rootOf, width);
}

function join(parents, first, second) {
  const [low, high] = first < second ? [first, second] : [second, first];
  parents[high] = low;
  return low;
}

function numbered(labels, parents, rootOf, width) {
  const numbers = new Int32Array(parents.length);
  const boxes = [];
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i]) continue;
    const root = rootOf(labels[i]);
    const [x, y] = [i % width, Math.floor(i / width)];
    if (!numbers[root]) {
      numbers[root] = boxes.push({ left: x, top: y, right: x + 1, bottom: y + 1 });
    }
    const box = boxes[numbers[root] - 1];
    if (x < box.left) box.left = x;
    if (x >= box.right) box.right = x + 1;
    box.bottom = y + 1;
    labels[i] = numbers[root];
  }
  return { labels, count: boxes.length, boxes };
}
