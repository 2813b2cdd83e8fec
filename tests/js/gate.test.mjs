import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, settled, stage } from "./stage.mjs";

const { gate: gates, pace } = stage(["pace", "gate"]);
const ALL = { scope: "all" };

function makeGate(paces = {}, more = {}) {
  const clock = fakeClock();
  const world = { visible: true, online: true, reachable: true, onPage: true, sent: [] };
  const gate = gates.createGate({
    now: clock.now,
    setTimeout: clock.setTimeout,
    visible: () => world.visible,
    online: () => world.online,
    reach: () => Promise.resolve(world.reachable),
    paces,
    periodMs: () => 10000,
    post() {},
    deferMs: () => 0,
    send(key, request) {
      if (world.onPage) world.sent.push(plain({ key, ...request }));
      return world.onPage;
    },
    ...more,
  });
  return { gate, clock, world };
}

async function asked(world) {
  await settled();
  return world.sent.length;
}

test("asks when visible and online, and says what for", async () => {
  const { gate, world } = makeGate();
  assert.equal(gate.ask("nav", ALL), "ask");
  await settled();
  assert.deepEqual(world.sent, [{ key: "nav", n: 1, force: false, scope: "all" }]);
});

test("a hidden tab does not ask, one without network neither", async () => {
  const { gate, world } = makeGate();
  world.visible = false;
  assert.equal(gate.ask("nav", ALL), "skip");
  world.visible = true;
  world.online = false;
  assert.equal(gate.ask("nav", ALL, { force: true }), "skip");
  assert.equal(await asked(world), 0);
});

test("what was skipped while hidden is asked when the tab is back", async () => {
  const { gate, world } = makeGate();
  world.visible = false;
  gate.ask("nav", ALL);
  world.visible = true;
  gate.askAll();
  assert.equal(await asked(world), 1);
});

test("several reasons within a moment are one request", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("nav", ALL);
  await settled();
  gate.answered("nav", 1);
  clock.advance(999);
  assert.equal(gate.ask("nav", ALL), "skip");
  clock.advance(1);
  assert.equal(gate.ask("nav", ALL), "ask");
  assert.equal(await asked(world), 2);
});

test("one request at a time, but one without an answer is asked again after 15 s", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("nav", ALL);
  clock.advance(14999);
  assert.equal(gate.ask("nav", ALL), "skip");
  clock.advance(1);
  assert.equal(gate.ask("nav", ALL), "ask");
  assert.equal(await asked(world), 1, "the first was still on its way to being sent");
});

test("another target is another question", async () => {
  const { gate, world } = makeGate();
  gate.ask("nav", ALL);
  await settled();
  assert.equal(gate.ask("nav", { scope: "x" }), "ask");
  assert.equal(await asked(world), 2);
});

test("a forced request never waits for one under way", async () => {
  const { gate, world } = makeGate();
  gate.ask("nav", ALL);
  await settled();
  assert.equal(gate.ask("nav", ALL, { force: true }), "ask");
  assert.equal(await asked(world), 2);
  assert.equal(world.sent[1].force, true);
});

test("an answer to an earlier request does not count for a later one", async () => {
  const { gate, clock } = makeGate();
  gate.ask("nav", ALL);
  await settled();
  gate.ask("nav", ALL, { force: true });
  gate.answered("nav", 1);
  clock.advance(2000);
  assert.equal(gate.ask("nav", ALL), "skip");
  gate.answered("nav", 2);
  assert.equal(gate.ask("nav", ALL), "ask");
});

test("a change that comes during a request is asked for after its answer", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("thread_detail", { thread_id: "t" });
  await settled();
  clock.advance(1500);
  assert.equal(gate.ask("thread_detail", { thread_id: "t" }, { must: true }), "later");
  gate.answered("thread_detail");
  assert.equal(await asked(world), 2);
});

test("a change that comes too soon after an answer is asked for a moment later", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("thread_detail", { thread_id: "t" });
  await settled();
  gate.answered("thread_detail");
  clock.advance(300);
  gate.ask("thread_detail", { thread_id: "t" }, { must: true });
  gate.ask("thread_detail", { thread_id: "t" }, { must: true });
  assert.equal(await asked(world), 1);
  clock.advance(700);
  assert.equal(await asked(world), 2);
});

test("while the server does not answer nothing is sent, and nothing is stuck", async () => {
  const { gate, world, clock } = makeGate();
  world.reachable = false;
  gate.ask("nav", ALL);
  assert.equal(await asked(world), 0);
  world.reachable = true;
  clock.advance(1000);
  gate.ask("nav", ALL);
  assert.equal(await asked(world), 1);
});

test("a key whose page is gone is forgotten", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("thread", { thread_id: "t" });
  await settled();
  world.onPage = false;
  clock.advance(20000);
  gate.askAll();
  await settled();
  world.onPage = true;
  clock.advance(20000);
  gate.askAll();
  assert.equal(await asked(world), 1);
});

