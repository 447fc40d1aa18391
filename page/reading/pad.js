// The drawing pad. Strokes are kept as points in units of which the pad is PAD_HEIGHT high, so the
// picture that is sent does not depend on the size of the window. A drawing is a list of strokes, and
// undo returns to the drawing before. During a stroke and after it, the whole drawing becomes the
// component's value, a PNG in a data: URL, with the event "picture".
const MIN_PAUSE = 150; // milliseconds between two pictures that are sent during a stroke
const REPLAY_MILLISECONDS = 1600; // for all strokes of a link or a sample
const STORED = "drawing"; // where the browser keeps the drawing for a reload
const sheet = element.querySelector(".sheet");
const canvas = element.querySelector("canvas");
const hint = element.querySelector(".pad-hint");
const samples = element.querySelector(".samples");
const tool = (name) => element.querySelector(`[data-tool="${name}"]`);
let current = ""; // the picture or the link that was sent last
let strokes = [];
let earlier = [];
let later = [];
let width = PAD_HEIGHT; // of the drawing, in units
let pointer = null;
let sent = 0;
let isAwaited = false; // whether an answer is still to come
let answerTime = 0; // how long the last answer took
let answered = 0; // when it came
let replayed = null; // the strokes that are being drawn by themselves

function paint(target, scale, top = 0) {
  const context = target.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, target.width, target.height);
  context.setTransform(scale, 0, 0, scale, 0, top);
  context.strokeStyle = "#000";
  context.lineWidth = PEN_WIDTH;
  context.lineCap = context.lineJoin = "round";
  for (const points of strokes) {
    if (points.image) {
      context.drawImage(points.image, (width - PAD_HEIGHT) / 2, 0, PAD_HEIGHT, PAD_HEIGHT);
      continue;
    }
    context.beginPath();
    context.moveTo(...points[0]);
    // The first point again, because a dot is a line to itself.
    for (const point of points) context.lineTo(...point);
    context.stroke();
  }
}

// A wide window offers a wide pad; a drawing made on it stays as wide in a narrow one.
function fitWidth(box) {
  const offered = Math.round((PAD_HEIGHT * box.width) / box.height);
  const points = strokes.flat().filter(Array.isArray);
  const reached = points.reduce((most, [x]) => Math.max(most, x), 0);
  const kept = strokes.length ? Math.max(width, Math.ceil(reached)) : 0;
  width = Math.max(PAD_HEIGHT, Math.min(MAX_PAD_WIDTH, Math.max(offered, kept)));
}

// Pixels of the window per unit, and above the drawing where the pad is too narrow for it.
function geometry(box) {
  const scale = Math.min(box.width / width, box.height / PAD_HEIGHT);
  return [scale, (box.height - scale * PAD_HEIGHT) / 2];
}

function show() {
  const box = sheet.getBoundingClientRect();
  tool("undo").disabled = !earlier.length;
  tool("redo").disabled = !later.length;
  tool("clear").disabled = !strokes.length;
  hint.hidden = samples.hidden = strokes.length > 0;
  if (!box.height) return; // another tab is open
  fitWidth(box);
  const density = Math.min(3, window.devicePixelRatio || 1);
  const pixels = [Math.round(box.width * density), Math.round(box.height * density)];
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  const [scale, top] = geometry(box);
  paint(canvas, (scale * pixels[1]) / box.height, (top * pixels[1]) / box.height);
}

function send() {
  const whole = replayed ?? strokes;
  store.set(STORED, whole.some((points) => points.image) ? null : whole);
  sent = performance.now();
  isAwaited = true;
  showBusy();
  put(drawing());
}

// The drawing as a picture, or the link that it came from, or nothing.
function drawing() {
  if (!strokes.length) return "";
  if (strokes.length === 1 && strokes[0].link) return strokes[0].link;
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [width, PAD_HEIGHT];
  paint(picture, 1);
  return picture.toDataURL("image/png");
}

function put(value) {
  current = props.value = value;
  trigger("picture");
}

function showBusy() {
  element.setAttribute("aria-busy", isAwaited || replayed !== null);
}

function place(event) {
  const box = sheet.getBoundingClientRect();
  const [scale, top] = geometry(box);
  return [(event.clientX - box.left) / scale, (event.clientY - box.top - top) / scale];
}

// Animate the drawing of strokes; every drawing takes the same time.
function replay(drawn) {
  change([]);
  document.dispatchEvent(new Event("drawing begun"));
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return finishReplay(drawn);
  replayed = drawn;
  showBusy();
  const started = performance.now();
  function draw() {
    if (replayed !== drawn) return;
    const share = (performance.now() - started) / REPLAY_MILLISECONDS;
    if (share >= 1) return finishReplay();
    strokes = beginning(drawn, Math.max(0.02, share));
    show();
    if (isTimeToSend()) send();
    requestAnimationFrame(draw);
  }
  draw();
}

