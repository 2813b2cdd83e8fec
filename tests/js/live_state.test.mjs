import assert from "node:assert/strict";
import test from "node:test";
import { stage } from "./stage.mjs";

const { live_state } = stage(["live_state"]);

const well = {
  hidden: false,
  online: true,
  reachable: true,
  connected: true,
  beatAt: 1000,
  listening: true,
  queueAgeMs: 3,
  history: "complete",
};
const stateWith = (change, now = 1000) => live_state.stateOf({ ...well, ...change }, now);

test("live: a young beat that says the feed listens and nothing waits", () => {
  assert.equal(stateWith({}), "live");
  assert.equal(stateWith({}, 12999), "live");
});

test("a beat of 12 s ago proves nothing any more", () => {
  assert.equal(stateWith({}, 13000), "polling");
});

test("nothing is live that is not", () => {
  assert.equal(stateWith({ connected: false }), "polling");
  assert.equal(stateWith({ listening: false }), "polling");
  assert.equal(stateWith({ queueAgeMs: 1500 }), "polling");
  assert.equal(stateWith({ history: "counting" }), "polling");
});

test("offline: neither the browser's network nor the server answers", () => {
  assert.equal(stateWith({ online: false }), "offline");
  assert.equal(stateWith({ connected: false, reachable: false }), "offline");
});

test("without a stream it is paused, but only as long as the server answers what is asked", () => {
  assert.equal(stateWith({ off: true, connected: false }), "paused");
  assert.equal(stateWith({ off: true, connected: false, reachable: false }), "offline");
});

test("a hidden tab is paused, whatever else is so", () => {
  assert.equal(stateWith({ hidden: true, online: false }), "paused");
});

test("the time that a computer sleeps counts, though its monotonic clock stands still", () => {
  const at = { steady: 0, wall: 5000 };
  const now = live_state.createClock(
    () => at.steady,
    () => at.wall,
  );
  Object.assign(at, { steady: 1000, wall: 6000 });
  assert.equal(now(), 1000);
  at.wall += 3600000; // asleep
  assert.equal(now(), 3601000);
  at.wall -= 7200000; // somebody sets the clock back
  assert.equal(now(), 3601000);
  at.steady += 10;
  assert.equal(now(), 3601010);
});
