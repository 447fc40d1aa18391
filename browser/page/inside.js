// Inside the network, live: what each layer makes of the drawing, in three dimensions or flat; what one
// unit sees; and which strokes spoke for the answer.

import { element } from "./elements.js";
import { FlatMaps } from "./flat_maps.js";
import { shownLayers } from "./layers.js";
import { Stacks } from "./stacks.js";
import { text } from "./texts.js";
import { drawSigned, UnitPanel } from "./unit.js";

export class Inside {
  constructor(place, reader) {
    this.reader = reader;
    this.layers = shownLayers(reader.model);
    this.place = place;
    [this.tile, this.next, this.isBusy] = [null, null, false];
    this.unit = new UnitPanel(reader, this.layers);
    this.strokes = element("canvas", { role: "img", width: 28, height: 28 });
    this.strokesCaption = element("figcaption");
    this.hint = element("p");
    this.toggle = element("button", { type: "button", class: "plain", on: { click: () => this.#change() } });
    this.stage = element("div");
    place.replaceChildren(
      element("link", {
        rel: "stylesheet",
        href: new URL("inside.css", import.meta.url),
        on: { load: () => place.scrollIntoView({ block: "nearest" }) },
      }),
      element("header", {}, element("h2", {}, text("inside.title")), this.hint, this.toggle),
      this.stage,
      element("div", { class: "unit" }, element("figure", {}, this.strokes, this.strokesCaption), this.unit.parts),
    );
    this.#open(isCalm() || !Stacks.isPossible() ? FlatMaps : Stacks);
  }

  close() {
    this.view.close?.();
    this.place.replaceChildren();
  }

  // digit: of a reading. target: the digit for which the strokes are shown. Of the digits
  // that arrive while another is being shown, only the newest is shown next.
  show(digit, target = digit.label) {
    this.next = { ...digit, target };
    if (!this.isBusy) this.#showAll();
  }

  async #showAll() {
    this.isBusy = true;
    while (this.next) {
      const { tile, probabilities, target } = this.next;
      this.next = null;
      this.activations = await this.reader.activations(tile);
      this.tile = tile;
      this.view.show(this.activations);
      await this.#showStrokes(tile, probabilities, target);
      await this.unit.refresh(tile);
    }
    this.isBusy = false;
  }

  async #showStrokes(tile, probabilities, answer) {
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const other = order.find((digit) => digit !== answer);
    const evidence = await this.reader.contrast(tile, answer, other);
    drawSigned(this.strokes, evidence, 28, tile);
    this.strokesCaption.textContent = text("inside.strokes", { answer, other });
    this.strokes.setAttribute("aria-label", text("inside.strokes_title", { answer, other }));
  }

  #change() {
    this.#open(this.view instanceof Stacks ? FlatMaps : Stacks);
  }

  #open(View) {
    this.view?.close?.();
    this.view = new View(this.layers, (unit) => this.unit.choose(unit, this.tile));
    this.stage.replaceChildren(this.view.canvas ?? this.view.element);
    const isFlat = View === FlatMaps;
    this.hint.textContent = text(isFlat ? "inside.hint_flat" : "inside.hint");
    this.toggle.textContent = text(isFlat ? "inside.stacked" : "inside.flat");
    this.toggle.hidden = isFlat && !Stacks.isPossible();
    if (this.activations) this.view.show(this.activations);
  }
}

// The maps are flat at first on phones and for visitors who prefer reduced motion.
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce), (max-width: 767px)").matches;
