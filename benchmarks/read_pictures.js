// Read pictures with the static page's modules, in Node or in a browser, for browser_conformance.py.

// load: imports one of the modules. bytesOf: gives the ArrayBuffer of a file of the site or of the
// pictures' folder: pictures.json, a list of {file, width, height}, the files with three bytes a pixel,
// and tiles.bin. Returns what is compared with Python's readings.
export async function readPictures({ load, site, folder }) {
  const { Network } = await load("network.js");
  const { Recogniser } = await load("recogniser.js");
  const { RowReader } = await load("row_reader.js");
  const { textOf } = await load("reading.js");
  const json = async (bytes) => JSON.parse(new TextDecoder().decode(await bytes));
  const model = await json(site("model.json"));
  const unpack = async (part) => Network.unpack(part, await site(part.weights.file));
  const network = await unpack(model);
  const recogniser = new Recogniser(network, new RowReader(await unpack(model.row_reader)));
  const readings = [];
  for (const { file, width, height } of await json(folder("pictures.json"))) {
    const data = new Uint8Array(await folder(file));
    readings.push(readingOf(recogniser, { data, width, height }, textOf));
  }
  const tiles = new Float32Array(await folder("tiles.bin"));
  return { readings, logits: Array.from(network.logits(tiles)) };
}

function readingOf(recogniser, picture, textOf) {
  const started = performance.now();
  try {
    const { digits } = recogniser.readPicture(picture);
    return {
      text: textOf(digits),
      accepted: digits.map(({ accepted }) => accepted),
      tiles: digits.map(({ tile }) => Array.from(tile, (level) => Math.round(level * 2550) / 10)),
      milliseconds: performance.now() - started,
    };
  } catch (error) {
    if (error.name !== "NoInk") throw error;
    return { text: null, accepted: [], tiles: [], milliseconds: performance.now() - started };
  }
}
