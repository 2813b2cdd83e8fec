/* The worker itself: which events of the browser go where. */
(function (self) {
  "use strict";

  const { database, keeper, reach, routes, shelf } = self.creditpulse;
  const FILES = "creditpulse-files";
  const WRITE_MS = 1000;

  const wait = (ms) => new Promise((resolve) => self.setTimeout(resolve, ms));
  const now = () => Date.now();

  /* A proxy that speaks for a server which is away is no sign of life. */
  async function probe(ms) {
    try {
      const response = await self.fetch("/healthz", { cache: "no-store", redirect: "manual", signal: self.AbortSignal.timeout(ms) });
      return response.status !== 502 && response.status !== 504;
    } catch {
      return false;
    }
  }

  async function tell(message, clientId) {
    const clients = clientId ? [await self.clients.get(clientId)] : await self.clients.matchAll({ type: "window" });
    for (const client of clients) if (client) client.postMessage(message);
  }

  const kept = keeper.createKeeper({
    shelf: shelf.createShelf({ store: database.createDatabase(self.indexedDB), now, pause: () => wait(WRITE_MS) }),
    reach: reach.createReach({ probe, now, wait }),
    files: self.caches.open(FILES),
    fetch: (...request) => self.fetch(...request),
    origin: self.location.origin,
    now,
    tell,
  });

  const ANSWERS = {
    document: (request, more) => kept.document(request, more),
    layout: (request, more) => kept.shellPart("layout", request, more),
    dependencies: (request, more) => kept.shellPart("dependencies", request, more),
    file: (request, more) => kept.file(request, more),
    loose: (request, more) => kept.loose(request, more),
    answer: (request, more) => kept.answer(request, more),
  };

  const asked = async ({ preloadResponse, request }) => (await preloadResponse) || self.fetch(request);

  self.addEventListener("install", () => self.skipWaiting());

  self.addEventListener("activate", (event) => {
    const preload = self.registration.navigationPreload;
    event.waitUntil(Promise.all([preload && preload.enable(), self.clients.claim()]));
  });

  self.addEventListener("fetch", (event) => {
    const { request, clientId } = event;
    const kind = routes.kindOf(request, self.location.origin);
    if (!kind) {
      // Such a page has been asked for already, ahead of this worker. If it were passed by, the browser would ask once
      // more, and the code that a person comes back with from signing in is good for one request.
      if (request.mode === "navigate" && request.method === "GET") event.respondWith(asked(event));
      return;
    }
    const preloaded = kind === "document" ? Promise.resolve(event.preloadResponse) : null;
    if (preloaded) event.waitUntil(preloaded.catch(() => {}));
    // What is kept is kept where it can be: a full disk is no reason for a page to go without its answer.
    const hold = (promise) => event.waitUntil(promise.catch(() => {}));
    event.respondWith(ANSWERS[kind](request, { preloaded, hold, clientId }));
  });

  self.addEventListener("message", (event) => {
    const { data } = event;
    const told = { adopt: kept.adopt, note: kept.note, wipe: kept.wipe }[data && data.type];
    if (!told) return;
    const done = told(data).catch(() => {});
    event.waitUntil(done.then(() => event.ports[0] && event.ports[0].postMessage("done")));
  });
})(self);
