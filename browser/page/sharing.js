// "Copy link" and "Share picture": the drawing as strokes, or the tiles of a picture, in the address's query.

import { copy } from "./clipboard.js";
import { addressOf, codeOfDigits, codeOfStrokes } from "./link.js";
import { SERVER_URL, SPACE_URL } from "./settings.js"; // written by site.py
import { text } from "./texts.js";

const HUB = "https://huggingface.co";

// current: a function that returns {strokes} of the drawing that is shown, or {digits} of a picture.
export function wireSharing(place, current) {
  const note = place.querySelector(".said");
  place.querySelector("[data-card]").addEventListener("click", async () => {
    const { shareCard } = await import("./card.js");
    const done = await shareCard();
    say(note, { nothing: text("link.nothing"), saved: text("link.saved") }[done] ?? "");
  });
  place.querySelector("[data-share]").addEventListener("click", async () => {
    const { strokes, digits } = current();
    if (!strokes && !digits) return say(note, text("link.nothing"));
    const code = strokes ? codeOfStrokes(strokes) : await codeOfDigits(digits);
    if (!code) return say(note, text("link.too_long"));
    setAddress(code);
    const isCopied = await copy(addressOf(code, SPACE_URL));
    return say(note, text(isCopied ? "link.copied" : "link.failed"));
  });
}

// place: holds the link to the page with a server, and is shown where there is one.
export function linkToServer(place) {
  place.hidden = !SERVER_URL;
  if (SERVER_URL) place.querySelector("a").href = SERVER_URL;
}

export const openedCode = () => new URLSearchParams(location.search).get("d");

// On a static Space the page stands in a frame of the Hub, which takes a new query from it.
function setAddress(code) {
  history.replaceState(null, "", `?d=${code}`);
  if (window.parent !== window) window.parent.postMessage({ queryString: `d=${code}`, hash: "" }, HUB);
}

let silence;
function say(note, words) {
  note.textContent = words;
  clearTimeout(silence);
  silence = setTimeout(() => (note.textContent = ""), 4000);
}
