import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { charts, grid, thread } = stage(["formats", "publish", "preferences", "units", "grid", "thread", "charts"]);

test("rows that a grid has are changed, others added", () => {
  const rows = [{ id: "a" }, { id: "b" }];
  assert.deepEqual(plain(grid.split(rows, (id) => id === "a")), { add: [{ id: "b" }], update: [{ id: "a" }] });
});

test("on a narrow screen secondary columns give way", () => {
  const column = (id, secondary) => ({ getColId: () => id, getColDef: () => ({ context: { secondary } }) });
  const columns = [column("title", false), column("model", true)];
  assert.deepEqual(plain(grid.fitting(columns, 390)), { columns: ["model"], visible: false });
  assert.deepEqual(plain(grid.fitting(columns, 1200)), { columns: ["model"], visible: true });
});

test("a time fits its column: of day today, with the day this year, else the date", () => {
  const now = new Date(2026, 10, 23, 12, 0, 0);
  assert.equal(grid.shortTime(new Date(2026, 10, 23, 9, 5, 7), now), "09:05:07");
  assert.equal(grid.shortTime(new Date(2026, 10, 20, 10, 36, 0), now), "20 Nov 10:36");
  assert.equal(grid.shortTime(new Date(2024, 0, 2, 10, 36, 0), now), "2024-01-02");
});

test("new calls go in above, older ones below, each once", () => {
  const rows = [{ id: "new" }, { id: "known" }];
  const has = (id) => id === "known";
  assert.deepEqual(plain(thread.change({ mode: "replace", rows }, has)), { rows });
  assert.deepEqual(plain(thread.change({ mode: "grow", rows }, has)), {
    transaction: { add: [{ id: "new" }], addIndex: 0, async: false },
  });
  assert.deepEqual(plain(thread.change({ mode: "older", rows }, has)), {
    transaction: { add: [{ id: "new" }], async: false },
  });
  assert.deepEqual(plain(thread.change({ mode: "grow", rows: [] }, has)), {});
});

test("the log says how many of how many calls it has", () => {
  assert.equal(thread.note(100, 49334), "100 of 49,334 calls");
  assert.equal(thread.note(46, 46), "46 calls");
  assert.equal(thread.note(1, 1), "1 call");
  assert.match(thread.note(0, 0), /No calls yet/);
});

test("a page is behind when the card's totals are not those that it has read", () => {
  const seen = { of: "t", calls: 2, cost: "0.200000" };
  assert.equal(thread.behind({ thread_id: "t", calls: 2, cost: "0.2" }, seen), false);
  assert.equal(thread.behind({ thread_id: "t", calls: 3, cost: "0.2" }, seen), true);
  assert.equal(thread.behind({ thread_id: "t", calls: 2, cost: "0.3" }, seen), true);
  assert.equal(thread.behind({ thread_id: "another", calls: 2, cost: "0.2" }, seen), true);
  assert.equal(thread.behind({ calls: 1, cost: "0.1" }, null), true);
  assert.equal(thread.behind({ calls: 0, cost: "0" }, null), false);
  assert.equal(thread.behind({ gone: true }, seen), false);
});

test("the last figures of a thread that is gone are its own, and in words", () => {
  const usage = { thread_id: "t", credits: 1247, calls: 1, total_tokens: 10, as_of: "2026-11-23T12:00:00Z" };
  assert.match(thread.lastKnown(usage, "t", 0), /1,247 credits, 1 call, 10 tokens/);
  assert.equal(thread.lastKnown(usage, "another", 0), "");
  assert.equal(thread.lastKnown(null, "t", 0), "");
});

test("the theme is the chosen one, else the system's", () => {
  assert.equal(charts.themeOf("dark", false), "dark");
  assert.equal(charts.themeOf(undefined, true), "dark");
  assert.equal(charts.themeOf("auto", false), "light");
});

test("a figure is painted in local time, with its template, and a run that goes on ends now", () => {
  const at = new Date(2026, 10, 23, 9, 5, 7, 89);
  const figure = {
    data: [{ x: [at.toISOString(), null], y: [1, null] }],
    layout: { meta: "t", shapes: [{ x0: at.toISOString(), x1: null }] },
  };
  const painted = plain(charts.painted(figure, { layout: {} }, at.getTime() + 1000));
  assert.deepEqual(painted.data[0].x, ["2026-11-23 09:05:07.089", null]);
  assert.equal(painted.layout.shapes[0].x1, "2026-11-23 09:05:08.089");
  assert.deepEqual(painted.layout.template, { layout: {} });
  assert.equal(figure.data[0].x[0], at.toISOString());
});

test("Enter on a cell follows the link in it, the space bar ticks", () => {
  const followed = [];
  const cell = (link) => ({ querySelector: (wanted) => (wanted === "a" ? link : { click: () => followed.push("tick") }) });
  const link = { click: () => followed.push("link") };
  grid.openLink({ event: { key: "Enter", target: cell(link) } });
  grid.openLink({ event: { key: "a", target: cell(link) } });
  grid.openLink({ event: { key: "Enter", target: cell(null) } });
  assert.deepEqual(followed, ["link"]);
  grid.openLink({ event: { key: " ", target: cell(link), preventDefault() {} } });
  assert.deepEqual(followed, ["link", "tick"]);
});

const FIGURE = {
  data: [
    { x: ["a", "b"], y: [1, 3], customdata: ["", ""] },
    { x: ["a", "b"], y: [1, 2] },
  ],
  layout: { meta: "t", yaxis: { side: "right", range: [0, 2] }, shapes: [] },
};
const GROWTH = {
  of: "t",
  drawn: 2,
  replaces_last: false,
  data: [
    { x: ["c"], y: [4], customdata: [""] },
    { x: ["c"], y: [1] },
  ],
  yaxis: { range: [0, 9] },
  shapes: [{ x0: "a" }],
};

test("a chart grows by what came since", () => {
  const { figure } = plain(charts.taken(FIGURE, GROWTH, "t", false));
  assert.deepEqual(figure.data[0].x, ["a", "b", "c"]);
  assert.deepEqual(figure.data[1], { x: ["a", "b", "c"], y: [1, 2, 1] });
  assert.deepEqual(figure.layout, { meta: "t", yaxis: { side: "right", range: [0, 9] }, shapes: [{ x0: "a" }] });
  assert.equal(FIGURE.data[0].x.length, 2);
});

test("a bucket that has grown takes its own place", () => {
  const growth = { ...GROWTH, replaces_last: true, data: [{ x: ["b"], y: [5], customdata: [""] }, { x: ["b"], y: [4] }] };
  const { figure } = plain(charts.taken(FIGURE, growth, "t", false));
  assert.deepEqual([figure.data[0].y, figure.data[1].y], [[1, 5], [1, 4]]);
});

test("what is another thread's, late, or taken already changes no chart; what has a gap is read anew", () => {
  assert.deepEqual(plain(charts.taken(FIGURE, { ...GROWTH, of: "other" }, "t", false)), {});
  assert.deepEqual(plain(charts.taken(FIGURE, GROWTH, "other", false)), {});
  assert.deepEqual(plain(charts.taken(null, GROWTH, "t", false)), {});
  assert.deepEqual(plain(charts.taken(null, FIGURE, "other", false)), {});
  assert.equal(charts.taken(FIGURE, GROWTH, "t", true).figure, FIGURE);
  assert.deepEqual(plain(charts.taken(FIGURE, { ...GROWTH, drawn: 7 }, "t", false)), { anew: true });
});
