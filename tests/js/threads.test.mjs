import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const NAMES = ["formats", "publish", "pace", "scope", "threads_list", "threads_view", "threads", "threads_compare", "chart_card"];
const dc = stage(NAMES, { performance: { now: () => 0 } });
const { threads_list: lists, threads_view: view, threads, threads_compare: compare, chart_card: card } = dc;

/* A server's list of threads, and a list in the page that reads it. */
function made(length, { capped = false, counted = true } = {}) {
  const ids = Array.from({ length }, (_, at) => `t${at}`);
  const list = lists.createList();
  const plans = [];
  const serve = ({ after, skip, limit }, version = 1) => {
    const from = (after ? ids.indexOf(after) + 1 : 0) + skip;
    const rows = ids.slice(from, from + limit).map((id) => ({ id, calls: 1 }));
    const skipped = Math.min(skip, Math.max(0, length - (from - skip)));
    const more = from + limit < length;
    const total = after || !counted ? null : capped ? 10000 : length;
    return { rows, after: more && rows.length ? rows.at(-1).id : null, cut: false, skipped, total, capped, version };
  };
  const read = (start) => {
    const plan = plain(list.plan(start));
    plans.push(plan);
    list.take(plan, serve(plan));
    return plain(list.rowsFrom(start)).map(({ id }) => id);
  };
  return { ids, list, read, plans, serve };
}

test("each block begins where the one before ended", () => {
  const { ids, list, read, plans } = made(250);
  assert.deepEqual([...read(0), ...read(100), ...read(200)], ids);
  assert.deepEqual(plans.map(({ after, skip }) => [after, skip]), [["", 0], ["t99", 0], ["t199", 0]]);
  assert.deepEqual(plain(list.count()), { rows: 250, known: true });
});

test("a jump passes over what was not read, from the nearest block that was", () => {
  const { ids, read, plans } = made(2000);
  read(0);
  assert.deepEqual(read(1500), ids.slice(1500, 1600));
  assert.deepEqual(read(1700), ids.slice(1700, 1800));
  assert.deepEqual(plans.map(({ after, skip }) => [after, skip]), [["", 0], ["t99", 1400], ["t1599", 100]]);
});

test("a block that was read before is not asked for again, and its rows come back by place", () => {
  const { list, read } = made(300);
  read(0);
  read(100);
  assert.equal(list.rowsFrom(100).length, 100);
  assert.equal(list.rowsFrom(200), null);
});

test("how many there are is known by count, or by the end; a list that is longer goes on", () => {
  const some = made(150);
  some.read(0);
  assert.deepEqual(plain(some.list.count()), { rows: 150, known: true });
  const many = made(20000, { capped: true });
  many.read(0);
  assert.deepEqual(plain(many.list.count()), { rows: 10000, known: false });
  const uncounted = made(150, { counted: false });
  uncounted.read(0);
  assert.deepEqual(plain(uncounted.list.count()), { rows: 120, known: false });
  uncounted.read(100);
  assert.deepEqual(plain(uncounted.list.count()), { rows: 150, known: true });
});

test("a jump beyond the end finds the end", () => {
  const { list } = made(0);
  list.take({ start: 0, skip: 0 }, { rows: [{ id: "a" }], after: "a", cut: false, skipped: 0, total: 5000, capped: false, version: 1 });
  list.take({ start: 3000, skip: 2900 }, { rows: [], after: null, cut: false, skipped: 20, total: null, version: 1 });
  assert.deepEqual(plain(list.count()), { rows: 120, known: true });
  assert.deepEqual(plain(list.rowsFrom(3000)), []);
});

test("a list that ends because enough was looked at goes on from there, in the same block", () => {
  const list = lists.createList();
  const answer = (ids, after, cut) => ({ rows: ids.map((id) => ({ id })), after, cut, skipped: 0, total: null, version: 1 });
  list.take({ start: 0, skip: 0 }, answer(["a", "b"], "place", true));
  assert.equal(list.cutAt(), 0);
  assert.deepEqual(plain(list.count()), { rows: 2, known: true });
  assert.equal(lists.countText(list.totals(), true), "2 threads so far");
  const plan = plain(list.plan(list.cutAt()));
  assert.deepEqual(plan, { start: 2, after: "place", skip: 0, limit: 98 });
  list.take(plan, answer(["c"], null, false));
  assert.deepEqual(plain(list.rowsFrom(0)).map(({ id }) => id), ["a", "b", "c"]);
  assert.equal(list.cutAt(), null);
});

