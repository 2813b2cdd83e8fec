import assert from "node:assert/strict";
import test from "node:test";
import { plain } from "./stage.mjs";
import { beat, makeNetwork } from "./network.mjs";

const ALL = ["nav:all"];

async function connected(options) {
  const setup = makeNetwork(options);
  setup.stream.follow(ALL);
  await setup.pass(100);
  assert.equal(setup.stream.known.connected, true);
  return setup;
}

test("opens one socket for its topics", () => {
  const { stream, open, channel } = makeNetwork();
  stream.follow(["nav:all", "thread:t"]);
  assert.equal(open("socket"), 1);
  assert.equal(channel().url, "wss://credits.example/live/ws?topics=nav%3Aall,thread%3At");
});

test("is connected with the first frame, not with the open socket", async () => {
  const { stream, pass } = makeNetwork();
  stream.follow(ALL);
  await pass(30);
  assert.equal(stream.known.connected, false);
  await pass(20);
  assert.equal(stream.known.connected, true);
  assert.equal(stream.known.listening, true);
  assert.equal(stream.known.queueAgeMs, 3);
});

test("changes its topics over the open socket", async () => {
  const { stream, world, pass } = makeNetwork();
  stream.follow(["nav:all", "thread:a"]);
  await pass(100);
  stream.follow(["nav:all", "thread:b"]);
  assert.deepEqual(plain(world.sent), [{ subscribe: ["thread:b"], unsubscribe: ["thread:a"] }]);
  assert.equal(world.opened.socket, 1);
});

test("topics that change before the socket is open are said when it is", async () => {
  const { stream, world, pass } = makeNetwork();
  stream.follow(ALL);
  stream.follow(["nav:all", "thread:a"]);
  assert.deepEqual(world.sent, []);
  await pass(100);
  assert.deepEqual(plain(world.sent), [{ subscribe: ["thread:a"] }]);
  assert.equal(world.opened.socket, 1);
});

test("without topics it is closed, and nothing of it is taken any more", async () => {
  const { stream, world, channel, clock } = await connected();
  const old = channel();
  const frames = world.frames.length;
  stream.follow([]);
  assert.equal(world.open.size, 0);
  assert.equal(stream.known.connected, false);
  old.onmessage({ data: JSON.stringify([beat()]) });
  assert.equal(world.frames.length, frames);
  assert.ok(clock.pending() <= 1); // the stage's own beat
});

test("connects again soon after a loss, and counts connections", async () => {
  const { stream, channel, pass } = await connected();
  await pass(11000);
  channel().end();
  assert.equal(stream.known.connected, false);
  await pass(300);
  assert.equal(stream.known.connected, true);
  assert.equal(stream.known.connection, 2);
});

test("a stream without a beat is replaced while it is still open, and not before another one delivers", async () => {
  const { stream, world, pass, channel, open } = await connected();
  const old = channel();
  old.lost = true;
  await pass(7900);
  assert.equal(world.opened.socket, 1);
  await pass(200);
  assert.equal(stream.known.connected, true);
  assert.equal(old.closed, true);
  assert.equal(open("socket"), 1);
  assert.equal(stream.known.connection, 2);
});

test("where nothing comes any more, the server is away 10 s after the last beat, and streams are given up", async () => {
  const { stream, world, pass, set } = await connected();
  set({ socket: "hole", probe: "hole" });
  await pass(10100);
  assert.equal(stream.known.reachable, false);
  await pass(4000);
  assert.equal(stream.known.connected, false);
  assert.equal(world.open.size, 0);
});

test("a handshake that was swallowed is given up for another as soon as the server answers others", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "hole", events: "hole", probe: "hole" });
  stream.follow(ALL);
  await pass(2500);
  assert.equal(world.opened.socket, 1);
  assert.equal(stream.known.reachable, false);
  set({ socket: "pass", events: "pass", probe: "pass" }); // and what was swallowed stays lost
  await pass(2500);
  assert.equal(stream.known.connected, true);
});

test("a slow handshake is waited for as long as the server is slow to answer others, too", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "hole", probe: "hole" });
  stream.follow(ALL);
  await pass(4500);
  const [slow] = world.open;
  Object.assign(slow, { lost: false });
  world.ways.socket = "pass";
  slow.arrive();
  await pass(100);
  assert.equal(stream.known.connected, true);
  assert.equal(world.opened.socket, 1);
});

test("an answer to what was asked before says nothing of a slow handshake", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "hole" });
  stream.follow(ALL);
  await pass(900);
  assert.equal(await Promise.race([stream.reach(), pass(50)]), true);
  set({ probe: "hole" });
  await pass(3000);
  assert.equal(world.open.size, 1);
});

