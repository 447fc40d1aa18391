// The service worker keeps the page for when there is no network, and brings new versions.

const workers = navigator.serviceWorker; // not there on plain http

// Without a controller the first version is installed, which replaces nothing.
let isReplaced = Boolean(workers?.controller);
// In all tabs: the files of the version that they show are deleted.
workers?.addEventListener("controllerchange", () => {
  if (isReplaced) location.reload();
  isReplaced = true;
});

// notice: shown once a new version is there, with a button that loads it.
export async function keepForOffline(notice) {
  if (!workers) return;
  const worker = new URL("../service_worker.js", import.meta.url);
  const registration = await workers.register(worker, { updateViaCache: "none" });
  const offer = () => {
    if (!registration.waiting || !workers.controller) return;
    notice.hidden = false;
    notice.querySelector("button").onclick = () => registration.waiting.postMessage("take over");
  };
  registration.addEventListener("updatefound", () => {
    registration.installing.addEventListener("statechange", offer);
  });
  offer();
}
