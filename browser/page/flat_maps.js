// The maps of each layer side by side, for where there is no WebGL, on phones, and for reduced motion.

import { element } from "./elements.js";
import { peakOf } from "./layers.js";
import { text } from "./texts.js";

const ACROSS = 40; // maps in a row

export class FlatMaps {
  // onChoose: called with {layer, place, channel} of the unit that is pointed at.
  constructor(layers, onChoose) {
    this.layers = layers;
    this.sheets = layers.map((layer) => new Sheet(layer, onChoose));
    this.element = element("div", { class: "maps" }, this.sheets.map(({ element: figure }) => figure));
  }

  show(activations) {
    this.sheets.forEach((sheet) => sheet.show(activations[sheet.layer.place]));
  }
}

class Sheet {
  constructor(layer, onChoose) {
    const { rows, columns, channels } = layer;
    this.layer = layer;
    this.across = Math.min(channels, ACROSS);
    const [width, height] = [this.across * (columns + 1), Math.ceil(channels / this.across) * (rows + 1)];
    this.canvas = element("canvas", { width, height, tabindex: 0, role: "img", "aria-label": titleOf(layer) });
    this.canvas.style.width = `${Math.max(2, Math.round(28 / columns)) * width}px`;
    this.pixels = new ImageData(width, height);
    this.pointed = { place: 0, channel: 0 };
    this.onChoose = onChoose;
    this.canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.canvas.addEventListener("keydown", (event) => this.#press(event));
    this.element = element("figure", {}, element("figcaption", {}, titleOf(layer)), this.canvas);
  }

  show(output) {
    const { rows, columns, channels } = this.layer;
    const factor = 255 / peakOf(output);
    for (let place = 0; place < rows * columns; place++) {
      for (let channel = 0; channel < channels; channel++) {
        const x = (channel % this.across) * (columns + 1) + (place % columns);
        const y = Math.floor(channel / this.across) * (rows + 1) + Math.floor(place / columns);
        const level = Math.max(0, output[place * channels + channel]) * factor;
        this.pixels.data.set([level, 0.72 * level, 0.3 * level + 24, 255], 4 * (y * this.pixels.width + x));
      }
    }
    this.canvas.getContext("2d").putImageData(this.pixels, 0, 0);
  }

  #point({ offsetX, offsetY }) {
    const { rows, columns, channels } = this.layer;
    const scale = this.canvas.width / this.canvas.clientWidth;
    const [x, y] = [Math.floor(offsetX * scale), Math.floor(offsetY * scale)];
    const channel = Math.floor(y / (rows + 1)) * this.across + Math.floor(x / (columns + 1));
    const [column, row] = [x % (columns + 1), y % (rows + 1)];
    if (channel < channels && column < columns && row < rows) {
      this.#choose({ place: row * columns + column, channel });
    }
  }

  // The arrow keys go over the places of a map, Page Up and Page Down from map to map.
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
