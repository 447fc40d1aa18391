// Draw the maps of each layer side by side: on phones, without WebGL, and for reduced motion.

import { element } from "./elements.js";
import { peakOf } from "./layers.js";
import { text } from "./texts.js";

const MAX_ACROSS = 40; // maps in a row
const MARKED = "#5ac8ff"; // the unit that is looked at

export class FlatMaps {
  // onChoose: called with {layer, place, channel} of the unit that is pointed at.
  constructor(layers, onChoose) {
    this.layers = layers;
    this.sheets = layers.map((layer) => new Sheet(layer, (unit) => this.#choose(unit, onChoose)));
    this.element = element("div", { class: "maps" }, this.sheets.map(({ element: figure }) => figure));
    this.resizing = new ResizeObserver(() => {
      for (const sheet of this.sheets) sheet.fit(this.element.clientWidth);
    });
    this.resizing.observe(this.element);
  }

  close() {
    this.resizing.disconnect();
  }

  show(activations) {
    this.sheets.forEach((sheet) => sheet.show(activations[sheet.layer.place]));
  }

  #choose(unit, onChoose) {
    for (const sheet of this.sheets) sheet.mark(sheet.layer === unit.layer ? unit : null);
    onChoose(unit);
  }
}

class Sheet {
  constructor(layer, onChoose) {
    const { rows, columns } = layer;
    this.layer = layer;
    this.zoom = Math.max(2, Math.round(28 / columns));
    // Between maps is a line of one pixel; the ten answers, of one pixel each, stand side by side.
    this.step = columns > 1 ? [columns + 1, rows + 1] : [1, 1];
    this.canvas = element("canvas", { tabindex: 0, role: "img", "aria-label": titleOf(layer) });
    this.pointed = { place: 0, channel: 0 };
    this.onChoose = onChoose;
    this.canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.canvas.addEventListener("keydown", (event) => this.#press(event));
    this.element = element("figure", {}, element("figcaption", {}, titleOf(layer)), this.canvas);
  }

  // Return how many maps fit side by side into a width in pixels.
  fit(available) {
    const { channels } = this.layer;
    const [stepAcross, stepDown] = this.step;
    const fitting = Math.max(1, Math.floor(available / (this.zoom * stepAcross)));
    // Rows of the same length.
    const across = Math.ceil(channels / Math.ceil(channels / Math.min(fitting, MAX_ACROSS)));
    if (across === this.across) return;
    this.across = across;
    [this.canvas.width, this.canvas.height] = [across * stepAcross, Math.ceil(channels / across) * stepDown];
    this.canvas.style.width = `${this.zoom * this.canvas.width}px`;
    this.pixels = new ImageData(this.canvas.width, this.canvas.height);
    if (this.output) this.show(this.output);
  }

  show(output) {
    this.output = output;
    if (!this.across) return; // until it is known how much room there is
    const { rows, columns, channels } = this.layer;
    const factor = 255 / peakOf(output);
    for (let place = 0; place < rows * columns; place++) {
      for (let channel = 0; channel < channels; channel++) {
        const [x, y] = this.#pixelOf(place, channel);
        const level = Math.max(0, output[place * channels + channel]) * factor;
        this.pixels.data.set([level, 0.72 * level, 0.3 * level + 24, 255], 4 * (y * this.pixels.width + x));
      }
    }
    const context = this.canvas.getContext("2d");
    context.putImageData(this.pixels, 0, 0);
    if (!this.marked) return;
    context.fillStyle = MARKED;
    context.fillRect(...this.#pixelOf(this.marked.place, this.marked.channel), 1, 1);
  }

  // unit: the selected unit, or null if it belongs to another layer.
  mark(unit) {
    if (!unit && !this.marked) return;
    this.marked = unit;
    if (this.output) this.show(this.output);
  }

  #pixelOf(place, channel) {
    const [across, down] = this.step;
    const { columns } = this.layer;
    const left = (channel % this.across) * across;
    const top = Math.floor(channel / this.across) * down;
    return [left + (place % columns), top + Math.floor(place / columns)];
  }

  #point({ offsetX, offsetY }) {
    const { rows, columns, channels } = this.layer;
    const scale = this.canvas.width / this.canvas.clientWidth;
    const [x, y] = [Math.floor(offsetX * scale), Math.floor(offsetY * scale)];
    const [across, down] = this.step;
    const channel = Math.floor(y / down) * this.across + Math.floor(x / across);
    const [column, row] = [x % across, y % down];
    if (channel < channels && column < columns && row < rows) {
      this.#choose({ place: row * columns + column, channel });
    }
  }

  // The arrow keys move between the positions of a map, Page Up and Page Down between maps.
  #press(event) {
    const { rows, columns, channels } = this.layer;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const maps = { PageDown: 1, PageUp: -1 };
    if (!(event.key in steps || event.key in maps)) return;
    event.preventDefault();
    const within = (number, count) => Math.max(0, Math.min(count - 1, number));
    this.#choose({
      place: within(this.pointed.place + (steps[event.key] ?? 0), rows * columns),
      channel: within(this.pointed.channel + (maps[event.key] ?? 0), channels),
    });
  }

  #choose(pointed) {
    this.pointed = pointed;
    this.onChoose({ layer: this.layer, ...pointed });
  }
}

function titleOf({ number, rows, columns, channels }) {
  if (number === 0) return text("inside.tile");
  if (rows * columns === 1) return text("inside.answers");
  return text("inside.layer", { number, channels, rows, columns });
}
