// The pictures beside an answer: the tile, and the heatmaps over the person's own picture
// (digit_model/picture/render.py).

const MAX_SIDE_PIXELS = 640;
const MIN_SIDE_PIXELS = 280;
const WEAK = [255, 176, 0];
const STRONG = [213, 62, 0];
const SILENT = 0.25;
const OPACITY = 0.75;
const FADE = 3;
const TILE = 28;
const ACCEPTED_FRAME = "rgb(29, 78, 216)";
const REFUSED_FRAME = "rgb(107, 114, 128)";

// A tile as MNIST holds it, white on black.
export function drawTile(canvas, tile) {
  [canvas.width, canvas.height] = [TILE, TILE];
  const pixels = new ImageData(TILE, TILE);
  tile.forEach((level, i) => pixels.data.set([255 * level, 255 * level, 255 * level, 255], 4 * i));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// Draw the picture, fitted to the screen, with each digit's heatmap over it. Several digits get a frame
// and their answer each. picture: of any size. heatmaps: one for each digit, null until it is computed.
export function drawEvidence(canvas, picture, { digits, width, height }, heatmaps) {
  const longest = Math.max(width, height);
  const scale = longest > MAX_SIDE_PIXELS ? MAX_SIDE_PIXELS / longest : Math.ceil(MIN_SIDE_PIXELS / longest);
  [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = true;
  digits.forEach(({ placement }, k) => heatmaps[k] && drawHeat(context, placement, heatmaps[k], scale));
  if (digits.length > 1) for (const digit of digits) drawFrame(context, digit, scale);
}

function drawHeat(context, { left, top, xScale, yScale, turn = 0 }, heatmap, scale) {
  const glow = new OffscreenCanvas(TILE, TILE);
  const pixels = new ImageData(TILE, TILE);
  heatmap.forEach((heat, i) => {
    const strength = Math.max(0, (heat * fade(i) - SILENT) / (1 - SILENT));
    const colour = WEAK.map((level, k) => level + (STRONG[k] - level) * strength);
    pixels.data.set([...colour, 255 * OPACITY * strength ** 0.75], 4 * i);
  });
  glow.getContext("2d").putImageData(pixels, 0, 0);
  const [width, height] = [TILE * xScale * scale, TILE * yScale * scale];
  context.save();
  context.translate(left * scale + width / 2, top * scale + height / 2);
  context.rotate(turn);
  context.drawImage(glow, -width / 2, -height / 2, width, height);
  context.restore();
}

// 1 inside a tile, falling to 0 at its edge: a hard edge would look like part of the evidence.
function fade(i) {
  const [x, y] = [i % TILE, Math.floor(i / TILE)];
  const share = (place) => Math.min(1, (Math.min(place, TILE - 1 - place) + 0.5) / FADE);
  return Math.min(share(x), share(y));
}

function drawFrame(context, { box, label, accepted }, scale) {
  const [left, top, right, bottom] = box.map((side) => side * scale);
  const { width, height } = context.canvas;
  context.lineWidth = 2;
  context.strokeStyle = context.fillStyle = accepted ? ACCEPTED_FRAME : REFUSED_FRAME;
  context.strokeRect(left - 2, top - 2, right - left + 4, bottom - top + 4);
  const size = Math.min(28, Math.max(14, height / 12));
  const x = Math.min(Math.max(0, left - 3), width - 0.9 * size);
  const y = top - 3 >= 1.15 * size ? top - 3 - 1.15 * size : top - 3;
  context.fillRect(x, y, 0.9 * size, 1.15 * size);
  context.fillStyle = "white";
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(accepted ? `${label}` : "?", x + 0.45 * size, y + 0.6 * size);
}