test("a list of none of those that were looked at is no empty list", () => {
  const list = lists.createList();
  list.take({ start: 0, skip: 0 }, { rows: [], after: "place", cut: true, skipped: 0, total: null, version: 1 });
  assert.deepEqual([list.cutAt(), list.isRead(), list.count().rows], [0, true, 0]);
});

test("a row as it is now takes its place, an older one does not", () => {
  const { list, read } = made(3);
  read(0);
  assert.deepEqual(plain(list.update([{ id: "t1", calls: 2 }, { id: "x" }], 5)).map(({ id }) => id), ["t1"]);
  list.update([{ id: "t1", calls: 1 }], 4);
  assert.equal(list.rowsFrom(0)[1].calls, 2);
  list.distrust();
  list.update([{ id: "t1", calls: 7 }], 1);
  assert.equal(list.rowsFrom(0)[1].calls, 7, "of a new connection every number counts");
});

test("a row is outdated by a change after it was read, also by one that came before its answer", () => {
  const changes = lists.createChanges();
  const row = { id: "a", version: 4 };
  assert.equal(changes.outdates(row), false);
  changes.note({ version: 4, threads: ["a"] });
  assert.equal(changes.outdates(row), false);
  changes.note({ version: 5, threads: ["b"] });
  assert.equal(changes.outdates(row), false);
  changes.note({ version: 5, threads: ["a"] });
  assert.equal(changes.outdates(row), true);
  changes.note({ version: 6, all: true });
  assert.equal(changes.outdates({ id: "c", version: 5 }), true);
  assert.equal(changes.outdates({ id: "c", version: 6 }), false);
});

test("what has come to the top since is counted, and a new beginning drops what was below", () => {
  const { list, read, serve } = made(250);
  read(0);
  read(100);
  const head = [{ id: "new" }, ...serve({ after: "", skip: 0, limit: 99 }).rows];
  assert.equal(list.newer(head), 1);
  assert.equal(list.sameOrder(head), false);
  list.begin({ rows: head, after: "t98", cut: false, skipped: 0, total: 251, capped: false, version: 2 });
  assert.equal(list.newer(head), 0);
  assert.equal(list.rowsFrom(100), null);
  assert.deepEqual(plain(list.plan(100)), { start: 100, after: "t98", skip: 0, limit: 100 });
});

test("an end that has moved is read anew", () => {
  const { list, read } = made(250);
  for (const start of [0, 100, 200]) read(start);
  assert.equal(list.recount({ total: 250, capped: false }), false);
  assert.equal(list.recount({ total: 251, capped: false }), true);
  assert.equal(list.rowsFrom(200), null);
  assert.deepEqual(plain(list.count()), { rows: 251, known: true });
});

test("rows beyond an end that has come nearer are let go, however many blocks they fill", () => {
  const { list, read } = made(250);
  for (const start of [0, 100, 200]) read(start);
  assert.equal(list.recount({ total: 150, capped: false }), true);
  assert.deepEqual([list.rowsFrom(100), list.rowsFrom(200)], [null, null]);
  assert.deepEqual(plain(list.count()), { rows: 150, known: true });
  assert.equal(list.recount({ total: 150, capped: false }), false);
});

test("a jump that ends because enough was looked at says so", () => {
  const list = lists.createList();
  list.take({ start: 0, skip: 0 }, { rows: [{ id: "a" }], after: "a", cut: false, skipped: 0, total: 900, capped: false, version: 1 });
  list.take({ start: 500, skip: 400 }, { rows: [], after: "place", cut: true, skipped: 150, total: null, version: 1 });
  assert.deepEqual([list.cutAt(), list.count().rows], [200, 250]);
});

