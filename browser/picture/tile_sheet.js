// Where tiles lie on a sheet on which they stand side by side in their rows
// (digit_model/picture/tile_sheet.py). The sheet itself is drawn by draw.js.

import { round } from "../numerics/statistics.js";

const TILE_SIZE = 28;
const TILE_BOX = 20;
const LONGEST_SIDE = 640;
const LARGEST_ZOOM = 10;

// Return the sheet's size, and the placement and the box of each tile. rows: the row of each.
export function layOutTiles(rows) {
  const numbers = [...new Set(rows)].sort((a, b) => a - b);
  const columns = rows.map((row, k) => rows.slice(0, k).filter((other) => other === row).length);
  const wide = Math.max(...columns) + 1;
  const fitting = Math.floor(LONGEST_SIDE / (TILE_SIZE * Math.max(wide, numbers.length)));
  const zoom = Math.min(LARGEST_ZOOM, Math.max(1, fitting));
  const side = zoom * TILE_SIZE;
  const placements = rows.map((row, k) => ({
    left: side * columns[k],
    top: side * numbers.indexOf(row),
    xScale: zoom,
    yScale: zoom,
  }));
  const boxes = placements.map(inkBox);
  return { width: side * wide, height: side * numbers.length, placements, boxes };
}

// The box that MNIST's rule gives the ink of a tile, widened by one tile pixel.
function inkBox({ left, top, xScale, yScale }) {
  const low = (TILE_SIZE - TILE_BOX) / 2 - 1;
  const high = TILE_SIZE - low;
  return [
    round(left + low * xScale),
    round(top + low * yScale),
    round(left + high * xScale),
    round(top + high * yScale),
  ];
}
