// "Copy link": the drawing as strokes, or the tiles of a picture, in the address's query. link.py
// reads what is written here and says how it is packed.
const LONGEST = 4000;
const button = element.querySelector("[data-share]");
const note = element.querySelector(".said");
const field = element.querySelector("input");

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

function checksum(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return [b >> 8, b & 255, a >> 8, a & 255];
}

// Ramer, Douglas and Peucker's: leaves out points that lie within the tolerance of what is left.
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

function codeOf(strokes) {
  const whole = ([x, y]) => [x, y].map((side) => Math.max(-280, Math.min(560, Math.round(side))));
  for (let tolerance = 0.5; tolerance < 9; tolerance *= 2) {
    const bytes = bytesOf(strokes.map((points) => simplified(points, tolerance).map(whole)));
    const text = btoa(String.fromCharCode(...bytes, ...checksum(bytes)));
    const code = "s" + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    if (code.length <= LONGEST) return code;
  }
  return "";
}

function currentCode() {
  const asked = { strokes: [] };
  const pad = document.querySelector("#pad canvas");
  if (pad?.offsetParent) pad.dispatchEvent(new CustomEvent("strokes", { detail: asked }));
  if (asked.strokes.length) return codeOf(asked.strokes);
  return document.querySelector("#answer [data-tiles]")?.dataset.tiles;
}

function linkTo(code) {
  // A Space stands in a frame of the Hub's page, which hands its own query on.
  const outer = window.parent !== window && element.querySelector("[data-space]")?.dataset.space;
  const link = new URL(outer || location.origin + location.pathname);
  link.searchParams.set("d", code);
  return link.href;
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false; // not allowed in this frame, or a page on plain http
  }
}

async function share() {
  const code = currentCode();
  field.parentElement.hidden = true;
  if (!code) {
    say(code === undefined ? "Draw or choose a picture first." : "This is too much for a link.");
    return;
  }
  field.value = linkTo(code);
  if (await copy(field.value)) {
    say("Link copied");
    return;
  }
  field.parentElement.hidden = false;
  field.select();
  say(document.execCommand("copy") ? "Link copied" : "Copy this link:");
}

let silence;
function say(words) {
  const done = words === "Link copied";
  note.textContent = words;
  note.classList.toggle("unseen", done); // the button itself says so
  button.textContent = done ? words : "Copy link";
  clearTimeout(silence);
  if (done) silence = setTimeout(say, 4000, "");
}

button.addEventListener("click", share);
// What was said of a picture goes with it.
for (const way of ["pad", "image", "camera"]) {
  for (const event of [`${way} arrived`, `${way} opened`]) {
    document.addEventListener(event, () => {
      field.parentElement.hidden = true;
      say("");
    });
  }
}
// The page is about to be loaded anew, with what its address says.
document.addEventListener("lost", () => {
  const here = new URL(location);
  const code = currentCode();
  code ? here.searchParams.set("d", code) : here.searchParams.delete("d");
  history.replaceState(null, "", here);
});
const opened = new URLSearchParams(location.search).get("d");
if (opened !== null) {
  props.value = `?d=${opened}`;
  trigger("open");
}