test("rows of very many blocks are let go, the places are kept", () => {
  const { list, read, plans } = made(25000, { capped: true });
  for (let start = 0; start < 20100; start += 100) read(start);
  assert.equal(list.rowsFrom(0), null);
  assert.deepEqual(plain(list.plan(0)), { start: 0, after: "", skip: 0, limit: 100 });
  assert.ok(plans.every(({ skip }) => skip === 0));
});

test("the list says how many threads there are", () => {
  const say = (totals, cut = false) => lists.countText({ total: null, capped: false, ended: null, read: 0, ...totals }, cut);
  assert.equal(say({ total: 1, ended: 1 }), "1 thread");
  assert.equal(say({ total: 710 }), "710 threads");
  assert.equal(say({ total: 10000, capped: true }), "More than 10,000 threads");
  assert.equal(say({ read: 300 }), "More than 300 threads");
  assert.equal(say({ ended: 37 }, true), "37 threads so far");
});

test("the address keeps filters, order and chosen threads", () => {
  const [a, b] = ["0a0a0a0a-0000-4000-8000-00000000000a", "0a0a0a0a-0000-4000-8000-00000000000b"];
  const search = `?scope=x&q=in%20voice&sort=-cost&model=gpt-5&threads=${a},nonsense,${b},${a}`;
  assert.deepEqual(plain(view.queryOf(search, "x")), {
    scope: "x", q: "in voice", sort: "-cost", running: "", active: "", model: "gpt-5", project: "", least: "", most: "",
  });
  assert.deepEqual(plain(view.chosenIn(search)), [a, b]);
  assert.equal(view.searchWith("?scope=x&q=a", { q: "", threads: `${a},${b}` }), `?scope=x&threads=${a},${b}`);
  assert.equal(view.exportOf(view.queryOf(search, "x"), "UTC"), "/export/threads.csv?scope=x&q=in+voice&model=gpt-5&zone=UTC");
});

test("up to six threads are chosen, each once", () => {
  assert.deepEqual(plain(view.toggled(["a"], "b")), ["a", "b"]);
  assert.deepEqual(plain(view.toggled(["a", "b"], "a")), ["b"]);
  const six = ["a", "b", "c", "d", "e", "f"];
  assert.deepEqual(plain(view.toggled(six, "g")), six);
});

test("a column's order is the address's, both ways", () => {
  for (const sort of ["-cost", "calls", "-tokens", "last"]) assert.equal(view.sortOf([view.sortedBy(sort)]), sort);
  assert.equal(view.sortOf([]), "");
  assert.equal(view.sortedBy("id"), null);
});

test("how the list begins is asked for at once in view, less often with a search or out of view", () => {
  const due = (searching, away, now) => threads.due({ searching, away }, now, 0);
  assert.deepEqual([due(false, false, 0), due(true, false, 9000), due(true, false, 10000)], [true, false, true]);
  assert.deepEqual([due(false, true, 9000), due(false, true, 10000)], [false, true]);
});

test("of the waiting blocks the one in view comes first, else the latest", () => {
  const block = (startRow) => ({ startRow, endRow: startRow + 100 });
  const waiting = [block(0), block(500), block(900)];
  assert.equal(threads.firstOf(waiting, 520, 540).startRow, 500);
  assert.equal(threads.firstOf(waiting, 2000, 2020).startRow, 900);
});

test("hints concern the account's list, and the threads that are compared", () => {
  assert.equal(threads.concerns({ accounts: ["a"] }, "a"), true);
  assert.equal(threads.concerns({ accounts: ["b"] }, "a"), false);
  assert.equal(threads.concerns({ accounts: ["b"] }, "all"), true);
  assert.equal(compare.concerns({ threads: ["t"] }, ["t", "u"]), true);
  assert.equal(compare.concerns({ threads: ["v"] }, ["t", "u"]), false);
  assert.equal(compare.concerns({ all: true }, ["t"]), true);
});

