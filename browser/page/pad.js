// The drawing pad. Strokes are kept as points in units of which the pad is PAD_HEIGHT high, so that the
// picture does not depend on the window. A drawing is a list of strokes; undo returns to the one before.

import { MAX_PAD_WIDTH, PAD_HEIGHT, PEN_WIDTH } from "./settings.js"; // written by page/settings.py

const MARGIN = 32; // units of plain pad that are read around the drawing
// While the pen is down, the drawing is read at this share of its size, which takes half the time.
const DRAFT_SCALE = 0.5;
const STORED = "drawing"; // where the browser keeps the drawing for a reload

export class Pad {
  // onChange: called when the drawing has changed.
  constructor(place, onChange) {
    this.onChange = onChange;
    this.sheet = place.querySelector(".sheet");
    this.canvas = place.querySelector("canvas");
    this.hint = place.querySelector(".pad-hint");
    this.tools = Object.fromEntries(
      [...place.querySelectorAll("[data-tool]")].map((button) => [button.dataset.tool, button]),
    );
    this.picture = document.createElement("canvas");
    [this.context, this.part] = [this.picture, document.createElement("canvas")].map((canvas) =>
      canvas.getContext("2d", { willReadFrequently: true }),
    );
    [this.strokes, this.earlier, this.later, this.pointer] = [stored(), [], [], null];
    this.width = PAD_HEIGHT;
    this.#listen(place);
    this.show();
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  // The drawing as a canvas of PAD_HEIGHT, the same one each time.
  draw() {
    [this.picture.width, this.picture.height] = [this.width, PAD_HEIGHT];
    this.#paint(this.context, 1, 0, 0);
    return this.picture;
  }

  // The pixels of the part of draw() that has strokes, their number per unit, and how far the part is
  // from the left and the top.
  cutOut() {
    const points = this.strokes.flat();
    const [left, right] = reachOf(points.map(([x]) => x), this.width);
    const [top, bottom] = reachOf(points.map(([, y]) => y), PAD_HEIGHT);
    const scale = this.pointer === null ? 1 : DRAFT_SCALE;
    const [width, height] = [right - left, bottom - top].map((side) => Math.ceil(scale * side));
    [this.part.canvas.width, this.part.canvas.height] = [width, height];
    this.#paint(this.part, scale, -scale * left, -scale * top);
    return { source: this.part.getImageData(0, 0, width, height), scale, left, top };
  }

  use(strokes) {
    this.earlier.push(this.strokes);
    [this.strokes, this.later] = [strokes, []];
    this.#changed();
  }

  show() {
    const box = this.sheet.getBoundingClientRect();
    this.tools.undo.disabled = !this.earlier.length;
    this.tools.redo.disabled = !this.later.length;
    this.tools.clear.disabled = this.isEmpty;
    this.hint.hidden = !this.isEmpty;
    if (!box.height) return; // another tab is open
    this.#fitWidth(box);
    const density = Math.min(3, window.devicePixelRatio || 1);
    const pixels = [box.width, box.height].map((side) => Math.round(side * density));
    if (this.canvas.width !== pixels[0]) this.canvas.width = pixels[0];
    if (this.canvas.height !== pixels[1]) this.canvas.height = pixels[1];
    const { scale, top } = this.#geometry(box);
    this.#paint(this.canvas.getContext("2d"), scale * density, 0, top * density);
  }

  // A wide window offers a wide pad; a drawing made on it stays as wide in a narrow one.
  #fitWidth(box) {
    const offered = Math.round((PAD_HEIGHT * box.width) / box.height);
    const reached = this.strokes.flat().reduce((most, [x]) => Math.max(most, x), 0);
    const drawn = this.isEmpty ? 0 : Math.max(this.width, Math.ceil(reached));
    this.width = Math.max(PAD_HEIGHT, Math.min(MAX_PAD_WIDTH, Math.max(offered, drawn)));
  }

  // Pixels of the window per unit, and those above the drawing where the pad is too narrow for it.
  #geometry(box) {
    const scale = Math.min(box.width / this.width, box.height / PAD_HEIGHT);
    return { scale, top: (box.height - scale * PAD_HEIGHT) / 2 };
  }

  // left, top: where the drawing begins in the context, in pixels.
  #paint(context, scale, left, top) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(scale, 0, 0, scale, left, top);
    context.strokeStyle = "#000";
    context.lineWidth = PEN_WIDTH;
    context.lineCap = context.lineJoin = "round";
    for (const points of this.strokes) {
      context.beginPath();
      context.moveTo(...points[0]);
      // The first point again, because a dot is a line to itself.
      for (const point of points) context.lineTo(...point);
      context.stroke();
    }
  }

  #place(event) {
    const box = this.sheet.getBoundingClientRect();
    const { scale, top } = this.#geometry(box);
    return [(event.clientX - box.left) / scale, (event.clientY - box.top - top) / scale];
  }

  #changed() {
    this.show();
    store(this.strokes);
    this.onChange();
  }

  #step(name) {
    if (this.pointer !== null) return;
    const [from, to] = name === "undo" ? [this.earlier, this.later] : [this.later, this.earlier];
    if (name === "clear") {
      if (!this.isEmpty) this.use([]);
    } else if (from.length) {
      to.push(this.strokes);
      this.strokes = from.pop();
      this.#changed();
    }
  }

  #listen(place) {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#start(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        if (event.pointerId !== this.pointer) return;
        this.pointer = null;
        store(this.strokes);
        this.onChange();
      });
    }
    place.addEventListener("click", ({ target }) => {
      const name = target.closest("[data-tool]")?.dataset.tool;
      if (name) this.#step(name);
    });
    document.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(() => this.show()).observe(this.sheet);
  }

  #start(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(this.pointer);
    this.use([...this.strokes, [this.#place(event)]]);
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const step of events.length ? events : [event]) this.strokes.at(-1).push(this.#place(step));
    this.show();
    this.onChange();
  }

  #press(event) {
    const isHeld = event.ctrlKey || event.metaKey;
    if (!isHeld || !this.canvas.offsetParent || event.target.closest("input, textarea")) return;
    const key = event.key.toLowerCase();
    const name = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
    if (!name) return;
    event.preventDefault();
    this.#step(name);
  }
}

// From where to where the pad is read along one axis, in whole units of 0 to `side`. Strokes may lie
// outside of the pad.
function reachOf(places, side) {
  const inside = (place) => Math.max(0, Math.min(side, place));
  const first = inside(places.reduce((a, b) => Math.min(a, b)));
  const last = inside(places.reduce((a, b) => Math.max(a, b)));
  return [Math.floor(inside(first - MARGIN)), Math.ceil(inside(last + MARGIN))];
}

// In a frame of another site storage may be forbidden; then a reload forgets the drawing.
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED)) ?? [];
  } catch {
    return [];
  }
}

function store(strokes) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(strokes));
  } catch {
    // Forbidden.
  }
}
