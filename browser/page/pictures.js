// Show the tile and the heatmap beside an answer (page/reading/pictures.html).

import { drawEvidence, drawTile } from "./draw.js";
import { element } from "./elements.js";
import { text } from "./texts.js";

// Show the places of the two pictures, or the pictures of a view: {reading, mark, target, method,
// methods, heatmaps, picture}. The canvases stay, because a drawing changes them many times a second.
export class Pictures {
  constructor(place) {
    this.tile = element("canvas", { class: "tile", role: "img", hidden: true });
    this.heat = element("canvas", { class: "heat", role: "img", hidden: true });
    [this.sees, this.speaks] = [element("figcaption"), element("figcaption")];
    const figure = (canvas, caption) =>
      element("figure", {}, element("div", { class: "frame" }, canvas), caption);
    place.replaceChildren(
      element(
        "label",
        { class: "fold" },
        element("input", { type: "checkbox" }),
        text("reading.pictures"),
      ),
      figure(this.tile, this.sees),
      figure(this.heat, this.speaks),
    );
    this.fold = place.querySelector(".fold input");
    this.clear();
  }

  clear() {
    this.tile.hidden = this.heat.hidden = true;
    this.sees.textContent = text("reading.what_it_sees");
    this.speaks.textContent = text("reading.evidence");
  }

  show({ reading, mark, target, method, methods, heatmaps, picture }) {
    const digit = reading.digits[mark];
    const milliseconds = Math.round(1000 * reading.seconds);
    const took = milliseconds ? text("reading.took", { milliseconds }) : text("reading.took_no_time");
    this.sees.textContent = `${text("reading.what_it_sees")} · ${took}`;
    drawTile(this.tile, digit.tile);
    drawEvidence(this.heat, picture, reading, heatmaps);
    this.tile.setAttribute("aria-label", text("reading.tile"));
    this.heat.setAttribute("aria-label", text("reading.heatmap", { digit: target }));
    this.tile.hidden = this.heat.hidden = false;
    const isSilent = heatmaps[mark] && !heatmaps[mark].some(Boolean);
    const evidence = text(isSilent ? "reading.nothing_speaks_for" : "reading.speaks_for", { digit: target });
    this.#caption(evidence, method, methods);
  }

  #caption(evidence, method, methods) {
    const focused = document.activeElement?.dataset?.method;
    const button = (name) =>
      element(
        "button",
        { type: "button", "data-method": name, "aria-pressed": `${name === method}` },
        name,
      );
    this.speaks.replaceChildren(
      element("span", {}, evidence),
      methods.length > 1
        ? element("span", { class: "methods", role: "group", "aria-label": text("reading.methods") }, methods.map(button))
        : element("span", {}, method),
    );
    if (focused) this.speaks.querySelector(`[data-method="${focused}"]`)?.focus();
  }
}