/* A page with the list on it, and what it asked for and told its components. */
function page() {
  const told = [];
  const box = { addEventListener() {} };
  const dash_ag_grid = {};
  const globals = { dash_ag_grid, performance: { now: () => 0 }, document: { getElementById: () => box }, location: { search: "" } };
  const here = stage(NAMES, globals);
  const scope = { now: "all" };
  here.view = { current: () => ({ scope: scope.now }) };
  here.live = { connection: () => 1 };
  here.callback_context = { triggered: [] };
  here.gate = { ask: (key, target) => told.push(`ask ${key} of ${target.scope}`), answered() {}, forget() {}, pace() {} };
  here.render = { succeeded() {} };
  here.publish.publish = (id, props) => told.push(`${id} ${props["data-state"] ?? ""}`.trim());
  return { told, scope, threads: here.threads, dash_ag_grid };
}

test("the threads of one account are never left under another's name", () => {
  const { told, scope, threads: list } = page();
  const asked = () => told.splice(0).filter((text) => /^ask|threads-body/.test(text));
  list.ask();
  assert.deepEqual(asked(), ["threads-body loading", "ask threads of all"]);
  list.ask();
  assert.deepEqual(asked(), []);
  scope.now = "a";
  list.ask();
  assert.deepEqual(asked(), ["ask threads of a"], "it still says that it is loading");
  list.answered({ block: 1, rows: [{ id: "x" }], after: null, cut: false, skipped: 0, total: 1, capped: false, version: 1, as_of: "" });
  assert.deepEqual(asked(), [], "an answer about the account before");
  list.answered({ block: 2, rows: [{ id: "y" }], after: null, cut: false, skipped: 0, total: 1, capped: false, version: 1, as_of: "" });
  assert.deepEqual(asked(), ["threads-body rows"]);
  scope.now = "all";
  list.ask();
  assert.deepEqual(asked(), ["threads-body loading", "ask threads of all"]);
});

test("a grid that is ready before the view is known gets its rows", () => {
  const { told, scope, threads: list, dash_ag_grid } = page();
  const given = [];
  const grid = {
    getColumnState: () => [],
    setGridOption: (_name, { getRows }) => getRows({ startRow: 0, endRow: 100, sortModel: [], successCallback: (rows) => given.push(rows.length) }),
    addEventListener() {},
    getVerticalPixelRange: () => ({ top: 0, bottom: 700 }),
    getDisplayedRowCount: () => 0,
    isLastRowIndexKnown: () => false,
    setRowCount() {},
    refreshInfiniteCache() {},
  };
  dash_ag_grid.getApi = () => grid;
  scope.now = "";
  list.equip();
  scope.now = "all";
  list.ask();
  assert.ok(told.includes("ask threads of all"));
  list.answered({ block: 1, rows: [{ id: "x" }], after: null, cut: false, skipped: 0, total: 1, capped: false, version: 1, as_of: "" });
  assert.deepEqual(given, [1]);
});

test("who has scrolled finds the next block read already", () => {
  const { told, scope, threads: list, dash_ag_grid } = page();
  const events = {};
  let range = { top: 0, bottom: 700 };
  const grid = {
    getColumnState: () => [],
    setGridOption() {},
    addEventListener: (name, run) => (events[name] = run),
    getVerticalPixelRange: () => range,
    getRenderedNodes: () => [],
    getDisplayedRowCount: () => 0,
    isLastRowIndexKnown: () => false,
    setRowCount() {},
    refreshInfiniteCache() {},
  };
  dash_ag_grid.getApi = () => grid;
  list.equip();
  list.ask();
  const rows = Array.from({ length: 100 }, (_, at) => ({ id: `t${at}` }));
  list.answered({ block: 1, rows, after: "t99", cut: false, skipped: 0, total: 250, capped: false, version: 1, as_of: "" });
  const asks = () => told.filter((text) => text === "ask threads of all").length;
  assert.equal(asks(), 1, "at the top, the first block is enough");
  range = { top: 720, bottom: 1420 };
  events.bodyScrollEnd();
  assert.equal(asks(), 2);
});

test("a chart of courses has each of them in its table, up to its end", () => {
  const line = (name, y) => ({ type: "scatter", mode: "lines", name, meta: name, y });
  const figure = { data: [line("a", [1, 2]), line("b", [3, null])], layout: { meta: { steps: ["1 min", "2 min"] } } };
  assert.deepEqual(plain(card.tableOf(figure)), { head: ["", "a", "b"], rows: [["1 min", 1, 3], ["2 min", 2, null]] });
});
