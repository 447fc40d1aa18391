// "Copy link": the drawing as strokes, or the tiles of a picture, in the address's query.

import { codeOfDigits, codeOfStrokes } from "./link.js";
import { text } from "./texts.js";

const HUB = "https://huggingface.co";

// current: a function that returns {strokes} of the drawing that is shown, or {digits} of a picture.
export function wireSharing(place, current) {
  const [button, note] = [place.querySelector("button"), place.querySelector(".said")];
  button.addEventListener("click", async () => {
    const { strokes, digits } = current();
    if (!strokes && !digits) return say(note, text("link.nothing"));
    const code = strokes ? codeOfStrokes(strokes) : await codeOfDigits(digits);
    if (!code) return say(note, text("link.too_long"));
    setAddress(code);
    const isCopied = await copy(linkTo(code));
    return say(note, text(isCopied ? "link.copied" : "link.failed"));
  });
}

export const openedCode = () => new URLSearchParams(location.search).get("d");

// On a static Space the page stands in a frame of the Hub, which takes a new query from it.
function setAddress(code) {
  history.replaceState(null, "", linkTo(code));
  if (window.parent !== window) window.parent.postMessage({ queryString: `d=${code}`, hash: "" }, HUB);
}

function linkTo(code) {
  const link = new URL(location.origin + location.pathname);
  link.searchParams.set("d", code);
  return link.href;
}

// What people share of a static Space is the Hub's page around it, whose address the referrer begins.
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false; // not allowed in this frame
  }
}

let silence;
function say(note, words) {
  note.textContent = words;
  clearTimeout(silence);
  silence = setTimeout(() => (note.textContent = ""), 4000);
}
