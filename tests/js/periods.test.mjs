import assert from "node:assert/strict";
import test from "node:test";
import { stage } from "./stage.mjs";

function makePeriods({ stretch = 1, preferred } = {}) {
  const dc = stage(["periods"]);
  dc.activity = { stretch: () => stretch };
  if (preferred) dc.preferences = { current: () => preferred };
  return dc.periods;
}

test("by default: 10 s while an agent runs, 30 s else, plan and allowance every 2 minutes", () => {
  const { periodMs, words } = makePeriods();
  assert.deepEqual(["running", "idle", "subscription"].map(periodMs), [10000, 30000, 120000]);
  assert.deepEqual(["running", "idle", "subscription"].map(words), ["every 10 s", "every 30 s", "every 2 min"]);
});

test("what a person prefers counts, and is stretched like the rest", () => {
  const preferred = { running_seconds: 5, idle_seconds: 90, subscription_seconds: 600 };
  const { periodMs, words } = makePeriods({ preferred, stretch: 4 });
  assert.deepEqual(["running", "idle", "subscription"].map(periodMs), [20000, 360000, 2400000]);
  assert.deepEqual(["running", "idle", "subscription"].map(words), ["every 20 s", "every 6 min", "every 40 min"]);
});

test("the words say exactly what the interval is", () => {
  const { textOf } = makePeriods();
  const said = [2000, 45000, 60000, 119000, 120000, 121000, 150000, 600000].map(textOf);
  assert.deepEqual(said, ["2 s", "45 s", "60 s", "119 s", "2 min", "121 s", "2.5 min", "10 min"]);
});

test("other periods have another name", () => {
  assert.notEqual(makePeriods().name(), makePeriods({ stretch: 2 }).name());
  assert.equal(makePeriods().name(), makePeriods({ preferred: { running_seconds: 10 } }).name());
});

test("intervals follow the status of agents", () => {
  const { by_status, idle, subscription } = makePeriods();
  assert.deepEqual([by_status({}, "running"), by_status({}, "idle"), by_status({}, undefined)], [10000, 30000, 30000]);
  assert.deepEqual([idle(), subscription()], [30000, 120000]);
});
