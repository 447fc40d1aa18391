// Show one unit: the patch of the drawing in its receptive field, its kernel, and their sum of products.

import { element } from "./elements.js";
import { text } from "./texts.js";

export class UnitPanel {
  constructor(reader, layers) {
    [this.reader, this.layers] = [reader, layers];
    this.unit = null;
    this.seen = element("canvas", { width: 28, height: 28 });
    this.kernel = element("canvas", { width: 1, height: 1 });
    this.words = element("p", { role: "status" }, text("inside.nothing"));
    const figure = (canvas, caption) => element("figure", {}, canvas, element("figcaption", {}, caption));
    this.parts = [figure(this.seen, text("inside.seen")), figure(this.kernel, text("inside.kernel")), this.words];
  }

  // unit: {layer, place, channel}.
  choose(unit, tile) {
    this.unit = unit;
    if (tile) this.refresh(tile);
  }

  async refresh(tile) {
    const { unit } = this;
    drawPatch(this.seen, tile, unit);
    if (!unit) return;
    const { layer, place, channel } = unit;
    const found = await this.reader.inspect(tile, layer.place, place, channel);
    if (unit !== this.unit || !found) return;
    const [rows, columns, channels] = found.shape;
    // A kernel has a sheet for each map below; their mean is shown.
    const sheet = new Float32Array(rows * columns);
    found.kernel.forEach((weight, i) => (sheet[Math.floor(i / channels)] += weight / channels));
    drawSigned(this.kernel, sheet, columns);
    const number = (value) => value.toFixed(2);
    this.words.textContent = text("inside.unit", {
      channel: channel + 1,
      number: layer.number,
      row: Math.floor(place / layer.columns) + 1,
      column: (place % layer.columns) + 1,
      sum: number(found.sum),
      bias: number(found.bias),
      total: number(found.sum + found.bias),
      output: number(found.output),
    });
  }
}

// Draw the tile, dimmed outside the unit's receptive field.
function drawPatch(canvas, tile, unit) {
  const pixels = new ImageData(28, 28);
  const inside = unit?.layer.sees ? windowOf(unit) : () => true;
  tile.forEach((level, i) => {
    const light = inside(i % 28, Math.floor(i / 28)) ? 1 : 0.25;
    pixels.data.set([255 * level * light, 255 * level * light, 255 * level * light + 40 * light, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function windowOf({ layer: { sees, columns }, place }) {
  const [left, top] = [place % columns, Math.floor(place / columns)].map((k) => sees.start + k * sees.step);
  return (x, y) => x >= left && x < left + sees.size && y >= top && y < top + sees.size;
}

// Draw signed numbers: blue above 0, red below, on white. ink: drawn in grey beneath them, if given.
export function drawSigned(canvas, numbers, columns, ink = null) {
  const rows = numbers.length / columns;
  [canvas.width, canvas.height] = [columns, rows];
  const peak = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const pixels = new ImageData(columns, rows);
  numbers.forEach((value, i) => {
    const strength = Math.min(1, Math.abs(value) / peak) ** 0.7;
    const paper = ink ? 255 - 60 * ink[i] : 255;
    const colour = value > 0 ? [29, 78, 216] : [200, 40, 30];
    const mixed = colour.map((level) => paper + (level - paper) * strength);
    pixels.data.set([...mixed, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
