import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { chart_card } = stage(["formats", "publish", "preferences", "units", "chart_card"]);
const THEME = { tokens: { c1: "#111111", c2: "#222222", text: "#333333", sunk: "#444444" }, template: { layout: {} } };

const bars = (meta, colour, y) => ({ type: "bar", name: meta, meta, y, marker: { color: colour } });
const figure = (...data) => ({
  data,
  layout: { uirevision: "7d", margin: { l: 50, r: 0 }, meta: { steps: ["Mon <1>", "Tue"] }, xaxis: { tickvals: [0, 1], ticktext: ["Mon", "Tue"] } },
});
const DRAWN = figure(bars("a", "--c1", [5, 4]), bars("b", "--c2", [3, 1]));

test("tokens become colours, and figures are left alone", () => {
  const traces = { y: [1, 2], marker: { color: "--c1" }, colorscale: [[0, "--sunk"], [1, "--c1"]], name: "a--b" };
  assert.deepEqual(plain(chart_card.coloured(traces, THEME.tokens)), {
    y: [1, 2], marker: { color: "#111111" }, colorscale: [[0, "#444444"], [1, "#111111"]], name: "a--b",
  });
});

test("lines that change places keep theirs, and their colours, while the view is the same", () => {
  const swapped = figure(bars("b", "--c1", [9, 9]), bars("a", "--c2", [6, 4]));
  const ordered = chart_card.inOrder(swapped, DRAWN);
  assert.deepEqual(plain(ordered.data.map(({ meta, y, marker }) => [meta, y[0], marker.color])), [["a", 6, "--c1"], ["b", 9, "--c2"]]);
  const other = { ...swapped, layout: { ...swapped.layout, uirevision: "30d" } };
  assert.equal(chart_card.inOrder(other, DRAWN), other);
  const more = figure(bars("b", "--c1", [9, 9]), bars("c", "--c2", [6, 4]));
  assert.equal(chart_card.inOrder(more, DRAWN), more);
});

test("a trace that has not changed is the very one that is drawn, in another theme it is not", () => {
  const first = chart_card.painted(DRAWN, THEME, "light", null, 800);
  const kept = { figure: DRAWN, theme: "light", data: first.data };
  const grown = figure(bars("a", "--c1", [5, 6]), bars("b", "--c2", [3, 1]));
  const second = chart_card.painted(grown, THEME, "light", kept, 800);
  assert.notEqual(second.data[0], first.data[0]);
  assert.equal(second.data[1], first.data[1]);
  assert.notEqual(chart_card.painted(grown, THEME, "dark", kept, 800).data[1], first.data[1]);
});

test("one label says the step, its total and each line's part, as text", () => {
  const before = { type: "scatter", meta: "before", y: [7] };
  const { text, y } = chart_card.hoverTrace(figure(...DRAWN.data, before), THEME.tokens);
  assert.deepEqual(plain(y), [8, 5]);
  assert.match(text[0], /Mon &lt;1><br><b>8\.0<\/b> credits<br>.*b 3\.0<br>.*a 5\.0<br>Period before 7\.0/);
  assert.doesNotMatch(text[1], /before/);
});

test("the table has every figure of the chart", () => {
  const before = { type: "scatter", meta: "before", y: [7] };
  assert.deepEqual(plain(chart_card.tableOf(figure(...DRAWN.data, before))), {
    head: ["", "Total", "Period before", "a", "b"],
    rows: [["Mon <1>", 8, 7, 5, 3], ["Tue", 5, null, 4, 1]],
  });
  const heat = { data: [{ type: "heatmap", y: ["Mon"], z: [[1, 2]] }], layout: {} };
  assert.deepEqual(plain(chart_card.tableOf(heat)), { head: ["", "0:00", "1:00"], rows: [["Mon", 1, 2]] });
});

test("an axis names as many steps as there is room for", () => {
  const axis = { tickvals: [0, 1, 2, 3], ticktext: ["1 Nov", "2 Nov", "3 Nov", "4 Nov"] };
  assert.deepEqual(plain(chart_card.thinned(axis, 400)), axis);
  assert.deepEqual(plain(chart_card.thinned(axis, 100)).ticktext, ["1 Nov", "3 Nov"]);
});

test("few credits have a decimal, many do not", () => {
  assert.equal(chart_card.amount(12.34), "12.3");
  assert.equal(chart_card.amount(1234.5), "1,235");
  assert.equal(chart_card.amount(-3), "-3.0");
  assert.equal(chart_card.amount(undefined), "–");
});
