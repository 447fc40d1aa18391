// Polygons on a picture, as lists of [x, y] corners (digit_model/picture/surface.py).

// The corners of the convex hull of points, clockwise on the picture (Andrew 1979).
export function convexHull(points) {
  const ordered = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const ahead = chainOf(ordered);
  return [...ahead.slice(0, -1), ...chainOf(ordered.reverse()).slice(0, -1)];
}

function chainOf(points) {
  const chain = [];
  for (const [x, y] of points) {
    while (chain.length > 1) {
      const [[a, b], [c, d]] = chain.slice(-2);
      if ((c - a) * (y - b) - (d - b) * (x - a) > 0) break;
      chain.pop();
    }
    chain.push([x, y]);
  }
  return chain;
}

export function polygonArea(corners) {
  const twice = corners.reduce((sum, corner, k) => {
    return sum + cross(corner, corners[(k + 1) % corners.length]);
  }, 0);
  return Math.abs(twice) / 2;
}

// Take out sides of a convex polygon, those first that add least area, until four are left; null
// where that is impossible.
export function enclosingQuadrilateral(hull) {
  let corners = hull;
  while (corners.length > 4) {
    const [meeting, k] = cheapestExtension(corners);
    if (!meeting) return null;
    corners = [meeting, ...rolled(corners, k).slice(2)];
  }
  return corners.length === 4 ? clockwiseFromTopLeft(corners) : null;
}

// Where the sides next to a side meet that adds least area when it is taken out, and its number.
function cheapestExtension(corners) {
  let [meeting, number, least] = [null, 0, Infinity];
  const at = (k) => corners[(k + corners.length) % corners.length];
  for (let k = 0; k < corners.length; k++) {
    const before = minus(at(k), at(k - 1));
    const side = minus(at(k + 1), at(k));
    const after = minus(at(k + 1), at(k + 2));
    const reach = cross(side, after) / cross(before, after);
    const added = Math.abs(reach * cross(before, side)) / 2;
    if (!(reach > 0 && added < least)) continue;
    [number, least] = [k, added];
    meeting = [at(k)[0] + reach * before[0], at(k)[1] + reach * before[1]];
  }
  return [meeting, number];
}

export function clockwiseFromTopLeft(corners) {
  const sums = corners.map(([x, y]) => x + y);
  return rolled(corners, sums.indexOf(Math.min(...sums)));
}

export const rolled = (items, k) => [...items.slice(k), ...items.slice(0, k)];
export const minus = ([a, b], [c, d]) => [a - c, b - d];
export const cross = ([a, b], [c, d]) => a * d - b * c;

// The length of each side, from its first corner to the next.
export const sidesOf = (corners) =>
  rolled(corners, 1).map((end, k) => Math.hypot(...minus(end, corners[k])));
