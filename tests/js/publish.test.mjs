import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, stage } from "./stage.mjs";

const dc = stage(["publish"]);
const { publish, createThrottle } = dc.publish;

test("a component that is not on the page is left alone", () => {
  dc.set_props = () => {
    throw new TypeError("no such path");
  };
  assert.equal(publish("thread-usage", { data: 1 }), false);
  dc.set_props = () => {};
  assert.equal(publish("nav-usage", { data: 1 }), true);
});

test("1,000 values a second go on ten times a second, and the last is among them", () => {
  const clock = fakeClock();
  const fired = [];
  const put = createThrottle({
    ms: 100,
    now: clock.now,
    setTimeout: clock.setTimeout,
    merge: (_old, value) => value,
    fire: (value) => fired.push([clock.now(), value]),
  });
  for (let value = 0; value < 1000; value += 1) {
    put(value);
    clock.advance(1);
  }
  clock.advance(100);
  assert.deepEqual(fired[0], [0, 0]);
  assert.equal(fired.length, 11);
  assert.deepEqual(fired.at(-1), [1000, 999]);
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
