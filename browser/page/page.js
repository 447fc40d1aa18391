// The page: reads in a worker what a visitor draws or chooses, and shows the answer.

import { onWhole } from "../reading.js";
import { showAnswer, showEmpty, showProblem } from "./answer.js";
import { Camera } from "./camera.js";
import { copy } from "./clipboard.js";
import { Image } from "./image.js";
import { read as readLink } from "./link.js";
import { keepForOffline } from "./offline.js";
import { Pad } from "./pad.js";
import { Pictures } from "./pictures.js";
import { linkToServer, openedCode, wireSharing } from "./sharing.js";
import { loading } from "./start.js";
import { wireTabs } from "./tabs.js";
import { text } from "./texts.js";

// To draw the view inside takes long without a graphics card. The pen gets the other frames.
const FRAMES_PER_VIEW = 3;
const byId = (id) => document.getElementById(id);
const answerPlace = byId("answer");
const pictures = new Pictures(document.querySelector("#pictures > .html-container > div"));

let reader = null;
let view = null; // the shown reading, its picture, the chosen mark, target and method
let way = "pad";
let question = null; // the newest picture that waits to be read
let beingRead = null; // the picture whose reading is still wanted
let isReading = false;
let inside = null;

// Ask the newest question as soon as the previous one is answered.
function ask(picture) {
  question = picture;
  return isReading ? undefined : answerAll();
}

async function answerAll() {
  isReading = answerPlace.ariaBusy = true;
  try {
    while (question && reader) {
      beingRead = question;
      question = null;
      await answer(beingRead);
      if (question && inside) await frames(FRAMES_PER_VIEW);
    }
  } finally {
    isReading = answerPlace.ariaBusy = false;
  }
}

async function frames(count) {
  for (let k = 0; k < count; k++) await new Promise(requestAnimationFrame);
}

// picture: {way, source, drawable}, or {tiles, rows} of a link. The source is read. The drawable is shown,
// unless the reading has a bitmap. Where the source is only a part of the drawable, left and top say which, and
// scale how much smaller it is.
async function answer(picture) {
  try {
    const reading = await readingOf(picture);
    if (picture === beingRead) await show(reading, picture);
  } catch (error) {
    if (picture !== beingRead) return;
    view = null;
    pictures.clear();
    const isKnown = ["NoInk", "UndecodableImage", "PictureTooLarge"].includes(error.name);
    if (!isKnown) throw error;
    const title = picture.way === "image" ? text("reading.file_problem") : undefined;
    showProblem(answerPlace, error.message, title);
    document.dispatchEvent(new Event("unreadable"));
  }
}

async function readingOf({ tiles, rows, source, scale, left, top, drawable }) {
  if (tiles) return reader.readTiles(tiles, rows);
  const reading = await reader.look(source);
  if (scale === undefined) return reading;
  return onWhole(reading, { scale, left, top, width: drawable.width, height: drawable.height });
}

function show(reading, { drawable, way: from }) {
  const earlier = view;
  const hasSameCount = earlier?.reading.digits.length === reading.digits.length;
  const mark = hasSameCount ? earlier.mark : 0;
  const { label } = reading.digits[mark];
  // The evidence that was asked for is shown while more of the same digit is drawn.
  const isSame = hasSameCount && earlier.reading.digits[mark].label === label;
  view = {
    reading,
    picture: reading.bitmap ?? drawable ?? sheetOf(reading),
    mark,
    target: isSame ? earlier.target : label,
    method: earlier?.method ?? reader.methods[0],
    methods: reader.methods,
    heatmaps: reading.digits.map(() => null),
    from,
  };
  showView();
  return explainAll(view);
}

function showView() {
  showAnswer(answerPlace, view);
  pictures.show(view);
  inside?.show(view.reading.digits[view.mark], view.target);
  document.dispatchEvent(new Event("answered"));
}

// Compute the heatmaps after the answer, unless a newer picture waits to be read.
async function explainAll(shown) {
  for (const [k, { tile, label }] of shown.reading.digits.entries()) {
    if (question || shown !== view) return;
    const target = k === shown.mark ? shown.target : label;
    shown.heatmaps[k] = await reader.explain(tile, target, shown.method);
  }
  if (shown === view) pictures.show(view);
}