test("a hidden tab, which gets little of the machine, is more patient, until somebody comes back to it", async () => {
  const { stream, world, pass, set } = makeNetwork();
  world.visible = false;
  set({ socket: "hole" });
  stream.follow(ALL);
  await pass(3000);
  assert.equal(world.opened.socket, 1);
  world.visible = true;
  set({ socket: "pass" });
  stream.retry();
  await pass(2500);
  assert.equal(stream.known.connected, true);
});

test("a page that was busy hears what has come before it misses it", async () => {
  const { stream, world, pass, clock, channel } = makeNetwork();
  stream.follow(ALL);
  world.ways.socket = "mute";
  await pass(100);
  clock.block(3000);
  world.ways.socket = "pass";
  await pass(100);
  channel().say(beat()); // it has come meanwhile
  await pass(500);
  assert.equal(stream.known.connected, true);
  assert.equal(world.opened.socket, 1);
});

test("an old stream that speaks again stays where its replacement does not come", async () => {
  const { stream, world, pass, channel } = await connected();
  const old = channel();
  old.lost = true;
  world.ways.socket = "hole";
  await pass(8100);
  assert.equal(world.opened.socket, 2);
  Object.assign(old, { lost: false });
  world.ways.socket = "pass";
  old.say(beat());
  await pass(2000);
  assert.equal(world.open.size, 1);
  assert.equal(old.closed, false);
  assert.equal(stream.known.connection, 1);
});

test("takes server-sent events within a second where sockets are refused but the server answers", async () => {
  const setup = makeNetwork();
  setup.set({ socket: "refuse" });
  setup.stream.follow(ALL);
  await setup.pass(1000);
  assert.equal(setup.open("events"), 1);
  assert.equal(setup.stream.known.connected, true);
});

test("takes server-sent events also where sockets open and say nothing", async () => {
  const setup = makeNetwork();
  setup.set({ socket: "mute" });
  setup.stream.follow(ALL);
  await setup.pass(8200);
  assert.equal(setup.open("events"), 1);
  assert.equal(setup.stream.known.connected, true);
});

test("climbs back to the socket, and drops the events only when it has delivered", async () => {
  const setup = makeNetwork();
  const { stream, world, pass, set, open } = setup;
  set({ socket: "refuse" });
  stream.follow(ALL);
  await pass(1000);
  set({ socket: "hole" });
  await pass(3000);
  assert.deepEqual([open("events"), open("socket")], [1, 1]);
  assert.equal(stream.known.connected, true);
  const { connection } = stream.known;
  set({ socket: "pass" });
  await pass(30000);
  assert.deepEqual([open("events"), open("socket")], [0, 1]);
  assert.equal(world.opened.events, 1);
  assert.equal(stream.known.connection, connection, "nothing was missed: numbers go on to be compared");
});

test("tries the socket ever more rarely while events deliver", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "refuse" });
  stream.follow(ALL);
  await pass(600000, 50);
  assert.ok(world.opened.socket >= 10 && world.opened.socket < 20, `${world.opened.socket} tries in ten minutes`);
  assert.equal(world.opened.events, 1);
});

test("polls where neither gets through, and tries again often enough to be right 3 s after that", async () => {
  const { stream, world, pass, set, heal } = makeNetwork();
  set({ socket: "refuse", events: "refuse" });
  stream.follow(ALL);
  await pass(60000);
  assert.equal(stream.known.reachable, true);
  assert.equal(stream.known.connected, false);
  assert.ok(world.opened.socket < 12, `${world.opened.socket} sockets: browsers delay those of whom many failed`);
  assert.ok(world.opened.events > 20 && world.opened.events < 60, `${world.opened.events} tries of events in a minute`);
  heal();
  await pass(2500);
  assert.equal(stream.known.connected, true);
});

test("a server that is down does not make it give up sockets, and is asked for at most every 0.6 s", async () => {
  const { stream, world, pass, stop } = await connected();
  stop();
  await pass(60000);
  assert.equal(world.opened.events, 0);
  assert.equal(world.opened.socket, 1);
  assert.equal(stream.known.reachable, false);
  assert.ok(world.probes.length > 30 && world.probes.length < 110, `${world.probes.length} probes in a minute`);
});

test("where nobody looks it is asked for rarely", async () => {
  const { world, pass, stop } = await connected();
  world.visible = false;
  stop();
  await pass(600000, 50);
  assert.ok(world.probes.length < 50, `${world.probes.length} probes in ten minutes`);
});

test("what a proxy says in the server's place is no answer of the server", async () => {
  const { stream, world, pass, channel } = await connected();
  Object.assign(world, { status: 502 });
  world.ways.socket = "refuse";
  channel().end();
  await pass(2000);
  assert.equal(stream.known.reachable, false);
});

test("says once that the server is back", async () => {
  const { stream, world, pass, stop } = await connected();
  stop();
  await pass(3000);
  world.up = true;
  assert.equal(await Promise.race([stream.reach(), pass(100)]), true);
  await pass(1000);
  assert.equal(world.backs, 1);
  assert.equal(stream.known.connected, true);
});

