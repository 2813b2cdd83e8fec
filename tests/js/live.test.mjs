import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, stage } from "./stage.mjs";

const { live } = stage(["live"]);

const nav = (version, as_of, more = {}) => ({ type: "nav-usage", scope: "all", version, as_of, ...more });
const T1 = "2026-11-23T12:00:01.000000Z";
const T2 = "2026-11-23T12:00:02.000000Z";

test("the newer of two values is kept, by version, then by time", () => {
  const board = live.createBoard();
  assert.equal(board.accept(nav(5, T1, { connection: 1 })), true);
  assert.equal(board.accept(nav(4, T2, { connection: 1 })), false);
  assert.equal(board.accept(nav(5, T2, { connection: 1 })), true);
  assert.equal(board.accept(nav(5, T1, { connection: 1 })), false);
});

test("an answer that was overtaken by a pushed value is dropped", () => {
  const board = live.createBoard();
  board.accept(nav(7, T2, { connection: 1 }));
  assert.equal(board.accept(nav(6, T1)), false);
  assert.equal(board.accept(nav(8, T2)), true);
});

test("a new connection starts afresh with what it pushes", () => {
  const board = live.createBoard();
  board.accept(nav(7, T2, { connection: 1 }));
  assert.equal(board.accept(nav(3, T2, { connection: 2 })), true);
  assert.equal(board.accept(nav(2, T2, { connection: 2 })), false);
});

test("a new connection's first value that was held back on its way shows nothing older than an answer did", () => {
  const board = live.createBoard();
  board.accept(nav(7, T2));
  assert.equal(board.accept(nav(6, T1, { connection: 2 })), false);
  assert.equal(board.accept(nav(8, "2026-11-23T12:00:03.000000Z", { connection: 2 })), true);
});

test("a new connection to a database whose clock is far behind counts", () => {
  const board = live.createBoard();
  board.accept(nav(7, T2, { connection: 1 }));
  assert.equal(board.accept(nav(3, "2026-11-23T11:00:00.000000Z", { connection: 2 })), true);
});

test("an answer keeps the connection that it is compared within", () => {
  const board = live.createBoard();
  board.accept(nav(7, T1, { connection: 1 }));
  board.accept(nav(8, T2));
  assert.equal(board.accept(nav(7, T1, { connection: 1 })), false);
});

test("another scope starts afresh", () => {
  const board = live.createBoard();
  board.accept(nav(7, T2, { connection: 1 }));
  assert.equal(board.accept({ ...nav(3, T1), scope: "x" }), true);
});

test("of a database that was restored even an answer with a smaller number counts", () => {
  const board = live.createBoard();
  board.accept(nav(700, T1));
  assert.equal(board.accept(nav(3, "2026-11-23T12:05:00.000000Z")), true);
});

test("a thread that is gone may come back", () => {
  const board = live.createBoard();
  const thread = (version, as_of, more) => ({ type: "thread-usage", thread_id: "t", version, as_of, ...more });
  board.accept(thread(7, T1, { connection: 1 }));
  assert.equal(board.accept({ type: "thread-usage", thread_id: "t", gone: true }), true);
  assert.equal(board.accept(thread(8, T2, { connection: 1 })), true);
});

test("hints are merged without repeats, and all is all", () => {
  const first = { threads: ["a"], accounts: ["x"], version: 1 };
  const second = { threads: ["a", "b"], accounts: [], version: 2 };
  assert.deepEqual(plain(live.mergeHints(first, second)), { threads: ["a", "b"], accounts: ["x"], version: 2 });
  assert.equal(live.mergeHints(first, { all: true, version: 3 }).all, true);
});

test("the console names only what the page shows", () => {
  const hint = { threads: ["a"], accounts: ["x"] };
  assert.deepEqual(plain(live.staleNames(hint, "all", "a")), ["thread-usage a", "nav-usage all"]);
  assert.deepEqual(plain(live.staleNames(hint, "y", "b")), []);
  assert.deepEqual(plain(live.staleNames({ all: true }, "y", "b")), ["thread-usage b", "nav-usage y"]);
});

/* A tab whose one socket is ours, and what it painted and put into its stores. */
function makeTab({ preferences } = {}) {
  const clock = fakeClock();
  const sockets = [];
  const painted = [];
  const passes = [];
  const stores = [];
  class Socket {
    constructor() {
      this.readyState = 1;
      sockets.push(this);
    }
    send() {}
    close() {
      this.closed = true;
    }
  }
  const scripts = ["connection", "connection_steps", "transports", "stream", "shared_topics", "shared_stream", "tabs"];
  const dc = stage(["formats", "publish", "preferences", "periods", ...scripts, "live_state", "live"], {
    WebSocket: Socket,
    location: { protocol: "http:", host: "here" },
    performance: { now: clock.now },
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    addEventListener() {},
    document: { visibilityState: "visible", addEventListener() {}, querySelector: () => null },
    navigator: { onLine: true },
  });
  Object.assign(dc, {
    set_props: (name, { data }) => stores.push([name, data && data.cost]),
    ...(preferences && { preferences }),
    render: {
      paint(usage, store) {
        painted.push(usage.cost);
        passes.push([clock.now(), store]);
      },
      succeeded() {},
    },
    gate: { answered() {}, share() {}, askFailed() {} },
    address: { retry() {} },
  });
  dc.live.follow("all", { thread: null });
  const push = (version, cost, more) =>
    sockets[0].onmessage({ data: JSON.stringify([nav(version, T1, { cost, agent_status: "idle", ...more })]) });
  const costs = () => stores.filter(([name]) => name === "nav-usage").map(([, cost]) => cost);
  return { dc, clock, push, painted, passes, costs, sockets, stores };
}

