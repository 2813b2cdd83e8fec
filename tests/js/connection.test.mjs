import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { dc, makeNetwork } from "./network.mjs";
import { plain } from "./stage.mjs";

const { STATES, MOVES, ALWAYS, arrows } = dc.connection;
const { initial, next, waitAfter } = dc.connection_steps;
const BOTH = { socket: true, events: true };

/* Repeatable: mulberry32. */
function seeded(seed) {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = (random, among) => among[Math.floor(random() * among.length)];

test("the documentation draws exactly these moves", () => {
  const text = readFileSync(new URL("../../docs/live.md", import.meta.url), "utf8");
  const drawing = text.match(/```mermaid\nstateDiagram-v2\n([^`]*)```/)[1];
  const drawn = {};
  for (const line of drawing.split("\n")) {
    const found = line.match(/^\s*(\w+ --> \w+): (.+)$/);
    if (found) drawn[found[1]] = found[2].split(", ").sort();
  }
  const moves = Object.fromEntries(Object.entries(plain(arrows())).map(([arrow, events]) => [arrow, events.sort()]));
  assert.deepEqual(drawn, moves);
  for (const state of Object.keys(STATES)) assert.ok(text.includes(`\`${state}\``), `${state} is not explained`);
  for (const [event, to] of Object.entries(ALWAYS)) assert.match(text, new RegExp(`\`${event}\`[^|]*\`${to}\``));
});

test("waits double, with jitter, up to their longest", () => {
  assert.equal(waitAfter(0, () => 1, 5000), 250);
  assert.equal(waitAfter(2, () => 0, 5000), 500);
  assert.equal(waitAfter(50, () => 1, 5000), 5000);
});

const EVENTS = [...new Set(Object.values(MOVES).flatMap(Object.keys)), "stop", "refused", "opened", "answered", "unanswered"];

function randomEvent(random, now) {
  return {
    asked: now - 3000 * random(),
    name: pick(random, EVENTS),
    watched: random() < 0.8,
    beat: random() < 0.5,
    blame: random() < 0.5,
    soon: random() < 0.2,
    candidate: random() < 0.5,
    reason: pick(random, ["nobody", "forbidden"]),
  };
}

test("whatever happens, in whatever order, what is open is what the state says, and something is awaited", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    let state = initial(BOTH);
    let now = 0;
    let slots = [];
    for (let step = 0; step < 200; step += 1) {
      now += random() * 4000;
      const event = randomEvent(random, now);
      const before = state.name;
      const result = next(state, event, now, random);
      state = result.state;
      const targets = [].concat(MOVES[before][event.name] ?? ALWAYS[event.name] ?? before);
      assert.ok(targets.includes(state.name), `${before} + ${event.name} leads to ${state.name}`);
      slots = carryOut(slots, result.effects);
      assert.deepEqual(slots, plain(STATES[state.name]), `after ${before} + ${event.name}: ${result.effects}`);
      const mayRest = state.name === "off" || (state.name === "refused" && event.reason === "nobody") || before === "refused";
      const dues = Object.entries(state.deadlines);
      assert.ok(dues.length || mayRest, `nothing is awaited in ${state.name}`);
      for (const [name, at] of dues) {
        assert.ok(MOVES[state.name][name], `${state.name} does not know what ${name} means`);
        assert.ok(name !== event.name || at > now, `${name} happens again and again`);
        assert.ok(Number.isFinite(at) && at <= now + 61000, `${state.name} awaits ${name} at ${at - now}`);
      }
    }
  }
});

/* The shell's part: at most one stream delivers, and one may be on its way to take its place. */
function carryOut(before, effects) {
  let [current, candidate] = before;
  for (const effect of effects) {
    const [verb, kind] = effect.split(" ");
    if (verb === "open") {
      assert.equal(current, undefined, "two streams deliver");
      current = kind;
    } else if (verb === "try") {
      assert.equal(candidate, undefined, "two streams are on their way");
      candidate = kind;
    } else if (verb === "promote") {
      assert.ok(candidate);
      [current, candidate] = [candidate, undefined];
    } else if (verb === "close") {
      assert.ok(current);
      current = undefined;
    } else if (verb === "drop") {
      assert.ok(candidate);
      candidate = undefined;
    } else assert.equal(verb, "ask");
  }
  return [current, candidate].filter(Boolean);
}

const FAULTS = [
  (net) => net.stop(),
  (net) => net.set({ socket: "refuse" }, { reset: true }),
  (net) => net.set({ events: "refuse" }, { reset: true }),
  (net) => net.set({ socket: "refuse", events: "refuse" }, { reset: true }),
  (net) => net.set({ socket: "mute" }),
  (net) => net.set({ socket: "mute", events: "mute" }),
  (net) => net.set({ socket: "hole", events: "hole", probe: "hole" }),
  (net) => net.set({ socket: "hole" }),
  (net) => net.set({}, { reset: true }),
  (net) => net.world.network(),
  (net) => net.stream.retry(),
  (net) => net.stream.follow(["nav:all", `thread:${net.clock.now()}`]),
  (net) => (net.world.visible = !net.world.visible),
  (net) => {
    net.stream.pause();
    net.stream.resume();
  },
  (net) => net.heal(),
];

test("after any sequence of faults the page is right within 3 s of the last one's end, by one stream", async () => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = seeded(seed);
    const able = seed % 5 ? {} : pick(random, [{ socket: false }, { events: false }]);
    const net = makeNetwork({ random, able });
    const { world, stream, pass } = net;
    let written = 0;
    const write = () => net.write((written += 1));
    stream.follow(["nav:all"]);
    for (let fault = 0; fault < 8; fault += 1) {
      pick(random, FAULTS)(net);
      for (let left = random() * 12000; left > 0; left -= 250) {
        await pass(250, 25);
        write();
        assert.ok(world.open.size <= 2);
      }
    }
    world.visible = true;
    stream.retry();
    net.heal();
    write();
    await pass(3000, 25);
    assert.equal(world.shown, world.value, `seed ${seed}: it shows ${world.shown}, not ${world.value}`);
    assert.equal(stream.known.connected, true, `seed ${seed}`);
    await pass(70000, 50);
    const best = able.socket === false ? [0, 1] : [1, 0];
    assert.deepEqual([net.open("socket"), net.open("events")], best, `seed ${seed}: it has not climbed back`);
    stream.pause();
    await pass(6000, 50);
    assert.deepEqual([world.open.size, net.clock.pending()], [0, 0], `seed ${seed}: something is left while it is paused`);
  }
});
