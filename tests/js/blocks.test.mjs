import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, settled, stage } from "./stage.mjs";

const QUERY = { q: "", sort: "", state: "", zone: "UTC" };

/* A grid that asks for blocks when it is told to, as AG Grid does; what reached the gate is noted. */
function page({ visibility = "visible" } = {}) {
  const clock = fakeClock();
  const asked = [];
  const sorted = [];
  const log = [];
  let datasource = { theirs: true };
  const api = {
    isDestroyed: () => false,
    getDisplayedRowCount: () => 1,
    getGridOption: () => datasource,
    setGridOption: (_name, value) => (datasource = value),
    applyColumnState: ({ state }) => log.push(`sort ${state[0].colId} ${state[0].sort}`),
    refreshInfiniteCache: () => log.push("refresh"),
    purgeInfiniteCache: () => log.push("purge"),
    setRowCount: (rows, known) => log.push(`${rows} rows, ${known ? "no more" : "or more"}`),
    ensureIndexVisible: (row) => log.push(`show ${row}`),
  };
  const document = { visibilityState: visibility };
  const dc = stage(["pace", "blocks"], {
    document,
    performance: { now: clock.now },
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    requestAnimationFrame: (run) => run(),
    MessageChannel: class {
      port1 = {};
      port2 = { postMessage: () => this.port1.onmessage() };
    },
    dash_ag_grid: { getApiAsync: () => Promise.resolve(api) },
  });
  dc.gate = { ask: (_key, target) => asked.push(plain(target)), answered() {}, forget() {} };
  const blocks = dc.blocks.createBlocks({ key: "accounts", grid: "g", usual: "-last", sorted: (sort) => sorted.push(sort) });
  const want = (startRow, sortModel = [{ colId: "last", sort: "desc" }]) => {
    const got = [];
    datasource.getRows({ startRow, endRow: startRow + 100, sortModel, successCallback: (...args) => got.push(args) });
    return got;
  };
  const answer = (of, rows = [{ id: "a" }], more = {}) => blocks.answered({ request: 1, took_ms: 5, of, rows, total: 250, ...more });
  return { clock, asked, sorted, log, blocks, want, answer, document, theirs: () => (datasource = { theirs: true }), ours: () => Boolean(datasource?.getRows), none: () => (datasource = null) };
}

async function opened(options) {
  const one = page(options);
  one.blocks.open(QUERY);
  await settled();
  return one;
}

test("the order of the grid's head is that of the address; the usual one is not written", () => {
  const { sortOf, columnsOf } = stage(["pace", "blocks"]).blocks;
  assert.equal(sortOf([{ colId: "used", sort: "desc" }], "-last"), "-used");
  assert.equal(sortOf([{ colId: "name", sort: "asc" }], "-last"), "name");
  assert.equal(sortOf([{ colId: "last", sort: "desc" }], "-last"), "");
  assert.equal(sortOf([], "-last"), "");
  assert.deepEqual(plain(columnsOf("", "-last")), [{ colId: "last", sort: "desc", sortIndex: 0 }]);
  assert.deepEqual(plain(columnsOf("name", "-last")), [{ colId: "name", sort: "asc", sortIndex: 0 }]);
});

test("its datasource takes the place of the grid's own, once that is there", async () => {
  const { blocks, clock, none, ours, theirs } = page();
  none();
  blocks.open(QUERY);
  await settled();
  assert.equal(ours(), false);
  theirs();
  clock.advance(20);
  assert.equal(ours(), true);
});

test("one block at a time is asked for, and what came into sight last first", async () => {
  const { asked, want, answer } = await opened();
  const first = want(0);
  want(100);
  const last = want(200);
  assert.deepEqual(asked.map(({ offset }) => offset), [0]);
  answer(asked[0]);
  assert.deepEqual(plain(first), [[[{ id: "a" }], 250]]);
  assert.deepEqual(asked.map(({ offset }) => offset), [0, 200]);
  answer(asked[1]);
  assert.equal(last.length, 1);
  assert.equal(asked[2].offset, 100);
});

test("a block that the grid asks for twice is asked of the server once, and answered twice", async () => {
  const { asked, want, answer } = await opened();
  const given = [want(0), want(0)];
  answer(asked[0]);
  assert.deepEqual([asked.length, given[0].length, given[1].length], [1, 1, 1]);
});

