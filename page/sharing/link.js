// "Copy link": puts the drawing as strokes, or the tiles of a picture, into the address's query.
// link.py reads what is written here and describes the format.
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

function codeOf(strokes) {
  const whole = ([x, y]) => [x, y].map((side) => Math.max(-PAD_HEIGHT, Math.min(2 * PAD_HEIGHT, Math.round(side))));
  for (let tolerance = 0.5; tolerance < 9; tolerance *= 2) {
    const bytes = bytesOf(strokes.map((points) => simplified(points, tolerance).map(whole)));
    const text = btoa(String.fromCharCode(...bytes, ...checksum(bytes)));
    const code = "s" + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    if (code.length <= MAX_LINK_LETTERS) return code;
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
  // A Space is shown in a frame of the Hub's page, which passes its own query on.
  const outer = window.parent !== window && element.querySelector("[data-space]")?.dataset.space;
  const link = new URL(outer || location.origin + location.pathname);
  link.searchParams.set("d", code);
  return link.href;
}

async function share() {
  const code = currentCode();
  field.parentElement.hidden = true;
  if (!code) {
    say(code === undefined ? TEXTS.sharing.nothing : TEXTS.sharing.too_long);
    return;
  }
  field.value = linkTo(code);
  if (await copyToClipboard(field.value)) {
    say(TEXTS.sharing.copied);
    return;
  }
  field.parentElement.hidden = false;
  field.select();
  say(TEXTS.sharing.copy_this);
}

let clearing;
function say(sentence) {
  const done = sentence === TEXTS.sharing.copied;
  note.textContent = sentence;
  note.classList.toggle("unseen", done); // the button itself says so
  button.textContent = done ? sentence : TEXTS.sharing.button;
  clearTimeout(clearing);
  if (done) clearing = setTimeout(say, 4000, "");
}

button.addEventListener("click", share);
// A message about a picture disappears with it.
for (const way of ["pad", "image", "camera"]) {
  for (const event of [`${way} arrived`, `${way} opened`]) {
    document.addEventListener(event, () => {
      field.parentElement.hidden = true;
      say("");
    });
  }
}
// Gradio is about to reload the page, which then opens what its address says.
document.addEventListener("lost", () => {
  const here = new URL(location);
  const code = currentCode();
  code ? here.searchParams.set("d", code) : here.searchParams.delete("d");
  history.replaceState(null, "", here);
});
const opened = new URLSearchParams(location.search).get("d");
// After a reload the pad has the drawing itself, with what was added to it.
if (opened !== null && !(isReload() && store.get("drawing")?.length)) {
  props.value = `?d=${opened}`;
  trigger("open");
}
