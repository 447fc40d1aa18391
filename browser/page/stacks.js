// Draw the maps of each layer as a stack of glowing cards in three dimensions, with WebGL. Light adds up,
// so the cards need not be sorted.

import { element } from "./elements.js";
import { peakOf } from "./layers.js";
import { text } from "./texts.js";

const ATLAS_WIDTH = 512;
const DEPTH = 2.2; // of the deepest stack
const SIDES = { 28: 1.5, 14: 1.15, 7: 0.85, 1: 0.3 };
const GAP = 0.32; // between stacks
const FIELD = 0.7; // of view, in radians
const MIN_DISTANCE = 6.5; // from which the column of answers is in view
const SLACK = 4; // pixels that a finger may move while it presses
const MARGIN = 0.9; // at both ends of the row
const AWAY = 0.85; // of what would centre the ends, because the far end is the higher one
const VERTEX = `
attribute vec3 position; attribute vec2 texel; attribute float faint;
uniform mat4 view; uniform vec2 size; varying vec2 at; varying float glow;
void main() { gl_Position = view * vec4(position, 1.0); at = texel / size; glow = faint; }`;
const FRAGMENT = `
precision mediump float;
uniform sampler2D maps; varying vec2 at; varying float glow;
void main() {
  float level = texture2D(maps, at).r;
  gl_FragColor = vec4(vec3(1.0, 0.69, 0.22) * pow(level, 1.4) * glow + vec3(0.10, 0.17, 0.42) * glow * glow * 0.5, 1.0);
}`;

export class Stacks {
  static isPossible() {
    return Boolean(document.createElement("canvas").getContext("webgl"));
  }

  // onChoose: called with {layer, place, channel} of the unit that is pointed at.
  constructor(layers, onChoose) {
    [this.layers, this.onChoose] = [layers, onChoose];
    this.canvas = element("canvas", { class: "stacks", role: "img", "aria-label": text("inside.title") });
    this.gl = this.canvas.getContext("webgl", { antialias: true });
    [this.turn, this.tilt] = [0.36, 0.4];
    this.cards = layOut(layers);
    this.half = -this.cards[0].x; // of the row of stacks
    this.atlas = new Uint8Array(ATLAS_WIDTH * heightOf(this.cards));
    this.#prepare();
    this.#listen();
    this.resizing = new ResizeObserver(() => this.#drawSoon());
    this.resizing.observe(this.canvas);
  }

  close() {
    this.resizing.disconnect();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  show(activations) {
    for (const { layer, channel, left, top } of this.cards) {
      const output = activations[layer.place];
      // The first card of a layer is where its peak is looked for.
      if (channel === 0) layer.factor = 255 / peakOf(output);
      for (let place = 0; place < layer.rows * layer.columns; place++) {
        const [x, y] = [left + (place % layer.columns), top + Math.floor(place / layer.columns)];
        const level = output[place * layer.channels + channel] * layer.factor;
        this.atlas[y * ATLAS_WIDTH + x] = level > 0 ? level : 0;
      }
    }
    const { gl } = this;
    const size = [ATLAS_WIDTH, this.atlas.length / ATLAS_WIDTH];
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.LUMINANCE, ...size, 0, gl.LUMINANCE, gl.UNSIGNED_BYTE, this.atlas);
    this.#drawSoon();
  }

  #prepare() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    const vertices = new Float32Array(this.cards.flatMap(verticesOf));
    gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.STATIC_DRAW);
    [["position", 3, 0], ["texel", 2, 12], ["faint", 1, 20]].forEach(([name, count, offset]) => {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, count, gl.FLOAT, false, 24, offset);
    });
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
      [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ]) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    gl.uniform2f(gl.getUniformLocation(program, "size"), ATLAS_WIDTH, this.atlas.length / ATLAS_WIDTH);
    this.viewPlace = gl.getUniformLocation(program, "view");
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.clearColor(0.063, 0.075, 0.102, 1);
  }

  #drawSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #draw() {
    const { gl, canvas } = this;
    const density = Math.min(2, window.devicePixelRatio || 1);
    [canvas.width, canvas.height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.max(1, Math.round(side * density)));
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniformMatrix4fv(this.viewPlace, false, this.#matrix());
    gl.drawArrays(gl.TRIANGLES, 0, 6 * this.cards.length);
  }

  // Return the matrix of the view, column by column: a turn about the upright axis, a tilt, a move back
  // until everything is visible, and perspective. The near end looks larger, so the row is moved away.
  #matrix() {
    const [cosTurn, sinTurn] = [Math.cos(this.turn), Math.sin(this.turn)];
    const [cosTilt, sinTilt] = [Math.cos(this.tilt), Math.sin(this.tilt)];
    const zoom = 1 / Math.tan(FIELD / 2);
    const aspect = this.canvas.clientWidth / this.canvas.clientHeight;
    const [across, deep] = [this.half * cosTurn, this.half * cosTilt * sinTurn];
    const farEnough = ((Math.abs(across) + MARGIN) * zoom) / aspect;
    const distance = Math.max(MIN_DISTANCE, farEnough, Math.abs(deep) + MIN_DISTANCE / 2);
    const shift = (AWAY * across * deep) / distance;
    const [near, far] = [0.5, 60];
    const [scale, offset] = [(near + far) / (near - far), (2 * near * far) / (near - far)];
    const columns = [
      [cosTurn, sinTilt * sinTurn, -cosTilt * sinTurn],
      [0, cosTilt, sinTilt],
      [sinTurn, -sinTilt * cosTurn, cosTilt * cosTurn],
      [shift, 0, -distance],
    ];
    return new Float32Array(
      columns.flatMap(([x, y, z], k) => [(x * zoom) / aspect, y * zoom, z * scale + (k === 3 ? offset : 0), -z]),
    );
  }

  #listen() {
    let held = null;
    let isTurned = false;
    this.canvas.addEventListener("pointerdown", (event) => {
      [held, isTurned] = [[event.clientX, event.clientY], false];
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointerup", (event) => {
      held = null;
      if (!isTurned) this.#point(event); // a finger cannot point without pressing
    });
    this.canvas.addEventListener("pointercancel", () => (held = null));
    this.canvas.addEventListener("pointermove", (event) => {
      if (!held) return this.#point(event);
      const moved = Math.hypot(event.clientX - held[0], event.clientY - held[1]);
      if (!isTurned && moved < SLACK) return undefined;
      isTurned = true;
      this.turn += (event.clientX - held[0]) * 0.008;
      this.tilt = Math.max(-1.4, Math.min(1.4, this.tilt + (event.clientY - held[1]) * 0.008));
      held = [event.clientX, event.clientY];
      return this.#drawSoon();
    });
  }

  // Return the brightest of the units under the pointer.
  #point({ offsetX, offsetY }) {
    const matrix = this.#matrix();
    const [x, y] = [(2 * offsetX) / this.canvas.clientWidth - 1, 1 - (2 * offsetY) / this.canvas.clientHeight];
    let best = null;
    for (const card of this.cards) {
      const place = placeOn(card, matrix, x, y);
      if (place === null) continue;
      const [column, row] = [place % card.layer.columns, Math.floor(place / card.layer.columns)];
      const level = this.atlas[(card.top + row) * ATLAS_WIDTH + card.left + column];
      if (!best || level > best.level) best = { level, layer: card.layer, place, channel: card.channel };
    }
    if (best) this.onChoose(best);
  }
}

