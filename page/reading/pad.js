// The drawing pad. Strokes are kept as points, so that the picture that is sent does not depend on
// the size of the window; a drawing is a list of them, and undo goes back to the drawing before.
// While a stroke is drawn and after it the whole drawing goes out as the component's value, a PNG in a
// data: URL, with the event "picture".
const SIDE = 280;
const BETWEEN = 150; // milliseconds between what is sent while a stroke is drawn
const WIDTH = 22; // on 280 pixels, strokes as wide as MNIST's
const canvas = element.querySelector("canvas");
const hint = element.querySelector(".pad-hint");
let strokes = [];
let earlier = [];
let later = [];
let pointer = null;
let sent = 0;
let awaited = false; // whether an answer is still to come

function paint(target) {
  const context = target.getContext("2d");
  const scale = target.width / SIDE;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "#000";
  context.lineWidth = WIDTH;
  context.lineCap = context.lineJoin = "round";
  for (const points of strokes) {
    if (points.image) {
      context.drawImage(points.image, 0, 0, SIDE, SIDE);
      continue;
    }
    context.beginPath();
    context.moveTo(...points[0]);
    // A dot is a line to itself.
    for (const point of points) context.lineTo(...point);
    context.stroke();
  }
}

function show() {
  const pixels = Math.round(SIDE * Math.min(3, window.devicePixelRatio || 1));
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  paint(canvas);
  hint.hidden = strokes.length > 0;
  element.querySelector('[data-tool="undo"]').disabled = !earlier.length;
  element.querySelector('[data-tool="redo"]').disabled = !later.length;
  element.querySelector('[data-tool="clear"]').disabled = !strokes.length;
}

function send() {
  if (strokes.length === 1 && strokes[0].link) {
    props.value = strokes[0].link;
  } else if (strokes.length) {
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = SIDE;
    paint(sheet);
    props.value = sheet.toDataURL("image/png");
  } else {
    props.value = "";
  }
  sent = performance.now();
  awaited = true;
  trigger("picture");
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const across = (SIDE * (event.clientX - box.left)) / box.width;
  const down = (SIDE * (event.clientY - box.top)) / box.height;
  return [across, down];
}

function change(drawing) {
  earlier.push(strokes);
  later = [];
  strokes = drawing;
}

function use(tool) {
  if (pointer !== null) return;
  const [from, to] = tool === "undo" ? [earlier, later] : [later, earlier];
  if (tool === "clear" && strokes.length) change([]);
  else if (tool !== "clear" && from.length) {
    to.push(strokes);
    strokes = from.pop();
  } else return;
  show();
  send();
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  change([...strokes, [place(event)]]);
  show();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const step of events.length ? events : [event]) strokes.at(-1).push(place(step));
  show();
  if (!awaited && performance.now() - sent > BETWEEN) send();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    send();
  });
}
document.addEventListener("answered", () => (awaited = false));
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-tool]");
  if (button) use(button.dataset.tool);
});
document.addEventListener("keydown", (event) => {
  const held = event.ctrlKey || event.metaKey;
  if (!held || !canvas.offsetParent || event.target.closest("input, textarea")) return;
  const key = event.key.toLowerCase();
  const tool = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
  if (!tool) return;
  event.preventDefault();
  use(tool);
});
// A link that was opened puts its drawing here: strokes, or a picture of its tiles. Until something
// is drawn over that, the link itself goes out, and so it does when it is damaged.
async function restore({ strokes: drawn, picture, link }) {
  if (picture) {
    const image = new Image();
    image.src = picture;
    await image.decode();
    change([{ image, link }]);
  } else if (drawn) change(drawn);
  show();
  if (drawn || picture) send();
  else {
    props.value = link;
    trigger("picture");
  }
}
const isPacked = () => String(props.value).startsWith("{");
watch("value", () => {
  if (isPacked()) restore(JSON.parse(props.value));
});
// link.js asks for the strokes; a picture among them has a code of its own.
canvas.addEventListener("strokes", (event) => {
  event.detail.strokes = strokes.some((points) => points.image) ? [] : strokes;
});
show();