function finishReplay(drawn = replayed) {
  if (!drawn) return;
  [strokes, replayed] = [drawn, null];
  show();
  send();
}

// The first share of the strokes, by their length; a dot has the length of the pen.
function beginning(drawn, share) {
  const pieces = drawn.map((points) => points.slice(1).map((to, i) => [points[i], to]));
  const length = ([[x, y], [toX, toY]]) => Math.hypot(toX - x, toY - y);
  const lengths = pieces.map((parts) => PEN_WIDTH + parts.reduce((sum, one) => sum + length(one), 0));
  let left = share * lengths.reduce((sum, one) => sum + one, 0);
  const begun = [];
  for (const [number, points] of drawn.entries()) {
    if (left <= 0) break;
    const line = [points[0]];
    let rest = left - PEN_WIDTH;
    for (const piece of pieces[number]) {
      if (rest <= 0) break;
      const part = Math.min(1, rest / (length(piece) || 1));
      const [[x, y], [toX, toY]] = piece;
      line.push([x + part * (toX - x), y + part * (toY - y)]);
      rest -= length(piece);
    }
    begun.push(line);
    left -= lengths[number];
  }
  return begun;
}

function change(drawing) {
  earlier.push(strokes);
  later = [];
  strokes = drawing;
}

function use(name) {
  if (pointer !== null) return;
  finishReplay();
  const [from, to] = name === "undo" ? [earlier, later] : [later, earlier];
  if (name === "clear" && strokes.length) change([]);
  else if (name !== "clear" && from.length) {
    to.push(strokes);
    strokes = from.pop();
  } else return;
  show();
  send();
}

// A slow server is asked less often: the pause is as long as its last answer took.
function isTimeToSend() {
  const now = performance.now();
  return !isAwaited && now - sent > MIN_PAUSE && now - answered > answerTime;
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  finishReplay();
  if (!strokes.length) document.dispatchEvent(new Event("drawing begun"));
  change([...strokes, [place(event)]]);
  show();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const step of events.length ? events : [event]) strokes.at(-1).push(place(step));
  show();
  if (isTimeToSend()) send();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    send();
  });
}
document.addEventListener("answered", () => {
  if (!isAwaited) return;
  isAwaited = false;
  answered = performance.now();
  answerTime = answered - sent;
  showBusy();
});
document.addEventListener("unanswered", () => {
  isAwaited = false;
  showBusy();
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-tool]");
  if (button) use(button.dataset.tool);
  const sample = event.target.closest("button[data-sample]");
  if (!sample) return;
  replay(JSON.parse(sample.dataset.sample));
  tool("clear").focus(); // the sample's button is hidden now
});
document.addEventListener("keydown", (event) => {
  const held = event.ctrlKey || event.metaKey;
  if (!held || !canvas.offsetParent || event.target.closest("input, textarea")) return;
  const key = event.key.toLowerCase();
  const name = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
  if (!name) return;
  event.preventDefault();
  use(name);
});
new ResizeObserver(show).observe(sheet);

// An opened link puts its drawing here: strokes, or a picture of its tiles. Until the visitor draws,
// the page sends the link itself, so that the server can say what is wrong with a damaged one.
async function restore({ strokes: drawn, picture, link }) {
  if (picture) {
    const image = new Image();
    image.src = picture;
    await image.decode();
    change([{ image, link }]);
    show();
    send();
  } else if (drawn) {
    replay(drawn);
  } else {
    put(link);
  }
}
function restoreIfPacked() {
  const isPacked = String(props.value).startsWith("{");
  if (isPacked) restore(JSON.parse(props.value));
  return isPacked;
}
watch("value", () => {
  // On a slow line Gradio 6.31 may set the first, empty value once more after a drawing was restored.
  if (!restoreIfPacked() && props.value !== current) put(current);
});
// link.js asks for the strokes; a picture among them has a code of its own.
canvas.addEventListener("strokes", (event) => {
  const whole = replayed ?? strokes;
  event.detail.strokes = whole.some((points) => points.image) ? [] : whole;
});
show();
restoreIfPacked(); // a link that was opened before this script was loaded
const stored = store.get(STORED);
const isLink = new URLSearchParams(location.search).has("d");
gradioReady.then(() => {
  if (strokes.length) send(); // drawn before Gradio was up
  else if (stored?.length && (isReload() || !isLink)) {
    change(stored);
    show();
    send();
  }
});
