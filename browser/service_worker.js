// Keeps the page, so that it starts without a network.
//
// What is cached: the files that files.js names (`make browser` writes it), all of them and nothing
// else, under the version that it names. They are answered from the cache alone. Every other request
// goes to the network, and its answer is not stored.
//
// A new version has another files.js. The browser looks for it whenever the page is opened. Its files
// are fetched whole into a cache of their own while the old version still answers. Once a visitor asks
// for it, or all tabs of the old version are closed, it takes over and the old cache is deleted.

importScripts("./files.js");
const { version, files } = self.SITE;
const CACHE = `digit-reader ${version}`;

self.addEventListener("install", (event) => event.waitUntil(store()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  event.respondWith(answer(event.request, url));
});

async function store() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
}

async function takeOver() {
  const others = (await caches.keys()).filter((name) => name !== CACHE);
  await Promise.all(others.filter((name) => name.startsWith("digit-reader ")).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request, url) {
  const cache = await caches.open(CACHE);
  // A link's query is for the page, not for the server.
  url.search = "";
  return (await cache.match(url.href)) ?? fetch(request);
}