test("what failed is asked again when something else succeeds", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("subscription", ALL);
  await settled();
  gate.answered("subscription", null, { failed: true });
  clock.advance(3000);
  gate.askFailed();
  assert.equal(await asked(world), 2);
});

test("a page that was just opened asks, whatever an earlier visit asked for", async () => {
  const { gate, world } = makeGate();
  gate.ask("thread", { thread_id: "t" });
  await settled();
  gate.forget("thread");
  assert.equal(gate.ask("thread", { thread_id: "t" }), "ask");
  assert.equal(await asked(world), 2);
});

test("what kept the page busy for very long, as a first drawing does, rests for five seconds and no more", () => {
  const drawing = pace.createPace({ share: 0.03 });
  drawing.took(0, 100);
  assert.equal(Math.round(drawing.waitMs(100)), 3233);
  drawing.took(0, 2000);
  assert.equal(drawing.waitMs(2000), 5000);
});

test("what keeps the page busy is asked for with the first value after its rest, else a lull later", async () => {
  const thread_detail = pace.createPace({ share: 0.1 });
  const { gate, clock, world } = makeGate({ thread_detail });
  const target = { thread_id: "a" };
  const ask = () => gate.ask("thread_detail", target, { must: true });
  assert.equal(ask(), "ask");
  await settled();
  gate.answered("thread_detail");
  thread_detail.took(clock.now(), clock.now() + 200); // a tenth of the time: rests for 1,800 ms
  clock.advance(1900);
  assert.equal(ask(), "later");
  clock.advance(150);
  assert.equal(ask(), "ask");
  clock.advance(5000);
  assert.equal(await asked(world), 2);
  gate.answered("thread_detail");
  thread_detail.took(clock.now(), clock.now() + 200);
  assert.equal(ask(), "later");
  clock.advance(2299);
  assert.equal(await asked(world), 2);
  clock.advance(1);
  assert.equal(await asked(world), 3);
});

const makeKeepingGate = () => makeGate({}, { keeps: (key) => key !== "threads_live" });

test("without the server a kept answer is asked for where there is none yet, once", async () => {
  const { gate, world, clock } = makeKeepingGate();
  Object.assign(world, { reachable: false, online: false });
  gate.ask("nav", ALL);
  gate.ask("threads_live", { ids: [] });
  await settled();
  assert.deepEqual(world.sent, [{ key: "nav", n: 1, force: false, kept: true, scope: "all" }]);
  gate.answered("nav", 1, { failed: true });
  clock.advance(20000);
  gate.ask("nav", ALL);
  assert.equal(await asked(world), 1);
});

test("who has an answer takes no kept one", async () => {
  const { gate, world, clock } = makeKeepingGate();
  gate.ask("nav", ALL);
  await settled();
  gate.answered("nav", 1);
  clock.advance(2000);
  gate.ask("nav", ALL, { force: true });
  await settled();
  assert.deepEqual(world.sent[1], { key: "nav", n: 2, force: true, scope: "all" });
  world.reachable = false;
  clock.advance(2000);
  gate.ask("nav", ALL);
  assert.equal(await asked(world), 2);
});

test("what a person wanted without the server is asked for past the cache once it is back, and told", async () => {
  for (const away of [{ online: false }, { reachable: false }]) {
    const { gate, world, clock } = makeGate();
    gate.ask("nav", ALL);
    await settled();
    gate.answered("nav", 1);
    clock.advance(2000);
    Object.assign(world, away);
    gate.ask("nav", ALL, { force: true });
    assert.equal(await asked(world), 1);
    Object.assign(world, { online: true, reachable: true });
    assert.deepEqual(plain(gate.returned()), [["nav", ALL]]);
    await settled();
    assert.deepEqual(world.sent[1].force, true);
  }
});

test("what a person wanted of a server that did not answer is past the cache, also where it is asked for by a tick", async () => {
  const { gate, world, clock } = makeGate();
  world.reachable = false;
  gate.ask("nav", ALL, { force: true });
  await settled();
  world.reachable = true;
  clock.advance(2000);
  gate.ask("nav", ALL);
  await settled();
  assert.deepEqual(world.sent.map(({ force }) => force), [true]);
});

test("a refresh that was on its way when the server went is done again once it is back; one that was answered is not", async () => {
  const { gate, world, clock } = makeGate();
  gate.ask("nav", ALL, { force: true });
  gate.ask("thread", { thread_id: "t" }, { force: true });
  await settled();
  gate.answered("thread", 2);
  clock.advance(500);
  assert.deepEqual(plain(gate.returned()), [["nav", ALL]]);
  await settled();
  assert.deepEqual(world.sent.slice(2).map(({ key, force }) => [key, force]), [["nav", true], ["thread", false]]);
});

test("everything is asked for at once when the server is back, however lately it was asked for", async () => {
  const { gate, world } = makeKeepingGate();
  gate.ask("nav", ALL);
  await settled();
  gate.returned();
  gate.returned(); // both the stream and the page's state say so
  await settled();
  assert.deepEqual(world.sent.map(({ n, kept }) => [n, kept]), [[1, true], [2, true]]);
});
