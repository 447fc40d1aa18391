// What the scripts of the page share, and what concerns the whole page. scripts.py puts connection.js
// before it, and the constants MAX_UPLOAD_MEGABYTES, PAD_HEIGHT, MAX_PAD_WIDTH, PEN_WIDTH,
// MAX_LINK_LETTERS and TEXTS.

const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

// The browser's storage for this tab. In a frame of another site it may be forbidden.
const store = {
  get(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Then a reload forgets it.
    }
  },
};

const isReload = () => performance.getEntriesByType("navigation")[0]?.type === "reload";

// A module of the static page. It is loaded at once, so that it is there when the server is gone.
const loadModule = (name) => import(new URL(`browser/page/${name}`, document.baseURI));
const clipboard = loadModule("clipboard.js");
const copyToClipboard = async (text) => (await clipboard).copy(text);

// Gradio is ready once it has opened the first tab, for which it does not always send an event. It
// overwrites values that components get before that.
const gradioReady = new Promise((resolve) => {
  document.addEventListener("pad opened", resolve);
  document.addEventListener("answer ready", () => setTimeout(resolve, 500));
});

function openTab(name) {
  document.querySelector(`#ways [role="tab"][data-tab-id="${name}"]`)?.click();
}

// Files that the page refuses, and files that are dropped or pasted anywhere.

const filesOf = (event) =>
  event.target.files ?? (event.dataTransfer ?? event.clipboardData)?.files ?? [];

// Gradio would send a file of any size and only then say that it is too large.
function refuseLarge(event) {
  const files = filesOf(event);
  const large = [...files].find((file) => file.size > MAX_UPLOAD_MEGABYTES * 2 ** 20);
  if (!large) {
    if (files.length) report("");
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "change") event.target.value = "";
  // A drop also ends the dragging that the page shows.
  if (event.type === "drop") endDragging(event.target);
  const megabytes = Math.ceil(large.size / 2 ** 20);
  refuse(fill(TEXTS.trouble.large, { name: large.name, megabytes, limit: MAX_UPLOAD_MEGABYTES }));
}
for (const way of ["change", "drop", "paste"]) window.addEventListener(way, refuseLarge, true);
for (const way of ["change", "pointerdown"]) {
  // Before the scripts of the inputs, which may have something new to report.
  document.addEventListener(way, (event) => event.target.closest("#input") && report(""), true);
}

function endDragging(target) {
  document.body.classList.remove("dragging");
  target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
}

// A picture that is dropped or pasted anywhere is read in the Image tab, and several in Files. The
// script of the Image tab takes it, which may be loaded only when the tab is opened.
let given = null;

function give(files) {
  if (files.length > 1) return giveAll(files);
  given = files[0];
  openTab("image");
  document.dispatchEvent(new Event("picture given"));
}

function takeGiven() {
  const file = given;
  given = null;
  return file;
}

function giveAll(files) {
  openTab("files");
  const waiting = setInterval(() => {
    const input = document.querySelector("#files input[type=file]");
    if (!input) return; // the tab is still being opened, or holds files that can be removed there
    clearInterval(waiting);
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, 100);
  setTimeout(clearInterval, 3000, waiting);
}

const isText = (target) => target.closest?.("textarea, input:not([type=file])");
const ownsDrops = (target) => target.closest?.("#files");

window.addEventListener("dragover", (event) => {
  if (isText(event.target) || ownsDrops(event.target)) return;
  event.preventDefault(); // the browser would leave the page for the file
  document.body.classList.add("dragging");
});
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
window.addEventListener("drop", (event) => {
  document.body.classList.remove("dragging");
  if (isText(event.target) || ownsDrops(event.target)) return;
  event.preventDefault();
  if (event.dataTransfer.files.length) give(event.dataTransfer.files);
});
window.addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length) return;
  event.preventDefault();
  give(event.clipboardData.files);
});

// "?view=api" opens the description of the API. With that address Gradio 6.31 believes the description
// to be open and shows nothing, so the query is hidden from it and its button is pressed instead.
const here = new URL(location);
if (here.searchParams.get("view") === "api") {
  here.searchParams.delete("view");
  history.replaceState(null, "", here);
  const waiting = setInterval(() => {
    const button = document.querySelector("footer .show-api");
    if (!button) return;
    clearInterval(waiting);
    button.click();
  }, 200);
}

// Gradio's texts in the Files tab cannot be set; style.css replaces them with these.
const dropHint = `"${TEXTS.files.drop}\\A ${TEXTS.files.formats}"`;
document.documentElement.style.setProperty("--drop-files", dropHint);
