// "Copy link": puts the drawing as strokes, or the tiles of a picture, into the address's query; and
// "Share picture". Both use modules of the static page; link.py reads what link.js packs.
const button = element.querySelector("[data-share]");
const note = element.querySelector(".said");
const field = element.querySelector("input");
// Loaded at once, because it is needed as well when the server is gone.
const packing = loadModule("link.js");

async function currentCode() {
  const asked = { strokes: [] };
  const pad = document.querySelector("#pad canvas");
  if (pad?.offsetParent) pad.dispatchEvent(new CustomEvent("strokes", { detail: asked }));
  if (asked.strokes.length) return (await packing).codeOfStrokes(asked.strokes);
  return document.querySelector("#answer [data-tiles]")?.dataset.tiles;
}

async function share() {
  const code = await currentCode();
  field.parentElement.hidden = true;
  if (!code) {
    say(code === undefined ? TEXTS.sharing.nothing : TEXTS.sharing.too_long);
    return;
  }
  const { space } = element.querySelector("[data-space]").dataset;
  field.value = (await packing).addressOf(code, space);
  if (await copyToClipboard(field.value)) {
    say(TEXTS.sharing.copied);
    return;
  }
  field.parentElement.hidden = false;
  field.select();
  say(TEXTS.sharing.copy_this);
}

async function sharePicture() {
  const { shareCard } = await loadModule("card.js");
  const done = await shareCard();
  say({ nothing: TEXTS.sharing.nothing, saved: TEXTS.sharing.saved }[done] ?? "");
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
element.querySelector("[data-card]").addEventListener("click", sharePicture);
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
document.addEventListener("lost", async () => {
  const here = new URL(location);
  const code = await currentCode();
  code ? here.searchParams.set("d", code) : here.searchParams.delete("d");
  history.replaceState(null, "", here);
});
const opened = new URLSearchParams(location.search).get("d");
// After a reload the pad has the drawing itself, with what was added to it.
if (opened !== null && !(isReload() && store.get("drawing")?.length)) {
  props.value = `?d=${opened}`;
  trigger("open");
}
