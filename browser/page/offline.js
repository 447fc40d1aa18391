// The service worker keeps the page for when there is no network, and brings new versions.

export async function keepForOffline(notice) {
  if (!navigator.serviceWorker) return;
  const worker = new URL("../service_worker.js", import.meta.url);
  const registration = await navigator.serviceWorker.register(worker, { updateViaCache: "none" });
  let isAsked = false;
  const offer = () => {
    // Without a controller this is the first version, which replaces nothing.
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    notice.hidden = false;
    notice.querySelector("button").onclick = () => {
      isAsked = true;
      registration.waiting.postMessage("take over");
    };
  };
  navigator.serviceWorker.addEventListener("controllerchange", () => isAsked && location.reload());
  registration.addEventListener("updatefound", () => {
    registration.installing.addEventListener("statechange", offer);
  });
  offer();
}
