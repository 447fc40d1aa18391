// What goes wrong before the server can say so is a sentence in the answer's place.
// LARGEST_MEGABYTES comes from serve.py.
const TROUBLE = {
  large: (name, megabytes) =>
    `${name} has ${megabytes} MB; the limit is ${LARGEST_MEGABYTES} MB. Make the picture smaller, ` +
    "or take a photo with fewer pixels.",
  busy: "Many people are asking just now. Wait a few seconds and try again.",
  gone: "The server does not answer. Check the connection, or reload the page in a while.",
  broken: "Something went wrong on the server. Try again, or reload the page.",
};

// Whether the sentence is about a file that was not sent: an answer is to something else then, such
// as the pad or the tab that was just opened.
let isOfFile = false;

function say(sentence) {
  const note = document.querySelector("#trouble .note");
  if (note && note.textContent !== sentence) note.textContent = sentence;
  isOfFile = false;
}

const ask = window.fetch;
window.fetch = async (input, init) => {
  const address = String(input.url ?? input);
  const watched = /\/gradio_api\/(queue\/join|run\/|upload)/.test(address);
  // So Gradio asks whether the server is back, after an answer that broke off; then it reloads.
  if (address.endsWith("/gradio_api/app_id")) {
    say(TROUBLE.gone);
    document.dispatchEvent(new Event("lost"));
  }
  try {
    const response = await ask(input, init);
    if (watched && !response.ok) say(response.status === 503 ? TROUBLE.busy : TROUBLE.broken);
    return response;
  } catch (error) {
    if (!watched || error.name === "AbortError") throw error;
    say(TROUBLE.gone);
    // Left alone, Gradio would wait for this answer for ever and ask nothing more.
    return Response.json({ detail: TROUBLE.gone }, { status: 503 });
  }
};
document.addEventListener("answered", () => isOfFile || say(""));
for (const end of ["unanswered", "unpicked"]) {
  document.addEventListener(end, () => {
    if (!document.querySelector("#trouble .note").textContent) say(TROUBLE.broken);
  });
}

// Gradio would send a file of any size and then only say that it was too large.
function refuseLarge(event) {
  const files = event.target.files ?? (event.dataTransfer ?? event.clipboardData)?.files ?? [];
  const large = [...files].find((file) => file.size > LARGEST_MEGABYTES * 2 ** 20);
  if (!large) {
    if (files.length) say("");
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "change") event.target.value = "";
  // A drop also ends the dragging that the page shows.
  if (event.type === "drop") event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  say(TROUBLE.large(large.name, Math.ceil(large.size / 2 ** 20)));
  isOfFile = true;
}
for (const way of ["change", "drop", "paste"]) window.addEventListener(way, refuseLarge, true);
for (const way of ["change", "pointerdown"]) {
  document.addEventListener(way, (event) => event.target.closest("#input") && say(""));
}

// The browser cannot show a damaged picture, or a TIFF; the answer's place says what it is.
document.addEventListener(
  "error",
  (event) => {
    if (event.target.matches?.("#image img")) event.target.style.visibility = "hidden";
  },
  true,
);