test("every pushed value that comes alone is painted at once, and its store follows within a second, newest first", () => {
  const { clock, push, painted, costs } = makeTab();
  for (let version = 1; version <= 8; version += 1) {
    push(version, String(version));
    clock.advance(100);
  }
  assert.deepEqual(plain(painted), ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.deepEqual(plain(costs()), ["1"]);
  clock.advance(1000);
  assert.deepEqual(plain(costs()), ["1", "8"]);
});

test("1,000 frames a second are painted ten times, the first at once, and the last is not missed", () => {
  const { clock, push, painted, passes } = makeTab();
  clock.advance(500);
  for (let version = 1; version <= 1000; version += 1) {
    push(version, String(version));
    if (version === 1) assert.deepEqual(plain(painted), ["1"]);
    clock.advance(1);
  }
  clock.advance(100);
  assert.equal(painted.length, 11);
  assert.equal(painted.at(-1), "1000");
  assert.ok(passes.every(([at], i) => i === 0 || at - passes[i - 1][0] >= 100));
});

test("what one frame brought is painted in one pass, whichever stores it is for", () => {
  const { dc, clock, sockets, passes } = makeTab();
  const [thread, account] = ["t", "a"];
  dc.live.follow("all", { thread, account });
  const frame = (version) => [
    nav(version, T1),
    { ...nav(version, T1), scope: account },
    { type: "thread-usage", thread_id: thread, version, as_of: T1 },
    { type: "thread-usage", thread_id: "of another page", version, as_of: T1 },
  ];
  const stores = ["nav-usage", "account-usage", "thread-usage"];
  for (const version of [1, 2]) sockets[0].onmessage({ data: JSON.stringify(frame(version)) });
  assert.deepEqual(plain(passes), stores.map((store) => [0, store]));
  clock.advance(1000);
  assert.deepEqual(plain(passes.slice(3)), stores.map((store) => [100, store]));
});

test("an answer that came meanwhile is not painted over by an older value that waited", () => {
  const { dc, clock, push, painted } = makeTab();
  push(1, "1");
  push(2, "2");
  dc.live.nav_answered(nav(3, T2, { cost: "3", request: 1 }));
  clock.advance(1000);
  assert.deepEqual(plain(painted), ["1", "3", "3"]);
});

test("who prefers to be without a stream has none, in the tab that is open too, and it says paused", () => {
  const preferences = { live_stream: true, current: () => preferences, onChange: (told) => (preferences.told = told) };
  const { dc, sockets, stores } = makeTab({ preferences });
  dc.set_props = (name, { data }) => stores.push([name, data]);
  preferences.live_stream = false;
  preferences.told();
  assert.deepEqual(sockets.map((socket) => socket.closed), [true]);
  const { state, asking } = stores.at(-1)[1];
  assert.deepEqual([state, asking], ["paused", true]);
  preferences.live_stream = true;
  preferences.told();
  assert.equal(sockets.length, 2);
});

test("the agent's status, on which periods depend, is in the store at once", () => {
  const { clock, push, costs } = makeTab();
  push(1, "1");
  clock.advance(100);
  push(2, "2", { agent_status: "running" });
  assert.deepEqual(plain(costs()), ["1", "2"]);
});

test("what Dash draws meanwhile is the newest that was painted, of the same scope only", () => {
  const { dc, clock, push } = makeTab();
  push(1, "1");
  clock.advance(100);
  push(2, "2");
  assert.equal(dc.live.newest(nav(1, T1, { cost: "1" })).cost, "2");
  assert.equal(dc.live.newest({ ...nav(1, T1, { cost: "1" }), scope: "other" }).cost, "1");
  assert.equal(dc.live.newest(undefined), undefined);
});

test("an answer that is newer is painted, and goes into its store at once", () => {
  const { dc, clock, push, painted, costs } = makeTab();
  push(1, "1");
  clock.advance(100);
  push(2, "2");
  dc.live.nav_answered(nav(3, T2, { cost: "3", request: 1 }));
  assert.deepEqual(plain(costs()), ["1", "3"]);
  assert.deepEqual(plain(painted), ["1", "2", "3"]);
  clock.advance(2000);
  assert.deepEqual(plain(costs()), ["1", "3"]);
});
