import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const same = "same";

function makePage(triggered = []) {
  const told = [];
  const dc = stage(["formats", "publish", "preferences", "units", "thread", "thread_call", "thread_chart"]);
  dc.callback_context = { triggered: triggered.map((prop_id) => ({ prop_id, value: 1 })) };
  dc.gate = {
    ask: (key, target, options) => told.push(["ask", key, plain(target), plain(options)]),
    forget: (key) => told.push(["forget", key]),
    answered: (key, n) => told.push(["answered", key, n]),
  };
  dc.render = { succeeded: (sources) => told.push(["succeeded", ...sources]) };
  return { dc, told };
}

const none = (values, dc) => values.every((value) => value === dc.no_update);

test("only what has changed is shown anew", () => {
  const { dc } = makePage();
  const shown = {};
  const first = { runs: { a: 1 }, per: "per call" };
  assert.deepEqual(plain(dc.thread.fresh(shown, first, same)), [{ a: 1 }, "per call"]);
  assert.deepEqual(plain(dc.thread.fresh(shown, { runs: { a: 1 }, per: undefined }, same)), [same, same]);
  assert.deepEqual(plain(dc.thread.fresh(shown, { runs: { a: 2 }, per: "per 5 min" }, same)), [{ a: 2 }, "per 5 min"]);
});

test("a late answer about another thread's runs and models shows nothing", () => {
  const { dc } = makePage();
  const answer = { of: "a", runs: "runs", models: "models", per: "per call", state: "ready" };
  assert.ok(none(dc.thread.detail(undefined, "b"), dc));
  assert.ok(none(dc.thread.detail(answer, "b"), dc));
  assert.deepEqual(plain(dc.thread.detail({ ...answer, of: "b" }, "b")), ["runs", "models", "per call", "ready"]);
});

test("a page that is opened again shows its lists anew, though they have not changed", () => {
  const { dc } = makePage();
  const answer = { of: "a", runs: "runs", models: "models", per: "per call", state: "ready" };
  dc.thread.detail(answer, "a");
  assert.ok(none(dc.thread.detail(answer, "a"), dc));
  dc.thread.detail(undefined, "a");
  assert.deepEqual(plain(dc.thread.detail(answer, "a")), ["runs", "models", "per call", "ready"]);
});

const OUTLOOK = {
  of: "a",
  request: 7,
  rate: "18.2 / min",
  rate_cost: "0.182",
  run: { label: "This run, projected", figure: "≈ 1,620", note: "1,310 to 2,900", cost: "16.2" },
  runaway: "",
  debits: null,
};

test("an outlook fills the cards, and is the answer to its request", () => {
  const { dc, told } = makePage();
  assert.ok(none(dc.thread.outlook(OUTLOOK, "b"), dc));
  const shown = dc.thread.outlook(OUTLOOK, "a");
  assert.deepEqual(plain(shown), [
    ...["18.2 / min", "0.182", "This run, projected", "≈ 1,620", "16.2", "1,310 to 2,900"],
    ...["", true, null, true],
  ]);
  assert.deepEqual(told, [["answered", "thread_outlook", 7], ["succeeded", "thread-outlook"]]);
  const runaway = dc.thread.outlook({ ...OUTLOOK, runaway: "Runaway", debits: ["x"] }, "a");
  assert.deepEqual(plain(runaway.slice(6)), ["Runaway", false, ["x"], false]);
});

test("an outlook is asked for once the agent's status is known, when it changes, and at each tick", () => {
  const { dc, told } = makePage();
  const asked = (status, ...triggered) => {
    dc.callback_context.triggered = triggered.map((prop_id) => ({ prop_id, value: 1 }));
    told.length = 0;
    dc.thread.ask_outlook(status, 0, 0, "a");
    return plain(told.map(([, key, target, options]) => [key, target.thread_id, options]));
  };
  const once = (force, must) => [["thread_outlook", "a", { force, must }]];
  assert.deepEqual(asked(undefined, "agent-status.data"), []);
  assert.deepEqual(asked("idle", "agent-status.data"), once(false, true));
  assert.deepEqual(asked("idle", "agent-status.data"), []);
  assert.deepEqual(asked("running", "agent-status.data"), once(false, true));
  assert.deepEqual(asked("running", "thread-interval.n_intervals"), once(false, false));
  assert.deepEqual(asked("running", "thread-refresh.n_clicks"), once(true, false));
  dc.thread.outlook(undefined, "a");
  assert.deepEqual(asked("running", "agent-status.data"), once(false, true));
});

test("the panel shows the call that was asked for last", () => {
  const { dc } = makePage();
  const { panel } = dc.thread_call;
  assert.deepEqual(plain(panel({ n: 2, body: ["b"], cut: true }, { n: 2 }, same)), [["b"], false]);
  assert.deepEqual(plain(panel({ n: 2, body: ["b"], cut: false }, { n: 2 }, same)), [["b"], true]);
  assert.deepEqual(plain(panel({ n: 1, body: ["a"], cut: true }, { n: 2 }, same)), [same, same]);
  assert.deepEqual(plain(panel(undefined, { n: 2 }, same)), [same, same]);
});

test("the chart's table has every point, the latest first, with what it alone used", () => {
  const { dc } = makePage();
  const line = { x: ["2026-11-23 09:05:07.089", "2026-11-23 10:00:00.000"], y: [1234.5, 1236], customdata: [[34.5, 7], [1.5, 1]] };
  const rows = plain(dc.thread_chart.rowsOf({ data: [line] }));
  assert.deepEqual(rows.map((row) => plain(dc.thread_chart.texts(row))), [
    ["2026-11-23 10:00:00", "1", "1.50", "1,236.00"],
    ["2026-11-23 09:05:07", "7", "34.50", "1,234.50"],
  ]);
  assert.deepEqual(plain(dc.thread_chart.rowsOf({ data: [] })), []);
  assert.deepEqual(plain(dc.thread_chart.rowsOf(undefined)), []);
});
