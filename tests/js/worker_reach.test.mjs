import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, settled } from "./stage.mjs";
import { workerStage } from "./worker_stage.mjs";

const { reach: reaches } = workerStage(["reach"]);
const OK = new Response("ok");

/* A server that answers, fails, or says nothing, as its world has it. */
function makeReach() {
  const clock = fakeClock();
  const world = { answer: "answers", lives: true, sent: 0, probes: [] };
  const never = new Promise(() => {});
  const wait = (ms) => new Promise((resolve) => clock.setTimeout(resolve, ms));
  const probe = (ms) => {
    world.probes.push(ms);
    return world.lives === null ? wait(ms).then(() => false) : Promise.resolve(world.lives);
  };
  const send = () => {
    world.sent += 1;
    if (world.answer === "silence") return never;
    if (world.answer === "slow") return wait(20000).then(() => OK);
    return world.answer === "answers" ? Promise.resolve(world.response || OK) : Promise.reject(new Error("failed"));
  };
  const pass = async (ms) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await settled();
    }
  };
  return { reach: reaches.createReach({ probe, now: clock.now, wait }), world, clock, send, pass };
}

async function outcome(promise) {
  let found = "waiting";
  promise.then(
    (response) => (found = response),
    () => (found = "failed"),
  );
  await settled();
  return () => found;
}

test("what the server answers is the answer, whatever it says", async () => {
  const { reach, world, send } = makeReach();
  assert.equal(await reach.answerOf(send), OK);
  world.response = new Response("no database", { status: 503 });
  assert.equal(await reach.answerOf(send), world.response);
  assert.deepEqual(world.probes, []);
});

test("a refused connection means that the server is away, once there is no sign of life", async () => {
  const { reach, world, send } = makeReach();
  Object.assign(world, { answer: "fails", lives: false });
  assert.equal(await reach.answerOf(send), null);
  assert.equal(reach.isAway(), true);
});

test("one that lives is asked once more, and its failure is a failure", async () => {
  const { reach, world, send } = makeReach();
  world.answer = "fails";
  const found = await outcome(reach.answerOf(send));
  assert.equal(found(), "failed");
  assert.equal(world.sent, 2);
  world.sent = 0;
  await outcome(reach.answerOf(send, { again: false }));
  assert.equal(world.sent, 1, "what may have done something is not asked twice");
});

test("a slow answer is waited for as long as there are signs of life", async () => {
  const { reach, world, send, pass } = makeReach();
  world.answer = "slow";
  const found = await outcome(reach.answerOf(send));
  await pass(19900);
  assert.equal(found(), "waiting");
  assert.ok(world.probes.length >= 5);
  await pass(200);
  assert.equal(found(), OK);
});

test("silence is no answer after four seconds, and soon known where it was a moment ago", async () => {
  const { reach, world, send, pass } = makeReach();
  Object.assign(world, { answer: "silence", lives: null });
  const first = await outcome(reach.answerOf(send));
  await pass(reaches.PATIENCE_MS + reaches.LIFE_MS - 100);
  assert.equal(first(), "waiting");
  await pass(100);
  assert.equal(first(), null);
  const next = await outcome(reach.answerOf(send));
  await pass(reaches.SOON_MS + 100);
  assert.equal(next(), null);
});

test("a server that is back answers at once, however long it was away", async () => {
  const { reach, world, send } = makeReach();
  Object.assign(world, { answer: "fails", lives: false });
  await reach.answerOf(send);
  Object.assign(world, { answer: "answers", lives: true });
  assert.equal(await reach.answerOf(send), OK);
  assert.equal(reach.isAway(), false);
});

test("a proxy's word for a server that is away is not the server's; its own is", async () => {
  const { reach, world, send } = makeReach();
  for (const status of [502, 504]) {
    world.response = new Response("bad gateway", { status });
    assert.equal(await reach.answerOf(send), null, status);
  }
  world.response = new Response("ours", { status: 502, headers: { "X-Creditpulse-Release": "1" } });
  assert.equal(await reach.answerOf(send), world.response);
});
