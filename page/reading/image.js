// Choose, drop or paste a picture. It becomes the component's value, a data: URL, with the event
// "picture". A large one is made smaller first: slow lines take half a minute for a phone's photo, and
// the network reads no more than MAX_SIDE anyway. What the browser cannot decode is sent as it is, and
// the server says what is wrong with it.
const MAX_SIDE = 1600; // pixels of a picture's longer side after it is made smaller
const SMALL_BYTES = 500_000; // a file that is worth sending as it is
const input = element.querySelector("input");
const preview = element.querySelector("img");
const name = element.querySelector(".file-name");
let current = ""; // the picture in use
let taken = 0; // how many pictures came; an older one that is decoded later is dropped

async function take(file) {
  const number = ++taken;
  if (!file.size) return refuse(fill(TEXTS.trouble.empty, { name: file.name }));
  const picture = await prepared(file);
  if (number === taken) use(picture, file.name);
}

function use(picture, fileName) {
  current = props.value = picture;
  show(fileName);
  trigger("picture");
}

async function prepared(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return await dataUrl(file);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= SMALL_BYTES) return await dataUrl(file);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  // A transparent picture is drawn on white, because JPEG has no transparency.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", 0.9);
}

function takeIfGiven() {
  const file = takeGiven();
  if (file) take(file);
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function show(fileName = "") {
  const picture = props.value ?? "";
  element.querySelector(".drop").classList.toggle("filled", picture !== "");
  name.textContent = fileName;
  name.hidden = true;
  preview.hidden = picture === "";
  if (picture) preview.src = picture;
  else preview.removeAttribute("src");
}

// The browser cannot show a damaged picture or a TIFF; the file's name is shown instead.
preview.addEventListener("error", () => {
  preview.hidden = true;
  name.hidden = false;
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-image]");
  if (button?.dataset.image === "choose") input.click();
  if (button?.dataset.image !== "remove") return;
  use("", "");
  element.querySelector('[data-image="choose"]').focus();
});
function takeChosen() {
  const [file] = input.files;
  if (file) take(file);
  input.value = "";
}
input.addEventListener("change", takeChosen);
document.addEventListener("picture given", takeIfGiven);
// An example that was chosen arrives as the value. Gradio 6.31 sets the first, empty value once more a
// few milliseconds after the tab is opened for the first time.
watch("value", () => {
  if (current && !props.value) props.value = current;
  else if (preview.getAttribute("src") === (props.value || null)) return;
  else {
    current = props.value;
    show();
  }
  trigger("picture");
});
show();
takeIfGiven();
takeChosen(); // before this script was loaded
