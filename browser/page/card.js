// Draw the shown result as a picture to share or save: the drawing with its heatmap, the number read, its
// confidence, and the page's name. Both pages use it: their answers have the same elements.

import { insideFrame } from "./aim.js";

const [WIDTH, HEIGHT, MARGIN] = [1200, 630, 60];
const FRAME = { width: 525, height: 376, top: 48 };
const BAND = { top: 488, height: 94, width: 420 }; // what was read, below the frames
const NAME_ROOM = 190; // of the page's name at the right
const COLOURS = { page: "#ffffff", line: "#d5d9e0", text: "#14181f", quiet: "#565e6c", accent: "#1d4ed8", soft: "#dbe5fd" };
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

// Share the picture where the browser can, or else save it. Returns "shared", "saved", "cancelled", or
// "nothing" where there is no result.
export async function shareCard() {
  const result = await shownResult();
  if (!result) return "nothing";
  const file = await fileOf(drawCard(result), result.number);
  if (!navigator.canShare?.({ files: [file] })) return save(file);
  try {
    await navigator.share({ files: [file], title: `${result.name}: ${result.number}` });
    return "shared";
  } catch (error) {
    if (error.name === "AbortError") return "cancelled";
    return save(file); // a frame may not be allowed to share
  }
}

function save(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return "saved";
}

async function fileOf(canvas, number) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const digits = number.replace(/\D+/g, "-").replace(/^-|-$/g, "");
  return new File([blob], `digits${digits && `-${digits}`}.png`, { type: "image/png" });
}

async function shownResult() {
  const find = (selector) => document.querySelector(selector);
  const heat = find("#pictures .heat");
  if (!heat || heat.hidden) return null;
  await heat.decode?.();
  return {
    drawing: shownDrawing(),
    heat,
    number: find("#answer .number").innerText.trim(),
    title: find("#answer .verdict strong").textContent,
    detail: find("#answer .verdict span").textContent,
    evidence: find("#pictures figure:last-of-type figcaption > span").textContent,
    name: find("#title h1").textContent,
  };
}

// {source, cut: [left, top, width, height]} of what the visitor drew, chose or photographed, or null
// where the browser shows none of it.
function shownDrawing() {
  const shown = [...document.querySelectorAll("#pad canvas, #image img, #camera video")];
  const source = shown.find((part) => part.checkVisibility() && sizeOf(part)[0]);
  if (!source) return null;
  if (source.matches("canvas")) return strokesOf(source);
  if (source.matches("img")) return { source, cut: [0, 0, ...sizeOf(source)] };
  const { left, top, width, height } = insideFrame(source, document.querySelector("#camera .aim"));
  return { source, cut: [left, top, width, height] };
}

function sizeOf(part) {
  return [part.naturalWidth ?? part.videoWidth ?? part.width, part.naturalHeight ?? part.videoHeight ?? part.height];
}

// Return the part of the pad that was drawn on (a wide pad is mostly empty), or null if it is empty.
function strokesOf(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let i = 0; i < width * height; i++) {
    if (data[4 * i] > 128) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  if (right < left) return null;
  const around = 0.15 * Math.max(right - left, bottom - top);
  [left, top] = [Math.max(0, left - around), Math.max(0, top - around)];
  [right, bottom] = [Math.min(width, right + around), Math.min(height, bottom + around)];
  return { source: canvas, cut: [left, top, right - left, bottom - top] };
}

export function drawCard({ drawing, heat, number, title, detail, evidence, name }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext("2d");
  fillBox(context, COLOURS.page, 0, 0, WIDTH, HEIGHT, 0);
  if (drawing) drawFramed(context, drawing, MARGIN);
  const right = drawing ? WIDTH - MARGIN - FRAME.width : MARGIN;
  drawFramed(context, { source: heat, cut: [0, 0, ...sizeOf(heat)] }, right);
  write(context, evidence, right, FRAME.top + FRAME.height + 32, { size: 20, colour: COLOURS.quiet });
  const left = MARGIN + drawNumber(context, number.split("\n")) + 32;
  const room = WIDTH - MARGIN - left;
  write(context, title, left, BAND.top + 44, { size: 38, weight: 650, room });
  write(context, detail, left, BAND.top + 82, { size: 24, colour: COLOURS.quiet, room: room - NAME_ROOM });
  write(context, name, WIDTH - MARGIN, BAND.top + 82, { size: 22, weight: 650, colour: COLOURS.quiet, align: "right" });
  return canvas;
}

function fillBox(context, colour, left, top, width, height, radius) {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, top, width, height, radius);
  context.fill();
}

// Draw a picture as large as the frame at `left` allows.
function drawFramed(context, { source, cut }, left) {
  fillBox(context, COLOURS.page, left, FRAME.top, FRAME.width, FRAME.height, 14);
  context.strokeStyle = COLOURS.line;
  context.stroke();
  const [room, around] = [12, cut.slice(2)];
  const scale = Math.min((FRAME.width - 2 * room) / around[0], (FRAME.height - 2 * room) / around[1]);
  const [width, height] = around.map((side) => side * scale);
  const place = [left + (FRAME.width - width) / 2, FRAME.top + (FRAME.height - height) / 2];
  context.imageSmoothingQuality = "high";
  context.drawImage(source, ...cut, ...place, width, height);
}

// Draw a box with the number that was read. Returns its width, which fits the number.
function drawNumber(context, rows) {
  const lineHeight = BAND.height / rows.length;
  context.font = `650 100px ${FONT}`;
  const widest = Math.max(...rows.map((row) => context.measureText(row).width));
  const size = Math.min(0.86 * lineHeight, (100 * (BAND.width - 48)) / widest);
  const width = Math.max(120, (widest * size) / 100 + 48);
  fillBox(context, COLOURS.soft, MARGIN, BAND.top, width, BAND.height, 14);
  rows.forEach((row, k) => {
    const base = BAND.top + (k + 0.5) * lineHeight + 0.36 * size; // a digit is 0.72 as high
    write(context, row, MARGIN + width / 2, base, { size, weight: 650, colour: COLOURS.accent, align: "center" });
  });
  return width;
}

// room: the largest width; a longer text is set in a smaller size.
function write(context, text, x, y, { size, weight = 400, colour = COLOURS.text, align = "left", room = Infinity }) {
  const fontOf = (pixels) => `${weight} ${pixels}px ${FONT}`;
  context.font = fontOf(size);
  context.font = fontOf(size * Math.min(1, room / context.measureText(text).width));
  Object.assign(context, { fillStyle: colour, textAlign: align });
  context.fillText(text, x, y);
}
