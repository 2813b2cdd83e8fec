import assert from "node:assert/strict";
import test from "node:test";
import { plain } from "./stage.mjs";
import { workerStage } from "./worker_stage.mjs";

const { routes } = workerStage(["routes"]);
const ORIGIN = "http://here:8050";

const kindOf = (path, { method = "GET", mode = "no-cors" } = {}) => routes.kindOf({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN);

test("pages are documents, wherever they are", () => {
  for (const path of ["/", "/threads", "/threads/1?scope=all", "/nowhere"]) assert.equal(kindOf(path, { mode: "navigate" }), "document");
  assert.equal(kindOf("/threads", { mode: "cors" }), null);
});

test("probes, streams, downloads, the API and the way in are never touched, also where they are opened as pages", () => {
  for (const path of ["/healthz", "/readyz", "/metrics", "/sw.js", "/live/events?topics=nav:all", "/live/check", "/export/threads.csv", "/api/v1/threads", "/signin", "/signin/callback?code=1", "/signout", "/signed-out"]) {
    assert.equal(kindOf(path, { mode: "navigate" }), null, path);
    assert.equal(kindOf(path, { method: "POST" }), null, path);
  }
});

test("what Dash loads, and what callbacks answer", () => {
  assert.equal(kindOf("/_dash-layout"), "layout");
  assert.equal(kindOf("/_dash-dependencies"), "dependencies");
  assert.equal(kindOf("/_dash-update-component", { method: "POST" }), "answer");
  assert.equal(kindOf("/_dash-update-component?endId=1", { method: "POST" }), "answer");
  assert.equal(kindOf("/preferences", { method: "POST" }), null);
});

test("a file with its version in its address never changes, one without may", () => {
  assert.equal(kindOf("/_dash-component-suites/dash/dcc/async-graph.v4_4_0m1761.js"), "file");
  assert.equal(kindOf("/_dash-component-suites/dash/dcc/async-graph.js"), "loose");
  assert.equal(kindOf("/assets/live.js?m=1761.5"), "file");
  assert.equal(kindOf("/assets/pulse.svg"), "loose");
});

test("another site's files are theirs", () => {
  assert.equal(routes.kindOf({ method: "GET", mode: "navigate", url: "https://elsewhere/" }, ORIGIN), null);
});

test("versions of a file have one name", () => {
  const suite = `${ORIGIN}/_dash-component-suites/dash/dcc`;
  assert.equal(routes.nameOf(`${suite}/graph.v4_4_0m17.js`), routes.nameOf(`${suite}/graph.v4_5_0m18.js`));
  assert.equal(routes.nameOf(`${ORIGIN}/assets/live.js?m=1`), routes.nameOf(`${ORIGIN}/assets/live.js?m=2`));
  assert.notEqual(routes.nameOf(`${ORIGIN}/assets/live.js?m=1`), routes.nameOf(`${ORIGIN}/assets/gate.js?m=1`));
});

test("the files of a document are its scripts and styles, and nobody else's", () => {
  const html = `<link rel="stylesheet" href="/assets/base.css?m=1"><a href="/threads">x</a>
    <script src="/_dash-component-suites/dash/deps/react.v18m1.min.js"></script><script src="https://elsewhere/x.js"></script>
    <script src="/assets/live.js?m=1&amp;x=2"></script><script src="/assets/live.js?m=1&amp;x=2"></script>`;
  assert.deepEqual(plain(routes.filesOf(html, ORIGIN)), [
    `${ORIGIN}/assets/base.css?m=1`,
    `${ORIGIN}/_dash-component-suites/dash/deps/react.v18m1.min.js`,
    `${ORIGIN}/assets/live.js?m=1&x=2`,
  ]);
});
