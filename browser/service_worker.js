// Keeps the whole page, so that it starts without a network. files.js, which `make browser` writes,
// names the version and the files; a new version is fetched whole before the old one is deleted.

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
