import assert from "node:assert/strict";
import test from "node:test";
import { plain } from "./stage.mjs";
import { workerStage } from "./worker_stage.mjs";

const { questions } = workerStage(["questions"]);

const ask = (outputs, inputs, state = []) => {
  const part = ([name, value]) => ({ id: name.split(".")[0], property: name.split(".")[1], value });
  const output = outputs.length > 1 ? `..${outputs.join("...")}..` : outputs[0];
  const named = outputs.map((name) => ({ id: name.split(".")[0], property: name.split(".")[1] }));
  return JSON.stringify({
    output,
    outputs: named.length > 1 ? named : named[0],
    inputs: inputs.map(part),
    state: state.map(part),
    changedPropIds: [inputs[0][0]],
  });
};
const keyOf = (...question) => questions.questionOf(ask(...question)).key;
const thread = (request) => keyOf(["thread-answer.data"], [["thread-request.data", request]]);
const overview = (request) => keyOf(["overview-answer.data", "overview-credits-figure.data"], [["overview-request.data", request]]);
const page = (path, search = "", asked = null) =>
  keyOf(["page.children", "page-shown.data"], [["url.pathname", path], ["page-asked.data", asked]], [["url.search", search]]);

test("the same question has the same key, whichever request it is and however it is to be answered", () => {
  assert.equal(thread({ n: 1, force: false, kept: true, thread_id: "a" }), thread({ n: 9, force: true, thread_id: "a" }));
  assert.equal(overview({ n: 1, force: false, range: "7d", scope: "all" }), overview({ scope: "all", range: "7d", n: 2, force: true }));
});

test("another thread, scope or range is another question", () => {
  assert.notEqual(thread({ n: 1, thread_id: "a" }), thread({ n: 1, thread_id: "b" }));
  assert.notEqual(overview({ n: 1, range: "7d", scope: "all" }), overview({ n: 1, range: "30d", scope: "all" }));
  assert.notEqual(overview({ n: 1, range: "7d", scope: "all", zone: "UTC" }), overview({ n: 1, range: "7d", scope: "all", zone: "Asia/Tokyo" }));
  assert.notEqual(keyOf(["nav-answer.data"], [["nav-request.data", { n: 1, scope: "a" }]]), keyOf(["subscription.data"], [["nav-request.data", { n: 1, scope: "a" }]]));
});

test("a page goes by its path and by whether its scope may be seen", () => {
  assert.equal(page("/threads", "?range=7d"), page("/threads", "?zone=UTC", 4));
  assert.notEqual(page("/threads"), page("/accounts"));
  assert.notEqual(page("/threads", "?scope=a"), page("/threads", "?scope=b"));
  assert.equal(page(null), null, "the address was not read yet");
});

test("a block of the threads list goes by its place, not by the number that it was asked with", () => {
  const block = (request) => keyOf(["threads-answer.data"], [["threads-request.data", request]]);
  assert.equal(block({ n: 1, scope: "all", after: "", skip: 0, block: 3 }), block({ n: 2, scope: "all", after: "", skip: 0, block: 8 }));
  assert.notEqual(block({ n: 1, scope: "all", after: "x", skip: 0 }), block({ n: 1, scope: "all", after: "", skip: 0 }));
});

test("a thread's details go by the thread, not by what the page has read of it", () => {
  const detail = (seen) => keyOf(["thread-figure.data", "thread-page.data"], [["thread-detail-request.data", { n: 1, thread_id: "a" }]], [["thread-seen.data", seen]]);
  assert.equal(detail(null), detail({ calls: 5 }));
});

test("the chooser goes by the address's scope; who types is answered by the server alone", () => {
  const chooser = (typed, search) =>
    keyOf(["nav-account.options", "nav-account.value", "default-scope.data"], [["nav-account.search_value", typed], ["scope-asked.data", search]], [["nav-account.value", null]]);
  assert.equal(chooser(undefined, "?range=7d"), chooser("", ""));
  assert.notEqual(chooser("", "?scope=a"), chooser("", ""));
  assert.equal(chooser("Ann", ""), null);
});

