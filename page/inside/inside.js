// "Look inside": what each layer makes of the tile on view. The view and the network that runs in this
// browser are the static page's modules, which are loaded when it is opened first.
const button = element.querySelector("[data-look]");
const note = element.querySelector(".said");
const place = document.querySelector("#inside .html-container > div") ?? document.querySelector("#inside");
const load = (path) => import(new URL(`browser/${path}`, document.baseURI));
let key = null; // of the model that answers
let loaded = null; // {key, reader}: a promise of the reader that runs that model
let opened = null; // the reader and the view
let opening = 0; // how often it was opened or closed; what an older one loads is dropped

button.addEventListener("click", () => {
  if (button.getAttribute("aria-expanded") === "true") close();
  else trigger("open"); // the key of the model comes back as the event "model told"
});
document.addEventListener("model told", ({ detail }) => {
  const isOther = detail !== key;
  key = detail;
  if (isOther || !opened) open();
});
document.addEventListener("model changed", ({ detail }) => {
  key = detail;
  if (opened) open();
});

async function open() {
  close();
  const number = ++opening;
  button.setAttribute("aria-expanded", true);
  note.textContent = TEXTS.inside.loading;
  try {
    const [{ Inside }, reader] = await Promise.all([load("page/inside.js"), readerOfModel()]);
    if (number !== opening) return;
    opened = { reader, view: new Inside(place, reader) };
    note.textContent = document.querySelector("#pictures .tile") ? "" : TEXTS.sharing.nothing;
    await show();
  } catch (error) {
    if (number !== opening) return;
    close();
    note.textContent = error.name === "BadModel" ? error.message : TEXTS.trouble.gone;
    if (error.name !== "BadModel") throw error;
  }
}

// The reader is kept while the same model answers.
function readerOfModel() {
  if (loaded?.key === key) return loaded.reader;
  const former = loaded;
  const reader = load("reader.js").then((module) => module.load(`browser/models/${key}/model.json`));
  loaded = { key, reader };
  former?.reader.then((one) => one.close(), () => {}); // what failed was told when it did
  reader.catch(() => {
    if (loaded?.reader === reader) loaded = null;
  });
  return reader;
}

function close() {
  opening++;
  opened?.view.close();
  opened = null;
  button.setAttribute("aria-expanded", false);
  note.textContent = "";
}

// The chosen mark's tile is on the page as a picture, each pixel of it several pixels wide.
async function show() {
  const source = document.querySelector("#pictures .tile")?.src;
  if (!opened || !source) return;
  const { reader, view } = opened;
  note.textContent = "";
  const image = new Image(); // of its own, because that of the page may change meanwhile
  image.src = source;
  await image.decode();
  const { digits } = await reader.readTiles(pixelsOf(image), [0]);
  const pressed = document.querySelector('#answer .bar[aria-pressed="true"]');
  if (opened?.view === view) view.show(digits[0], Number(pressed?.dataset.target ?? digits[0].label));
}

function pixelsOf(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, 28, 28);
  const { data } = context.getImageData(0, 0, 28, 28);
  return Float32Array.from({ length: 28 * 28 }, (_, i) => data[4 * i] / 255);
}

new MutationObserver(show).observe(document.querySelector("#pictures"), {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["src"],
});
