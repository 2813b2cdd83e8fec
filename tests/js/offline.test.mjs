import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { offline } = stage(["offline"]);
const USAGE = { type: "nav-usage", scope: "a", credits: 3, as_of: "2026-11-25T03:00:00Z", version: 7, connection: 2 };
const AT = Date.parse(USAGE.as_of);

test("a pushed usage is the answer to who asks for it, as of its own time", () => {
  const { connection: _connection, ...data } = USAGE;
  assert.deepEqual(plain(offline.noteOfUsage(USAGE)), { output: "nav-answer", about: { scope: "a" }, parts: { "nav-answer": { data } }, at: AT });
  const thread = { type: "thread-usage", thread_id: "t", credits: 1, as_of: USAGE.as_of };
  assert.deepEqual(plain(offline.noteOfUsage(thread)), { output: "thread-answer", about: { thread_id: "t" }, parts: { "thread-answer": { data: thread } }, at: AT });
});

test("a thread that is gone, and a usage without a time, are no answers", () => {
  assert.equal(offline.noteOfUsage({ type: "thread-usage", thread_id: "t", gone: true }), null);
  assert.equal(offline.noteOfUsage(undefined), null);
});

test("an account's usage goes into the answer of its page, of the page's zone", () => {
  const found = plain(offline.noteOfAccount(USAGE, "UTC"));
  assert.deepEqual([found.output, found.about], ["account-answer", { scope: "a", zone: "UTC" }]);
  assert.equal(found.parts["account-answer"].data.usage.credits, 3);
  assert.equal(offline.noteOfAccount(USAGE, undefined), null);
  assert.equal(offline.noteOfAccount(undefined, "UTC"), null);
});

const ROWS = Array.from({ length: 120 }, (_, id) => ({ id }));
const THREAD = { thread: "t", figure: { data: [] }, rows: ROWS, total: 500, seen: { of: "t" }, detail: { of: "t", runs: [] } };

test("a thread's chart and log as they stand there are what a reading of all would bring", () => {
  const { output, about, parts } = plain(offline.noteOfThread(THREAD, AT));
  assert.deepEqual([output, about, Object.keys(parts)], ["thread-figure", { thread_id: "t" }, ["thread-figure", "thread-page", "thread-seen", "thread-detail"]]);
  const { rows, ...page } = parts["thread-page"].data;
  assert.deepEqual([rows.length, rows[0], page], [100, { id: 0 }, { mode: "replace", thread_id: "t", total: 500 }]);
});

test("what belongs to another thread, or is not read yet, is not noted", () => {
  for (const change of [{ thread: null }, { figure: null }, { rows: [] }, { seen: null }, { seen: { of: "x" } }]) {
    assert.equal(offline.noteOfThread({ ...THREAD, ...change }, AT), null, JSON.stringify(change));
  }
  assert.equal(offline.noteOfThread({ ...THREAD, detail: { of: "x" } }, AT).parts["thread-detail"], undefined);
});

test("a page of another release opens anew when nobody reads it, and once for each release", () => {
  const verdict = (more) => offline.verdictOn("r2", { mine: "r1", reloaded: null, returning: false, hidden: false, ...more });
  assert.equal(verdict({}), "later");
  assert.equal(verdict({ returning: true }), "reload");
  assert.equal(verdict({ hidden: true }), "reload");
  assert.equal(verdict({ hidden: true, reloaded: "r2" }), "stay");
  assert.equal(verdict({ hidden: true, mine: "r2" }), "stay");
  assert.equal(offline.verdictOn("", { mine: "r1", hidden: true }), "stay");
});

test("without a worker nothing is kept, and there is nothing to drop", async () => {
  assert.equal(offline.isKept(), false);
  await offline.wipe();
});
