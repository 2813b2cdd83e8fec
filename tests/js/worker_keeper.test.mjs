import assert from "node:assert/strict";
import test from "node:test";
import { plain, settled } from "./stage.mjs";
import { fakeCache, fakeStore, workerStage } from "./worker_stage.mjs";

const worker = workerStage(["routes", "questions", "absent", "shelf", "reach", "keeper"]);
const ORIGIN = "http://here:8050";
const THREAD = "11111111-2222-4333-8444-555555555555";
const SCRIPT = `${ORIGIN}/assets/live.js?m=1`;

/* A server for one person at a time, and a browser's worker in front of it. */
function makeWorld() {
  const world = { viewer: "ann", release: "r1", away: false, status: 200, answers: {}, fetched: [], told: [], refuses: null, cut: false };
  const cache = fakeCache();
  const store = fakeStore();
  let at = 1000;
  const now = () => (at += 1);
  const shelf = worker.shelf.createShelf({ store, now, pause: () => Promise.resolve() });

  async function fetch(request, options) {
    const url = request.url || request;
    world.fetched.push(url);
    if (world.away || world.cut) throw new TypeError("Failed to fetch");
    if (world.refuses) return world.refuses();
    const headers = { "X-Creditpulse-Viewer": world.viewer, "X-Creditpulse-Release": world.release, "Content-Security-Policy": "default-src 'self'" };
    if (url.startsWith(`${ORIGIN}/assets/`)) return new Response(`file ${url}`);
    if (options && options.body) return new Response(JSON.stringify(world.answers[JSON.parse(options.body).output] || {}), { status: world.status, headers });
    if (url.includes("/_dash-")) return new Response(`"${url} of ${world.release}"`, { headers });
    return new Response(`<html><head>\n</head><script src="/assets/live.js?m=${world.release.slice(1)}"></script>${world.viewer}</html>`, { status: world.status, headers });
  }

  const reach = worker.reach.createReach({ probe: async () => !world.away, now, wait: () => new Promise(() => {}) });
  const keeper = worker.keeper.createKeeper({
    shelf,
    reach,
    files: Promise.resolve(cache),
    fetch,
    origin: ORIGIN,
    now,
    tell: (message, client) => world.told.push({ ...message, client }),
  });
  const held = [];
  const more = { hold: (promise) => held.push(promise.catch(() => {})), clientId: "page" };
  const done = async () => {
    await Promise.all(held);
    await settled();
  };

  const open = async (path = "/threads") => {
    const response = await keeper.document({ url: ORIGIN + path }, more);
    await done();
    return response;
  };
  const load = async () => {
    await open();
    for (const part of ["layout", "dependencies"]) await keeper.shellPart(part, { url: `${ORIGIN}/_dash-${part}` }, more);
    await keeper.file({ url: `${ORIGIN}/assets/live.js?m=${world.release.slice(1)}` }, more);
    await done();
  };
  const ask = async (output, inputs, state = []) => {
    const [id, property] = output.split(".");
    const body = JSON.stringify({ output, outputs: { id, property }, inputs, state, changedPropIds: [] });
    const response = await keeper.answer({ url: `${ORIGIN}/_dash-update-component`, text: async () => body }, more);
    await done();
    return response;
  };
  const askThread = (thread, request = {}) => ask("thread-answer.data", [{ id: "thread-request", property: "data", value: { n: 1, thread_id: thread, ...request } }]);
  const askPage = (path) => ask("page.children", [{ id: "url", property: "pathname", value: path }], [{ id: "url", property: "search", value: "?range=7d" }]);
  world.answers["thread-answer.data"] = { multi: true, response: { "thread-answer": { data: { credits: 5, request: 1 } } } };
  world.answers["page.children"] = pageAnswer("Sort the invoices");
  return { world, keeper, cache, store, shelf, open, load, ask, askThread, askPage, done, more };
}

const pageAnswer = (title, section = "/threads") => ({
  multi: true,
  response: { page: { children: { type: "Div", props: { children: [{ type: "H1", props: { children: title } }] } } }, "page-shown": { data: { title: "Thread", section } } },
});
const kept = { kept: true };

test("a page opens as the server last sent it, and says that it is kept", async () => {
  const { world, load, open } = makeWorld();
  await load();
  world.away = true;
  const response = await open("/threads/another");
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<head>\n<meta name="creditpulse-kept" content="1970-01-01T00:00:01.\d+Z">[^]*ann/);
  assert.equal(response.headers.get("Content-Security-Policy"), "default-src 'self'");
});

test("without a whole page there is a sentence, and not half a page", async () => {
  const { world, keeper, open, more, done } = makeWorld();
  await open(); // its layout was never loaded
  await keeper.file({ url: SCRIPT }, more);
  await done();
  world.away = true;
  const response = await open();
  assert.equal(response.status, 503);
  assert.match(await response.text(), /no page of it is kept/);
});