// The sheet on which the tiles of a link stand side by side.
function sheetOf({ digits, width, height }) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [width, height];
  const context = sheet.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  for (const { tile, placement } of digits) {
    const pixels = new ImageData(28, 28);
    tile.forEach((level, i) => pixels.data.set([...Array(3).fill(255 - 255 * level), 255], 4 * i));
    const small = new OffscreenCanvas(28, 28);
    small.getContext("2d").putImageData(pixels, 0, 0);
    const side = 28 * placement.xScale;
    context.drawImage(small, placement.left, placement.top, side, side);
  }
  return sheet;
}

function choose({ target, mark, method }) {
  if (!view) return;
  if (target !== undefined) {
    view.target = Number(target);
    pictures.fold.checked = true; // on a phone the pictures are folded away
  }
  if (mark !== undefined) {
    view.mark = Number(mark);
    view.target = view.reading.digits[view.mark].label;
  }
  if (method !== undefined) view.method = method;
  view = { ...view, heatmaps: view.reading.digits.map(() => null) };
  showView();
  explainAll(view);
}

document.addEventListener("click", async ({ target }) => {
  const choice = target.closest("#answer [data-target], #answer [data-mark], #pictures [data-method]");
  if (choice) choose(choice.dataset);
  const copied = target.closest("#answer [data-copy]");
  if (copied) await copyNumber(copied);
});

async function copyNumber(button) {
  if (!(await copy(button.dataset.copy))) return;
  button.firstElementChild.textContent = text("reading.copied");
  setTimeout(() => (button.firstElementChild.textContent = text("reading.copy")), 2000);
}

function showNothing() {
  view = question = beingRead = null;
  pictures.clear();
  showEmpty(answerPlace, way);
}

const pad = new Pad(byId("pad"), () => {
  if (pad.isEmpty) return showNothing();
  const drawable = pad.draw();
  return ask({ way: "pad", ...pad.cutOut(), drawable });
});

const image = new Image(byId("image"), (file) => {
  openWay("image");
  readFile(file);
});

function readFile(file) {
  ask({ way: "image", source: file });
}

const camera = new Camera(byId("camera"), (frame) =>
  ask({ way: "camera", source: frame, drawable: frame }),
);

const openWay = wireTabs(document.querySelector("[role=tablist]"), (name) => {
  way = name;
  if (name !== "camera") camera.stop();
  showNothing();
  if (name === "pad") {
    pad.show();
    if (!pad.isEmpty) pad.onChange();
  }
  if (name === "image" && image.file) readFile(image.file);
});

wireSharing(byId("link"), () => {
  if (way === "pad" && !pad.isEmpty) return { strokes: pad.strokes };
  return view ? { digits: view.reading.digits } : {};
});

linkToServer(byId("server"));

async function openLink(code) {
  try {
    const opened = await readLink(code);
    if (opened.strokes) pad.use(opened.strokes);
    else ask({ way: "pad", ...opened });
  } catch (error) {
    if (error.name !== "BadLink") throw error;
    showProblem(answerPlace, error.message);
  }
}

byId("open-inside").addEventListener("click", async ({ currentTarget: button }) => {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", `${!isOpen}`);
  byId("inside").hidden = isOpen;
  const [{ Inside }] = await Promise.all([import("./inside.js"), loading]);
  inside?.close();
  inside = isOpen ? null : new Inside(byId("inside"), reader);
  if (view) inside?.show(view.reading.digits[view.mark], view.target);
});

function describeModel({ architecture, parameters, scores, source }) {
  const values = { architecture, parameters: parameters.toLocaleString("en"), source };
  if (!scores.test) return text("model.line_unscored", values);
  return text("model.line", { ...values, accuracy: (100 * scores.test).toFixed(2) });
}

async function start() {
  followTheme();
  showEmpty(answerPlace, way);
  try {
    reader = await loading;
  } catch (error) {
    showProblem(answerPlace, error.message, text("model.problem"));
    return;
  }
  byId("model").firstElementChild.textContent = describeModel(reader.model);
  const code = openedCode();
  if (code !== null) await openLink(code);
  else if (question) answerAll(); // it was given while the network was loading
  else if (!pad.isEmpty) pad.onChange();
  document.documentElement.dataset.ready = "true";
  keepForOffline(byId("update"));
}

// The dark colours of page.css depend on a class, as on the Gradio page.
function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

start();
