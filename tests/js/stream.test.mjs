import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, settled, stage } from "./stage.mjs";

const { stream: streams } = stage(["stream"]);
const BEAT = { type: "beat", as_of: "2026-11-23T12:00:00Z", version: 5, queue_age_ms: 3, listening: true };

function makeStream({ reachable = true } = {}) {
  const clock = fakeClock();
  const world = { reachable, sockets: [], sources: [], probes: 0, frames: [], refused: [], backs: 0 };
  class Socket {
    constructor(url) {
      Object.assign(this, { url, readyState: 0, sent: [], closed: false });
      world.sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.closed = true;
    }
    open() {
      this.readyState = 1;
      this.onopen();
    }
    say(...messages) {
      this.onmessage({ data: JSON.stringify(messages) });
    }
    end(code = 1006) {
      this.readyState = 3;
      this.onclose({ code });
    }
  }
  class Source {
    constructor(url) {
      Object.assign(this, { url, closed: false });
      world.sources.push(this);
    }
    close() {
      this.closed = true;
    }
    say(...messages) {
      this.onmessage({ data: JSON.stringify(messages) });
    }
  }
  const stream = streams.createStream({
    WebSocket: Socket,
    EventSource: Source,
    location: { protocol: "https:", host: "credits.example" },
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    random: () => 1,
    fetch() {
      world.probes += 1;
      return world.reachable ? Promise.resolve({}) : Promise.reject(new Error("no answer"));
    },
    onFrame: (messages, known) => world.frames.push(plain([messages, known.connection])),
    onChange: (_known, back) => (world.backs += back ? 1 : 0),
    onRefused(reason, topics) {
      world.refused.push(reason);
      if (world.giveUp) stream.follow(topics.filter((topic) => topic !== world.giveUp));
    },
  });
  return { stream, clock, world, last: () => world.sockets.at(-1) };
}

async function fail(setup, times) {
  for (let i = 0; i < times; i += 1) {
    setup.last().end();
    await settled();
    setup.clock.advance(6000);
  }
}

test("opens one socket for its topics", () => {
  const { stream, world } = makeStream();
  stream.follow(["nav:all", "thread:t"]);
  assert.equal(world.sockets.length, 1);
  assert.equal(world.sockets[0].url, "wss://credits.example/live/ws?topics=nav%3Aall,thread%3At");
});

test("is connected with the first frame, not with the open socket", () => {
  const { stream, last } = makeStream();
  stream.follow(["nav:all"]);
  last().open();
  assert.equal(stream.known.connected, false);
  last().say(BEAT);
  assert.equal(stream.known.connected, true);
  assert.equal(stream.known.listening, true);
  assert.equal(stream.known.queueAgeMs, 3);
});

test("changes its topics over the open socket", () => {
  const { stream, world, last } = makeStream();
  stream.follow(["nav:all", "thread:a"]);
  last().open();
  last().say(BEAT);
  stream.follow(["nav:all", "thread:b"]);
  assert.deepEqual(plain(last().sent), [{ subscribe: ["thread:b"], unsubscribe: ["thread:a"] }]);
  assert.equal(world.sockets.length, 1);
});

test("topics that change before the socket is open are said when it is", () => {
  const { stream, world, last } = makeStream();
  stream.follow(["nav:all"]);
  stream.follow(["nav:all", "thread:a"]);
  last().open();
  assert.deepEqual(plain(last().sent), [{ subscribe: ["thread:a"] }]);
  assert.equal(world.sockets.length, 1);
});

test("without topics it is closed", () => {
  const { stream, world } = makeStream();
  stream.follow(["nav:all"]);
  stream.follow([]);
  assert.equal(world.sockets[0].closed, true);
  assert.equal(stream.known.connected, false);
});

test("connects again after a loss, later each time, and counts connections", async () => {
  const { stream, clock, world, last } = makeStream();
  stream.follow(["nav:all"]);
  last().say(BEAT);
  last().end();
  assert.equal(stream.known.connected, false);
  clock.advance(249);
  assert.equal(world.sockets.length, 1);
  clock.advance(1);
  assert.equal(world.sockets.length, 2);
  last().say(BEAT);
  assert.equal(stream.known.connection, 2);
});

test("waits are jittered and never longer than 5 s", () => {
  assert.equal(streams.waitAfter(0, () => 1), 250);
  assert.equal(streams.waitAfter(2, () => 0), 500);
  assert.equal(streams.waitAfter(50, () => 1), 5000);
});

test("a silent connection is given up", async () => {
  const { stream, clock, world, last } = makeStream();
  stream.follow(["nav:all"]);
  last().say(BEAT);
  clock.advance(11999);
  assert.equal(stream.known.connected, true);
  clock.advance(1);
  assert.equal(stream.known.connected, false);
  assert.equal(world.sockets[0].closed, true);
  assert.equal(world.probes, 1);
});

test("takes server-sent events where sockets do not get through but the server answers", async () => {
  const setup = makeStream();
  setup.stream.follow(["nav:all"]);
  await fail(setup, 3);
  assert.equal(setup.world.sources.length, 1);
  setup.world.sources[0].say(BEAT);
  assert.equal(setup.stream.known.connected, true);
});

test("a server that is down does not make it give up sockets", async () => {
  const setup = makeStream({ reachable: false });
  setup.stream.follow(["nav:all"]);
  await fail(setup, 6);
  assert.equal(setup.world.sources.length, 0);
  assert.equal(setup.stream.known.reachable, false);
});

test("says once that the server is back", async () => {
  const setup = makeStream({ reachable: false });
  setup.stream.follow(["nav:all"]);
  await fail(setup, 1);
  setup.world.reachable = true;
  assert.equal(await setup.stream.reach(), true);
  assert.equal(setup.world.backs, 1);
});

test("a refusal is told, and without sign-in there is no use in trying again", async () => {
  const { stream, clock, world, last } = makeStream();
  stream.follow(["nav:all"]);
  last().end(4401);
  clock.advance(60000);
  assert.deepEqual(world.refused, ["nobody"]);
  assert.equal(world.sockets.length, 1);
});

test("a frame of a connection that was given up is not taken", () => {
  const { stream, world } = makeStream();
  stream.follow(["nav:all"]);
  const old = world.sockets[0];
  stream.follow([]);
  old.say(BEAT);
  assert.equal(world.frames.length, 0);
});

test("giving up the topic that was refused leaves one connection", async () => {
  const { stream, clock, world, last } = makeStream();
  world.giveUp = "thread:t";
  stream.follow(["nav:all", "thread:t"]);
  last().end(4403);
  await settled();
  last().say(BEAT);
  clock.advance(6000);
  assert.equal(world.sockets.length, 2);
  assert.equal(stream.known.connected, true);
});
