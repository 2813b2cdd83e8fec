import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, stage } from "./stage.mjs";

const { activity: activities } = stage(["activity"]);
const MINUTE = 60000;

function makeActivity(options = {}) {
  const clock = fakeClock();
  const world = { visible: true, network: undefined, slept: 0, told: 0, log: [], ...options };
  const activity = activities.createActivity({
    now: () => clock.now() + world.slept,
    wall: () => clock.now() + world.slept,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    visible: () => world.visible,
    network: () => world.network,
    tell: () => (world.told += 1),
    onChange: () => world.log.push(`stretch ${activity.stretch()}`),
    onRestored: () => world.log.push("restored"),
    onReleased: (released) => world.log.push(released ? "released" : "wanted"),
    onWake: () => world.log.push("awake"),
  });
  const show = (visible) => {
    world.visible = visible;
    activity.seen();
  };
  return { clock, world, activity, show, log: () => world.log.splice(0) };
}

test("five minutes without input stretch four times, and the first input restores", () => {
  const { clock, activity, log } = makeActivity();
  clock.advance(5 * MINUTE - 1);
  assert.deepEqual(log(), []);
  clock.advance(1);
  assert.deepEqual(log(), ["stretch 4"]);
  activity.input();
  assert.deepEqual(log(), ["stretch 1", "restored"]);
  clock.advance(5 * MINUTE);
  assert.deepEqual(log(), ["stretch 4"]);
});

test("input at any time counts from then on", () => {
  const { clock, activity, log } = makeActivity();
  clock.advance(4 * MINUTE);
  activity.input();
  clock.advance(5 * MINUTE - 1);
  assert.deepEqual(log(), []);
  clock.advance(1);
  assert.deepEqual(log(), ["stretch 4"]);
});

test("input in another tab counts as of when it was, and is not told on", () => {
  const { clock, world, activity, log } = makeActivity();
  clock.advance(4 * MINUTE);
  const { told } = world;
  activity.heard(MINUTE);
  assert.equal(world.told, told);
  clock.advance(2 * MINUTE - 1);
  assert.deepEqual(log(), []);
  clock.advance(2 * MINUTE + 1);
  assert.deepEqual(log(), ["stretch 4"]);
  activity.heard(6 * MINUTE); // a word that was long under way
  assert.deepEqual(log(), []);
  activity.heard(1000);
  assert.deepEqual(log(), ["stretch 1", "restored"]);
});

test("metered and slow networks stretch twice, and add nothing to being idle", () => {
  const { clock, world, activity, log } = makeActivity({ network: { saveData: true } });
  assert.equal(activity.stretch(), 2);
  clock.advance(5 * MINUTE);
  assert.deepEqual(log(), ["stretch 4"]);
  activity.input();
  assert.deepEqual(log(), ["stretch 2", "restored"]);
  world.network = { saveData: false, effectiveType: "4g" };
  activity.settle();
  assert.deepEqual(log(), ["stretch 1", "restored"]);
  assert.deepEqual(["slow-2g", "2g", "3g", "4g", undefined].map((effectiveType) => activities.isSaving({ effectiveType })), [true, true, true, false, false]);
  assert.equal(activities.isSaving(undefined), false);
});

test("a tab hidden for a minute gives up its stream, and wants it at once when it is shown", () => {
  const { clock, show, log, activity } = makeActivity();
  show(false);
  clock.advance(MINUTE - 1);
  show(true);
  clock.advance(2 * MINUTE);
  assert.deepEqual(log(), []);
  show(false);
  clock.advance(MINUTE);
  assert.deepEqual([log(), activity.released()], [["released"], true]);
  show(true);
  assert.deepEqual([log(), activity.released()], [["wanted"], false]);
});

test("a tab that opens out of sight gives its stream up, too", () => {
  const { clock, log } = makeActivity({ visible: false });
  clock.advance(MINUTE);
  assert.deepEqual(log(), ["released"]);
});

test("to look at a tab is to be at work", () => {
  const { clock, show, log } = makeActivity();
  show(false);
  clock.advance(6 * MINUTE);
  assert.deepEqual(log(), ["released", "stretch 4"]);
  show(true);
  assert.deepEqual(log(), ["stretch 1", "restored", "wanted"]);
});

test("after sleep it says so, once, and a busy page is no sleep", () => {
  const { clock, world, log } = makeActivity();
  clock.advance(10000);
  world.slept += 9000;
  clock.advance(10000);
  assert.deepEqual(log(), []);
  world.slept += 3600000;
  clock.advance(10000);
  assert.deepEqual(log(), ["stretch 4", "awake"]);
});

test("a hidden tab, whose timers are late, takes that for no sleep", () => {
  const { clock, world, show, log } = makeActivity();
  show(false);
  world.slept += 30000;
  clock.advance(1000);
  show(true);
  clock.advance(10000);
  assert.deepEqual(log(), []);
});
