import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, stage } from "./stage.mjs";

const dc = stage(["publish"]);
const { publish, createCoalescer, createThrottle } = dc.publish;

test("a component that is not on the page is left alone", () => {
  dc.set_props = () => {
    throw new TypeError("no such path");
  };
  assert.equal(publish("thread-usage", { data: 1 }), false);
  dc.set_props = () => {};
  assert.equal(publish("nav-usage", { data: 1 }), true);
});

function coalescer() {
  const clock = fakeClock();
  const applied = [];
  const put = createCoalescer({
    now: clock.now,
    nextFrame: (run) => clock.setTimeout(run, 16),
    apply: (values) => applied.push(plain([...values])),
  });
  return { clock, applied, put: (key, value) => put(new Map([[key, value]])) };
}

test("the first value goes at once", () => {
  const { put, applied } = coalescer();
  put("nav", 1);
  assert.deepEqual(applied, [[["nav", 1]]]);
});

test("what follows within a frame goes with the next one, the newest of each", () => {
  const { put, applied, clock } = coalescer();
  put("nav", 1);
  clock.advance(2);
  put("nav", 2);
  put("thread", 7);
  put("nav", 3);
  clock.advance(16);
  assert.deepEqual(applied.slice(1), [[["nav", 3], ["thread", 7]]]);
});

test("100 values a second are at most one a frame, and the last is among them", () => {
  const { put, applied, clock } = coalescer();
  for (let i = 0; i < 100; i += 1) {
    put("nav", i);
    clock.advance(10);
  }
  clock.advance(20);
  assert.ok(applied.length <= 1000 / 16 + 2);
  assert.deepEqual(applied.at(-1), [["nav", 99]]);
});

test("hints are merged: the first at once, then one a second, the last included", () => {
  const clock = fakeClock();
  const fired = [];
  const put = createThrottle({
    ms: 1000,
    now: clock.now,
    setTimeout: clock.setTimeout,
    merge: (a, b) => [...a, ...b],
    fire: (value) => fired.push([clock.now(), plain(value)]),
  });
  put(["a"]);
  clock.advance(100);
  put(["b"]);
  put(["c"]);
  clock.advance(2000);
  put(["d"]);
  assert.deepEqual(fired, [[0, ["a"]], [1000, ["b", "c"]], [2100, ["d"]]]);
});