test("the answer to another query is not shown", async () => {
  const { asked, want, answer, blocks, log } = await opened();
  const before = want(0);
  assert.equal(blocks.show({ ...QUERY, state: "ended" }), true);
  assert.deepEqual(log.slice(-2), ["show 0", "purge"]);
  const now = want(0);
  assert.equal(answer(asked[0]), false);
  assert.equal(before.length, 0);
  assert.equal(answer(asked[1]), true);
  assert.equal(now.length, 1);
  assert.equal(blocks.show({ ...QUERY, state: "ended" }), false);
});

test("an order chosen in the head is told, one of the address goes into the head", async () => {
  const { asked, want, sorted, blocks, log } = await opened();
  want(0, [{ colId: "used", sort: "desc" }]);
  assert.deepEqual(sorted, ["-used"]);
  assert.equal(asked[0].sort, "-used");
  assert.equal(blocks.show({ ...QUERY, sort: "-used" }), false);
  blocks.show({ ...QUERY, sort: "name" });
  assert.equal(log.at(-1), "sort name asc");
});

test("a change is asked for at the pace, and several at once", async () => {
  const { want, answer, asked, blocks, log, clock } = await opened();
  want(0);
  answer(asked[0]);
  blocks.changed();
  blocks.changed();
  assert.equal(log.includes("refresh"), false);
  clock.advance(1000);
  assert.deepEqual(log.filter((one) => one === "refresh").length, 1);
});

test("an order that is not complete is asked for again until it is", async () => {
  const { want, answer, asked, log, clock } = await opened();
  want(0);
  answer(asked[0], [], { complete: false });
  clock.advance(1000);
  assert.equal(log.at(-1), "refresh");
  want(0);
  answer(asked[1], [], { complete: true });
  clock.advance(5000);
  assert.equal(log.filter((one) => one === "refresh").length, 1);
});

test("a hidden tab asks nothing, and sees what it missed when it is back", async () => {
  const { want, answer, asked, blocks, log, clock, document } = await opened();
  want(0);
  answer(asked[0]);
  clock.advance(2000);
  document.visibilityState = "hidden";
  blocks.changed();
  assert.equal(log.includes("refresh"), false);
  document.visibilityState = "visible";
  answer(asked[0]); // the gate asks what was asked last, as the tab comes back
  clock.advance(1000);
  assert.equal(log.at(-1), "refresh");
});

test("while the server does not answer, the same block is asked for again", async () => {
  const { want, asked, blocks, clock } = await opened();
  want(0);
  clock.advance(10000);
  blocks.changed();
  assert.deepEqual(asked[1], asked[0]);
});

test("a list that is empty is looked at without its grid, which comes back once there is something", async () => {
  const { want, answer, asked, blocks, log, clock } = await opened();
  want(0);
  answer(asked[0], [], { total: 0 });
  blocks.changed();
  clock.advance(1000);
  assert.deepEqual(asked[1], asked[0]);
  assert.equal(log.includes("purge"), false);
  answer(asked[1], [], { total: 0 });
  blocks.changed();
  clock.advance(1000);
  assert.equal(answer(asked[2]), true);
  assert.equal(log.at(-1), "purge");
});

test("how many rows there are is asked for once none are waited for", async () => {
  const { asked, want, answer, log } = await opened();
  const first = want(0);
  const second = want(100);
  answer(asked[0], [{ id: "a" }], { total: null });
  assert.deepEqual(plain(first), [[[{ id: "a" }], -1]]);
  assert.deepEqual([asked[1].offset, asked[1].limit], [100, 100]);
  answer(asked[1], [{ id: "b" }], { total: null });
  assert.equal(second[0][1], -1);
  assert.deepEqual([asked[2].offset, asked[2].limit], [0, 0]);
  answer(asked[2], [], { total: 20000 });
  assert.equal(log.at(-1), "20000 rows, no more");
  const third = want(200);
  answer(asked[3], [{ id: "c" }], { total: null }); // counted a while ago: that stands until it is counted anew
  assert.equal(third[0][1], 20000);
  assert.equal(asked[4].limit, 0);
});

test("a count is not asked for of a query that is no more", async () => {
  const { asked, want, answer, blocks } = await opened();
  want(0);
  answer(asked[0], [{ id: "a" }], { total: null });
  assert.equal(asked[1].limit, 0);
  blocks.show({ ...QUERY, q: "ann" });
  want(0);
  assert.equal(answer(asked[1], [], { total: 20000 }), false);
  answer(asked[2], [{ id: "b" }], { total: 1 });
  assert.equal(asked.length, 3);
});
