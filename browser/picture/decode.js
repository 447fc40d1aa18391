// A file, ImageData or canvas -> a picture, upright, on white. The browser decodes files and turns them
// by their EXIF; digit_model/picture/decode.py has the same limits and sentences.

import { PictureTooLarge, UndecodableImage } from "../errors.js";

const MAX_PIXELS = 64_000_000;
const MIN_SIDE_PIXELS = 4;
const MAX_FILE_BYTES = 256_000_000;
// Fewer grey levels than this between the darkest and the brightest pixel show no stroke.
const MIN_CONTRAST = 16;
// A larger picture is reduced by a whole factor to no fewer pixels than this.
const REDUCED_PIXELS = 3_000_000;
const ADVICE = "Save it as PNG or JPEG and try again.";
const KINDS = [
  ["an AVIF picture", /^.{4}ftyp.{0,48}avi[fs]/s],
  ["a HEIC picture", /^.{4}ftyp(hei|hev|mif|msf)/s],
  ["a video", /^.{4}ftyp/s],
  ["a PDF document", /^.{0,512}%PDF-/s],
  ["a web page", /^(\xef\xbb\xbf)?\s*<(!doctype html|html)/is],
  ["an SVG drawing", /^(\xef\xbb\xbf)?\s*<.*svg\b/is],
  ["a text file", /^[\t\n\r\x20-\x7e\x80-\xff]+$/],
];

// source: a Blob, ImageData, or what drawImage takes.
// Return {picture, width, height, bitmap}: the picture as {data, width, height} of three bytes a pixel,
// which may be smaller than the size that is given; the bitmap of a Blob.
export async function decode(source) {
  if (source.data) return { ...sizeOf(source), picture: onPaper(source) };
  const isFile = source instanceof Blob;
  const image = isFile ? await bitmapOf(source) : source;
  const size = sizeOf(image);
  const canvas = draw(image);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { ...size, picture: onPaper(pixels), bitmap: isFile ? canvas.transferToImageBitmap() : null };
}

function sizeOf({ width, height }) {
  checkSize(width, height);
  return { width, height };
}

async function bitmapOf(file) {
  if (!file.size) {
    throw new UndecodableImage("The file is empty: it holds 0 bytes. Save the picture again.");
  }
  if (file.size > MAX_FILE_BYTES) {
    const most = MAX_FILE_BYTES.toLocaleString("en");
    throw new PictureTooLarge(`The file is larger than ${most} bytes, the most that is read. ${ADVICE}`);
  }
  try {
    return await createImageBitmap(file);
  } catch {
    throw new UndecodableImage(whatThisIs(await startOf(file)));
  }
}

function draw(image) {
  const factor = Math.max(1, Math.floor(Math.sqrt((image.width * image.height) / REDUCED_PIXELS)));
  const [width, height] = [image.width, image.height].map((side) => Math.round(side / factor));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium"; // the mean of the pixels that become one
  context.drawImage(image, 0, 0, width, height);
  image.close?.();
  return canvas;
}

function checkSize(width, height) {
  if (width * height > MAX_PIXELS) {
    const [own, most] = [width * height, MAX_PIXELS].map((count) => count.toLocaleString("en"));
    throw new PictureTooLarge(
      `The picture has ${own} pixels; at most ${most} are read. Make it smaller, or crop it to the digits.`,
    );
  }
  if (Math.min(width, height) < MIN_SIDE_PIXELS) {
    throw new UndecodableImage(
      `The picture is ${width} × ${height} pixels; it must have at least ${MIN_SIDE_PIXELS} on each ` +
        "side. Choose a larger one.",
    );
  }
}

async function startOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
  return String.fromCharCode(...bytes);
}

function whatThisIs(start) {
  const kind = KINDS.find(([, pattern]) => pattern.test(start));
  if (kind) return `This file is ${kind[0]}, which cannot be read here. ${ADVICE}`;
  return `This file is not a picture that can be read, or it is damaged. ${ADVICE}`;
}

// Convert RGBA to RGB on white; on black where the strokes would vanish on white.
function onPaper({ data, width, height }) {
  if (isOpaque(data)) return withoutAlpha(data, width, height);
  const onWhite = laidOn(255, data, width, height);
  if (!isTransparent(data)) return onWhite;
  return contrastOf(onWhite.data) < MIN_CONTRAST ? laidOn(0, data, width, height) : onWhite;
}

function isOpaque(data) {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

function withoutAlpha(data, width, height) {
  const picture = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    picture[to] = data[from];
    picture[to + 1] = data[from + 1];
    picture[to + 2] = data[from + 2];
  }
  return { data: picture, width, height };
}

function laidOn(paper, data, width, height) {
  const picture = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const level = data[from + channel];
      picture[to + channel] =
        alpha === 255 ? level : Math.round((level * alpha + paper * (255 - alpha)) / 255);
    }
  }
  return { data: picture, width, height };
}

// Whether the alpha of the pixels differs.
function isTransparent(data) {
  for (let i = 7; i < data.length; i += 4) if (data[i] !== data[3]) return true;
  return false;
}

// Return the widest range of any channel.
function contrastOf(data) {
  const [least, most] = [[255, 255, 255], [0, 0, 0]];
  for (let i = 0; i < data.length; i++) {
    least[i % 3] = Math.min(least[i % 3], data[i]);
    most[i % 3] = Math.max(most[i % 3], data[i]);
  }
  return Math.max(...most.map((level, channel) => level - least[channel]));
}