// Each map as a card: where it stands, and where its numbers are in the atlas.
function layOut(layers) {
  const widths = layers.map(({ columns }) => SIDES[columns] ?? 1);
  let x = -(widths.reduce((a, b) => a + b) + GAP * (layers.length - 1)) / 2;
  let [left, top, lineHeight] = [0, 0, 0];
  return layers.flatMap((layer, k) => {
    const side = widths[k];
    const isAnswer = layer.rows === 1;
    const step = layer.channels > 1 ? DEPTH / Math.max(40, layer.channels) : 0;
    const cards = Array.from({ length: layer.channels }, (_, channel) => {
      if (left + layer.columns > ATLAS_WIDTH) [left, top, lineHeight] = [0, top + lineHeight, 0];
      lineHeight = Math.max(lineHeight, layer.rows);
      const card = {
        layer,
        channel,
        side,
        left,
        top,
        x,
        // The answers stand above each other, 0 at the top.
        y: isAnswer ? (4.5 - channel) * side * 1.15 - side / 2 : -side / 2,
        z: isAnswer ? 0 : step * ((layer.channels - 1) / 2 - channel),
        // The light of all cards of a stack adds up.
        faint: isAnswer ? 1 : layer.channels ** -0.3,
      };
      left += layer.columns;
      return card;
    });
    x += side + GAP;
    return cards;
  });
}

const heightOf = (cards) => Math.max(...cards.map(({ top, layer }) => top + layer.rows));

function verticesOf({ layer, side, left, top, x, y, z, faint }) {
  const corner = (across, down) => [
    ...[x + across * side, y + (1 - down) * side, z],
    ...[left + across * layer.columns, top + down * layer.rows, faint],
  ];
  const [a, b, c, d] = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
  return [a, b, c, a, c, d].flat();
}

// The place on a card under a point of the screen, or null. A card lies in a plane of one z: where it
// is hit solves two linear equations.
function placeOn({ layer, side, x: left, y: bottom, z }, matrix, screenX, screenY) {
  const row = (k) => [0, 4, 8, 12].map((start) => matrix[start + k]);
  const [across, down, depth] = [row(0), row(1), row(3)];
  const equation = (own, screen) => {
    const [a, b, c, d] = own.map((value, k) => value - screen * depth[k]);
    return [a, b, -(c * z + d)];
  };
  const [[a, b, e], [c, d, f]] = [equation(across, screenX), equation(down, screenY)];
  const determinant = a * d - b * c;
  const [x, y] = [(e * d - b * f) / determinant, (a * f - e * c) / determinant];
  const [column, line] = [((x - left) / side) * layer.columns, (1 - (y - bottom) / side) * layer.rows];
  if (!(column >= 0 && column < layer.columns && line >= 0 && line < layer.rows)) return null;
  return Math.floor(line) * layer.columns + Math.floor(column);
}