test("a server that restarts is given a moment, and its way is not blamed", async () => {
  const { stream, world, pass, channel } = await connected();
  for (let time = 0; time < 4; time += 1) {
    channel().end(1012);
    await pass(90);
    assert.equal(world.open.size, 0);
    await pass(900);
    assert.equal(stream.known.connected, true);
  }
  assert.equal(world.opened.events, 0);
});

test("a refusal is told, and without sign-in there is no use in trying again", async () => {
  const { world, pass, channel, stream } = makeNetwork();
  stream.follow(ALL);
  channel().end(4401);
  await pass(60000, 50);
  assert.deepEqual(world.refused, ["nobody"]);
  assert.equal(world.opened.socket, 1);
});

test("what is forbidden is tried again, but rarely", async () => {
  const { world, pass, channel, stream } = makeNetwork();
  stream.follow(ALL);
  channel().end(4403);
  await pass(14000, 50);
  assert.equal(world.opened.socket, 1);
  await pass(20000, 50);
  assert.equal(world.opened.socket, 2);
});

test("giving up the topic that was refused leaves one connection", async () => {
  const { stream, world, pass, channel } = makeNetwork();
  world.giveUp = "thread:t";
  stream.follow(["nav:all", "thread:t"]);
  channel().end(4403);
  await pass(6000);
  assert.equal(world.opened.socket, 2);
  assert.equal(stream.known.connected, true);
});

test("events that were refused are asked about, and the server's own words count", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "refuse", events: "refuse" });
  world.check = { status: 403, json: () => Promise.resolve({ allowed: false }) };
  stream.follow(["nav:all"]);
  await pass(3000);
  assert.deepEqual(world.refused, ["forbidden"]);
  assert.equal(world.checks[0], "/live/check?topics=nav%3Aall");
});

test("what a proxy says of refused events does not count", async () => {
  const { stream, world, pass, set } = makeNetwork();
  set({ socket: "refuse", events: "refuse" });
  world.check = { status: 401, json: () => Promise.reject(new SyntaxError("no JSON")) };
  stream.follow(["nav:all"]);
  await pass(3000);
  assert.ok(world.checks.length > 0);
  assert.deepEqual(world.refused, []);
});

test("events with other topics replace the old ones when they deliver", async () => {
  const { stream, world, pass, open } = await connected({ able: { socket: false } });
  stream.follow(["nav:all", "thread:t"]);
  assert.equal(stream.known.connected, true);
  assert.equal(open("events"), 2);
  await pass(100);
  assert.equal(open("events"), 1);
  assert.match([...world.open][0].url, /thread%3At/);
  assert.equal(stream.known.connected, true);
});

test("pausing closes the stream and keeps its topics; all who paused it have to be done", async () => {
  const { stream, world, pass, clock } = await connected();
  stream.pause("hidden");
  stream.pause("preference");
  assert.deepEqual([world.open.size, stream.known.off, stream.known.connected], [0, true, false]);
  await pass(6000);
  assert.equal(clock.pending(), 0);
  stream.follow(["nav:all", "thread:t"]);
  stream.resume("hidden");
  assert.equal(world.open.size, 0);
  stream.resume("preference");
  await pass(100);
  assert.equal(stream.known.off, false);
  assert.equal(stream.known.connected, true);
  assert.match([...world.open][0].url, /thread%3At/);
});

test("while it is paused a server that was found to be away is watched for", async () => {
  const { stream, world, pass, stop, clock } = await connected();
  stream.pause();
  stop();
  await pass(10000);
  assert.equal(world.probes.length, 0);
  assert.equal(await Promise.race([stream.reach(), pass(100)]), false);
  await pass(3000);
  assert.ok(world.probes.length > 2);
  world.up = true;
  await pass(1300);
  assert.deepEqual([stream.known.reachable, world.backs, world.open.size], [true, 1, 0]);
  assert.equal(clock.pending(), 0);
});

test("another network: what is open is replaced at once, what waited is tried at once", async () => {
  const { stream, world, pass, open, stop } = await connected();
  world.network();
  assert.equal(open("socket"), 2);
  await pass(100);
  assert.equal(open("socket"), 1);
  world.visible = false;
  stop();
  await pass(100000, 50);
  Object.assign(world, { up: true, visible: true });
  world.network();
  await pass(200);
  assert.equal(stream.known.connected, true);
});

test("a computer that wakes finds out at once whether its stream is alive", async () => {
  const { world, pass, clock, open } = await connected();
  await pass(5100);
  clock.sleep(5000); // by then no beat is overdue
  await pass(1100);
  assert.equal(world.opened.socket, 2);
  assert.equal(open("socket"), 1);
});
