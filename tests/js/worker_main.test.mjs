/* The worker itself: what it does with a page that it leaves to the server. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const SOURCES = ["absent", "routes", "reach", "questions", "database", "shelf", "keeper", "main"];
const ORIGIN = "http://127.0.0.1:8050";
const never = new Promise(() => {});

/* The worker's listeners, in a browser that has nothing and asks nobody. */
function worker(fetch) {
  const listeners = {};
  const self = {
    location: { origin: ORIGIN },
    caches: { open: () => never },
    indexedDB: { open: () => ({}) },
    registration: {},
    clients: {},
    fetch,
    setTimeout,
    addEventListener: (name, listener) => (listeners[name] = listener),
  };
  const context = vm.createContext({ self, URL, Response, Promise, Map, Set, console, indexedDB: self.indexedDB });
  for (const name of SOURCES) vm.runInContext(readFileSync(new URL(`../../worker/${name}.js`, import.meta.url), "utf8"), context);
  return listeners;
}

/* What it answers to a request; undefined where it leaves that to the browser. */
async function answerTo(path, { preloaded, mode = "navigate", method = "GET" } = {}) {
  const asked = [];
  const { fetch } = worker(async (request) => {
    asked.push(request.url);
    return "asked";
  });
  let answer;
  const request = { url: ORIGIN + path, mode, method };
  fetch({ request, clientId: "", preloadResponse: Promise.resolve(preloaded), respondWith: (said) => (answer = said), waitUntil() {} });
  return { answer: await answer, asked };
}

test("an answer to signing in that is under way already is not asked for once more", async () => {
  assert.deepEqual(await answerTo("/signin/callback?code=1", { preloaded: "preloaded" }), { answer: "preloaded", asked: [] });
});

test("where nothing was asked ahead, it is asked once", async () => {
  const found = await answerTo("/signin/callback?code=1");
  assert.deepEqual(found, { answer: "asked", asked: [`${ORIGIN}/signin/callback?code=1`] });
});

test("forms, streams and downloads of scripts pass it by", async () => {
  assert.equal((await answerTo("/signout", { method: "POST" })).answer, undefined);
  assert.equal((await answerTo("/live/events?topics=nav:all", { mode: "cors" })).answer, undefined);
});
