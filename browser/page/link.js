// A drawing or the tiles of a picture in the query of a URL, for both pages. page/sharing/link.py
// describes the format.

import { BadLink } from "../errors.js";
import { MAX_LINK_LETTERS, PAD_HEIGHT } from "./settings.js"; // written by page/settings.py

const SHADES = 64;
const MOST_TILES = 64;
const FARTHEST = [-PAD_HEIGHT, 2 * PAD_HEIGHT];
const TILE = 784;

// The code of strokes, simplified until it is short enough, or "".
export function codeOfStrokes(strokes) {
  const whole = ([x, y]) => [x, y].map((side) => Math.max(FARTHEST[0], Math.min(FARTHEST[1], Math.round(side))));
  for (let tolerance = 0.5; tolerance < 9; tolerance *= 2) {
    const bytes = bytesOf(strokes.map((points) => simplified(points, tolerance).map(whole)));
    const code = `s${packed(bytes)}`;
    if (code.length <= MAX_LINK_LETTERS) return code;
  }
  return "";
}

// The code of a reading's tiles, or "" if they are too many for a link.
export async function codeOfDigits(digits) {
  if (digits.length > MOST_TILES || digits.some(({ row }) => row > 255)) return "";
  const body = new Uint8Array(digits.length * (TILE + 1));
  digits.forEach(({ row, tile }, k) => {
    body[k * (TILE + 1)] = row;
    body.set(tile.map((level) => Math.round(level * (SHADES - 1))), k * (TILE + 1) + 1);
  });
  const deflated = await through(new CompressionStream("deflate-raw"), body);
  const code = `t${packed([...deflated])}`;
  return code.length <= MAX_LINK_LETTERS ? code : "";
}

// Return {strokes} or {tiles, rows}. Raises BadLink unless the whole text is a valid code.
export async function read(code) {
  if (code.length > MAX_LINK_LETTERS) {
    const most = MAX_LINK_LETTERS.toLocaleString("en");
    throw new BadLink(`This link is too long: at most ${most} characters are read.`);
  }
  if (!/^[st][A-Za-z0-9_-]+$/.test(code)) throw damaged();
  const body = unpacked(code.slice(1));
  return code[0] === "s" ? { strokes: strokesOf(body) } : tilesOf(body);
}

// The address that opens a code. space: the Hub's page that shows this page in its frame, or ""; the
// Hub passes its query on.
export function addressOf(code, space) {
  const isFramed = space && window.parent !== window;
  const link = new URL(isFramed ? space : location.origin + location.pathname);
  link.searchParams.set("d", code);
  return link.href;
}

const damaged = () =>
  new BadLink("This link is damaged or incomplete. Ask for it again and copy all of it, or draw here.");

function packed(bytes) {
  const text = btoa(String.fromCharCode(...bytes, ...checksum(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpacked(text) {
  let binary;
  try {
    binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw damaged();
  }
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const body = bytes.subarray(0, -4);
  const expected = checksum(body);
  if (!body.length || !expected.every((byte, k) => byte === bytes[body.length + k])) throw damaged();
  return body;
}

// Adler-32 (RFC 1950).
function checksum(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return [b >> 8, b & 255, a >> 8, a & 255];
}

function bytesOf(strokes) {
  const bytes = [];
  const put = (number) => {
    let rest = number < 0 ? -2 * number - 1 : 2 * number;
    for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
    bytes.push(rest);
  };
  let [x, y] = [0, 0];
  for (const points of strokes) {
    put(points.length);
    for (const [toX, toY] of points) {
      put(toX - x);
      put(toY - y);
      [x, y] = [toX, toY];
    }
  }
  return bytes;
}

function strokesOf(body) {
  const numbers = numbersOf(body);
  const strokes = [];
  let [x, y] = [0, 0];
  for (let start = 0; start < numbers.length; ) {
    const end = start + 1 + 2 * numbers[start];
    if (end < start + 3 || end > numbers.length) throw damaged();
    const points = [];
    for (let place = start + 1; place < end; place += 2) {
      x += numbers[place];
      y += numbers[place + 1];
      points.push([x, y]);
    }
    if (points.flat().some((side) => side < FARTHEST[0] || side > FARTHEST[1])) throw damaged();
    strokes.push(points);
    start = end;
  }
  return strokes;
}

function numbersOf(body) {
  const numbers = [];
  let [number, shift] = [0, 0];
  for (const byte of body) {
    number |= (byte & 127) << shift;
    shift += 7;
    if (shift > 21) throw damaged();
    if (byte < 128) {
      numbers.push((number >> 1) ^ -(number & 1));
      [number, shift] = [0, 0];
    }
  }
  if (shift) throw damaged();
  return numbers;
}

async function tilesOf(body) {
  const bytes = await through(new DecompressionStream("deflate-raw"), body, MOST_TILES * (TILE + 1)).catch(() => {
    throw damaged();
  });
  const count = bytes.length / (TILE + 1);
  if (!count || !Number.isInteger(count) || count > MOST_TILES) throw damaged();
  const [tiles, rows] = [new Float32Array(count * TILE), []];
  for (let k = 0; k < count; k++) {
    const pixels = bytes.subarray(k * (TILE + 1) + 1, (k + 1) * (TILE + 1));
    if (pixels.some((shade) => shade >= SHADES) || !pixels.some(Boolean)) throw damaged();
    rows.push(bytes[k * (TILE + 1)]);
    tiles.set(Float32Array.from(pixels, (shade) => shade / (SHADES - 1)), k * TILE);
  }
  return { tiles, rows };
}

// Return the bytes of a decompressed stream; a small code may decompress to very many, so they are limited.
async function through(stream, bytes, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length > most) throw damaged();
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// Ramer, Douglas and Peucker's algorithm: drops points within the tolerance of the simplified line.
function simplified(points, tolerance) {
  const [first, last] = [points[0], points.at(-1)];
  let [farthest, distance] = [0, tolerance];
  for (let place = 1; place < points.length - 1; place++) {
    const away = distanceTo(points[place], first, last);
    if (away > distance) [farthest, distance] = [place, away];
  }
  if (!farthest) return points.length > 1 ? [first, last] : [first];
  const before = simplified(points.slice(0, farthest + 1), tolerance);
  return [...before.slice(0, -1), ...simplified(points.slice(farthest), tolerance)];
}

function distanceTo([x, y], [fromX, fromY], [toX, toY]) {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  const squared = alongX * alongX + alongY * alongY;
  const share = squared && ((x - fromX) * alongX + (y - fromY) * alongY) / squared;
  const part = Math.max(0, Math.min(1, share));
  return Math.hypot(x - fromX - part * alongX, y - fromY - part * alongY);
}