test("what is kept is answered only while the server is away", async () => {
  const { world, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  world.away = true;
  const found = await (await askThread(THREAD, { ...kept, n: 7 })).json();
  assert.deepEqual(found.response["thread-answer"].data, { credits: 5, request: 7 });
  Object.assign(world, { away: false, status: 503 });
  assert.equal((await askThread(THREAD, kept)).status, 503, "a server without its database answers for itself");
});

test("never with the answer about another thread", async () => {
  const { world, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  world.away = true;
  const found = await (await askThread("another", kept)).json();
  assert.equal(found.sideUpdate.failure.data.source, "thread-answer");
});

test("who has an answer already is given none that is kept", async () => {
  const { world, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  world.away = true;
  assert.equal((await askThread(THREAD, { force: true })).status, 204);
});

test("a request that fails although the server lives is not answered by what is kept", async () => {
  const { world, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  world.cut = true;
  assert.equal((await askThread(THREAD, kept)).status, 204);
});

test("what lies there of another person, for whatever reason, is nobody's", async () => {
  const { world, load, askThread, shelf } = makeWorld();
  await load();
  const text = JSON.stringify(world.answers["thread-answer.data"]);
  await shelf.put({ key: `thread-answer {"thread_id":"${THREAD}"}`, viewer: "ben", output: "thread-answer" }, text);
  world.away = true;
  assert.ok((await (await askThread(THREAD, kept)).json()).sideUpdate);
});

test("the layout of another person than whose document came is not kept", async () => {
  const { world, keeper, load, more, done, store } = makeWorld();
  await load();
  world.viewer = "ben";
  await keeper.shellPart("layout", { url: `${ORIGIN}/_dash-layout` }, more);
  await done();
  assert.deepEqual([...new Set((await store.notes()).map(({ viewer }) => viewer))], ["ann"]);
});

test("a release of which a script is missing does not open; the one before does", async () => {
  const { world, keeper, load, open, more, done } = makeWorld();
  await load();
  world.release = "r2";
  await open();
  for (const part of ["layout", "dependencies"]) await keeper.shellPart(part, { url: `${ORIGIN}/_dash-${part}` }, more);
  await done();
  world.away = true;
  assert.match(await (await open()).text(), /live.js\?m=1/);
});

test("the page is told that what it gets is kept", async () => {
  const { world, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  world.away = true;
  world.told.length = 0;
  await askThread(THREAD, kept);
  assert.deepEqual(plain(world.told), [{ type: "kept", output: "thread-answer", client: "page" }]);
});

test("another person's document drops everything, and tells the pages of the one before", async () => {
  const { world, load, open, askThread, store } = makeWorld();
  await load();
  await askThread(THREAD);
  world.viewer = "ben";
  await load();
  assert.deepEqual([...new Set((await store.notes()).map(({ viewer }) => viewer))], ["ben"]);
  assert.ok(world.told.some(({ type, viewer, client }) => type === "viewer" && viewer === "ben" && !client));
  world.away = true;
  assert.match(await (await open()).text(), /ben/);
  assert.equal((await (await askThread(THREAD, kept)).json()).sideUpdate.failure.data.title, "Not kept");
});

test("an answer to another person than whose document came is not kept", async () => {
  const { world, load, askThread, store } = makeWorld();
  await load();
  world.viewer = "ben";
  await askThread(THREAD);
  assert.equal((await store.notes()).some(({ output }) => output === "thread-answer"), false);
  assert.ok(world.told.some(({ type, viewer, client }) => type === "viewer" && viewer === "ben" && client === "page"));
});

for (const [name, refuses] of [
  ["401", () => new Response("", { status: 401 })],
  ["a way to sign in", () => Object.defineProperty(new Response(""), "type", { value: "opaqueredirect" })],
]) {
  test(`${name} drops everything, whatever was asked`, async () => {
    for (const request of ["open", "askThread"]) {
      const world = makeWorld();
      await world.load();
      await world.askThread(THREAD);
      world.world.refuses = refuses;
      const response = await world[request](request === "open" ? "/" : THREAD);
      if (request === "askThread") assert.equal(response.status, 204);
      if (request === "askThread") assert.ok(world.world.told.some(({ type }) => type === "nobody"));
      assert.deepEqual(await world.store.notes(), [], request);
    }
  });
}

test("403 is an answer like any other: the person is still the same", async () => {
  const { world, load, askThread, store } = makeWorld();
  await load();
  await askThread(THREAD);
  world.status = 403;
  assert.equal((await askThread(THREAD)).status, 403);
  assert.ok((await store.notes()).some(({ output }) => output === "thread-answer"));
});

test("signing out drops everything at once, also what was not written yet", async () => {
  const { world, keeper, load, askThread, store } = makeWorld();
  await load();
  await askThread(THREAD);
  await keeper.wipe();
  assert.deepEqual(await store.notes(), []);
  world.away = true;
  assert.equal((await askThread(THREAD, kept)).status, 200);
  assert.equal((await (await askThread(THREAD, kept)).json()).response["thread-answer"], undefined);
});

test("a page that is not there any more takes along what was kept of it", async () => {
  const { world, load, askThread, askPage, store } = makeWorld();
  await load();
  await askPage(`/threads/${THREAD}`);
  await askThread(THREAD);
  await askThread("another");
  world.answers["page.children"] = pageAnswer("Not found", null);
  await askPage(`/threads/${THREAD}`);
  assert.deepEqual((await store.notes()).filter(({ output }) => output).map(({ key }) => key), ['thread-answer {"thread_id":"another"}']);
});

test("a page that was not visited says so, and names those that were, by their headings", async () => {
  const { world, load, askPage } = makeWorld();
  await load();
  await askPage(`/threads/${THREAD}`);
  world.away = true;
  const { response } = await (await askPage("/accounts")).json();
  assert.deepEqual(response["page-shown"].data.absent, "/accounts");
  const text = JSON.stringify(response.page);
  assert.match(text, /This page is not kept/);
  assert.match(text, new RegExp(`"children":"Sort the invoices","href":"/threads/${THREAD}\\?range=7d"`));
});

test("figures that came by the stream are those of the kept answer; another person's are nobody's", async () => {
  const { world, keeper, load, askThread } = makeWorld();
  await load();
  await askThread(THREAD);
  const value = { output: "thread-answer", about: { thread_id: THREAD }, parts: { "thread-answer": { data: { credits: 8 } } }, at: 999 };
  await keeper.note({ viewer: "ann", values: [value] });
  await keeper.note({ viewer: "ben", values: [{ ...value, parts: { "thread-answer": { data: { credits: 9 } } } }] });
  world.away = true;
  assert.equal((await (await askThread(THREAD, kept)).json()).response["thread-answer"].data.credits, 8);
});

test("a file is asked for once; of its versions the two last are kept", async () => {
  const { world, keeper, cache, done, more } = makeWorld();
  for (const version of [1, 1, 2, 3]) {
    await keeper.file({ url: `${ORIGIN}/assets/live.js?m=${version}` }, more);
    await done();
  }
  assert.equal(world.fetched.length, 3);
  assert.deepEqual((await cache.keys()).map(({ url }) => url), [2, 3].map((version) => `${ORIGIN}/assets/live.js?m=${version}`));
});

test("after an update the old release goes once the new one is whole, and not before", async () => {
  const { world, keeper, cache, load, open, shelf } = makeWorld();
  await load();
  world.release = "r2";
  await open(); // and its server is gone again
  world.away = true;
  assert.match(await (await open()).text(), /live.js\?m=1/);
  world.away = false;
  await load();
  await keeper.adopt({ url: null, urls: [], parts: [], answers: [] });
  assert.deepEqual([...new Set((await shelf.noted()).filter(({ part }) => part).map(({ release }) => release))], ["r2"]);
  assert.deepEqual((await cache.keys()).map(({ url }) => url), [`${ORIGIN}/assets/live.js?m=2`]);
});

test("a page that was loaded without the worker hands over what it was given", async () => {
  const { world, keeper, open, askThread } = makeWorld();
  const body = JSON.stringify({ output: "thread-answer.data", outputs: { id: "thread-answer" }, inputs: [{ id: "thread-request", property: "data", value: { n: 1, thread_id: THREAD } }] });
  const headers = [["X-Creditpulse-Viewer", "ann"], ["X-Creditpulse-Release", "r1"]];
  const answer = { body, text: JSON.stringify(world.answers["thread-answer.data"]), viewer: "ann" };
  const parts = ["layout", "dependencies"].map((part) => ({ part, text: "{}", headers }));
  await keeper.adopt({ url: `${ORIGIN}/threads`, urls: [SCRIPT, "https://elsewhere/x.js", `${ORIGIN}/healthz`], parts, answers: [answer, { ...answer, viewer: "ben" }] });
  assert.deepEqual(world.fetched, [`${ORIGIN}/threads`, SCRIPT]);
  world.away = true;
  assert.equal((await open()).status, 200);
  assert.equal((await (await askThread(THREAD, kept)).json()).response["thread-answer"].data.credits, 5);
});

test("a browser that can keep nothing still gets its answers", async () => {
  const { world, store, open, askThread } = makeWorld();
  store.broken = true;
  assert.equal((await open()).status, 200);
  assert.equal((await askThread(THREAD)).status, 200);
  world.away = true;
  assert.equal((await open()).status, 503);
});