test("what is not named, or of the moment, or no request at all is not kept", () => {
  for (const name of ["find-answer", "threads-live", "thread-older-page", "thread-call-answer", "preferences-saved", "__proto__", "constructor"]) {
    assert.equal(keyOf([`${name}.data`], [["x.data", { n: 1 }]]), null, name);
  }
  for (const text of ["", "null", "7", "{", '{"output":1}', '{"output":"page.children"}', '{"output":"nav-answer.data","inputs":[],"outputs":{"id":"nav-answer"}}']) {
    assert.equal(questions.questionOf(text).key, null, text);
  }
});

test("only who has nothing yet takes a kept answer of what is asked for again and again", () => {
  const takes = (...question) => questions.takesKept(questions.questionOf(ask(...question)));
  assert.equal(takes(["thread-answer.data"], [["thread-request.data", { n: 1, thread_id: "a", kept: true }]]), true);
  assert.equal(takes(["thread-answer.data"], [["thread-request.data", { n: 2, thread_id: "a", force: true }]]), false);
  assert.equal(takes(["page.children", "page-shown.data"], [["url.pathname", "/"]]), true);
});

const answer = (response, more = {}) => JSON.stringify({ multi: true, response, ...more });

test("a kept answer carries the number of the request that it answers now, and took no time", () => {
  const question = questions.questionOf(ask(["threads-answer.data"], [["threads-request.data", { n: 4, block: 2, kept: true }]]));
  const text = answer({ "threads-answer": { data: { request: 71, block: 9, took_ms: 812, rows: [1] } }, other: { children: "x", hidden: null } });
  assert.deepEqual(JSON.parse(questions.renumbered(text, question)).response, {
    "threads-answer": { data: { request: 4, block: 2, took_ms: 0, rows: [1] } },
    other: { children: "x", hidden: null },
  });
});

test("failures, growth and pages that are not there are not kept", () => {
  const keepable = (output, given) => questions.isKeepable({ output }, JSON.parse(given));
  assert.equal(keepable("nav-answer", answer({ "nav-answer": { data: {} } })), true);
  assert.equal(keepable("nav-answer", answer({}, { sideUpdate: { failure: {} } })), false);
  assert.equal(keepable("thread-figure", answer({ "thread-page": { data: { mode: "grow" } } })), false);
  assert.equal(keepable("thread-figure", answer({ "thread-page": { data: { mode: "replace" } } })), true);
  assert.equal(keepable("page", answer({ "page-shown": { data: { section: null } } })), false);
  assert.equal(keepable("page", answer({ "page-shown": { data: { section: "/" } } })), true);
  assert.equal(questions.isKeepable({ output: "nav-answer" }, null), false);
});

test("what the page has learnt since goes into the kept answer, and leaves the rest as it was", () => {
  const text = answer({ "nav-answer": { data: { credits: 1, history: "complete", request: 3 } } });
  const found = JSON.parse(questions.brought(text, { "nav-answer": { data: { credits: 2 } } }));
  assert.deepEqual(found.response, { "nav-answer": { data: { credits: 2, history: "complete", request: 3 } } });
  assert.equal(questions.brought(text, { "thread-answer": { data: {} } }), null);
});

test("any scope's chooser serves for a scope that is among its options, and for the usual one", () => {
  const text = answer({ "nav-account": { options: [{ value: "all" }, { value: "a" }], value: "all" }, "default-scope": { data: "all" } });
  const chosen = (scope) => JSON.parse(questions.chosen(text, { scope }))?.response["nav-account"].value;
  assert.equal(chosen("a"), "a");
  assert.equal(chosen(""), "all");
  assert.equal(chosen("b"), undefined);
});

test("keys say what they are about", () => {
  assert.equal(questions.keyOf("nav-answer", { scope: "all" }), keyOf(["nav-answer.data"], [["nav-request.data", { n: 1, scope: "all" }]]));
  assert.deepEqual(plain(questions.questionOf(ask(["page.children", "page-shown.data"], [["url.pathname", "/threads"]], [["url.search", "?scope=a"]])).about), { path: "/threads", scope: "a" });
});
