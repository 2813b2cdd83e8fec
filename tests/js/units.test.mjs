import assert from "node:assert/strict";
import test from "node:test";
import { stage } from "./stage.mjs";

const document = { getElementById: () => null, documentElement: { dataset: {} } };
const NAMES = ["formats", "publish", "scope", "preferences", "units", "chart_card", "threads_view"];

function prefer(choices, rate = 100) {
  const textContent = JSON.stringify({ preferences: choices, credits_per_dollar: rate });
  return stage(NAMES, { document: { ...document, getElementById: (id) => (id === "preferences" ? { textContent } : null) } });
}

test("a cost is rounded from its text, halves up, however large or small it is", () => {
  const { units } = prefer({ unit: "dollars" });
  const cents = ["12.345678", "0.285", "0.004999", "-3.5", "-0.001", "1234567.895", "9007199254740993.995", "7"];
  assert.deepEqual(cents.map(units.cents), [
    "$12.35", "$0.29", "$0.00", "-$3.50", "$0.00", "$1,234,567.90", "$9,007,199,254,740,994.00", "$7.00",
  ]);
});

test("a total is whole credits, or dollars and cents", () => {
  assert.equal(prefer({ unit: "credits" }).units.total("12.345678", 1235), "1,235");
  const { units } = prefer({ unit: "dollars" }, 1000);
  assert.equal(units.total("12.345678", 12346), "$12.35");
  assert.equal(units.ofCredits(250000), "$250.00");
  assert.deepEqual([units.word(), units.counted("$1.00")], ["Cost", "$1.00"]);
  assert.equal(prefer({}).units.counted("1,234"), "1,234 credits");
});

test("what is drawn says its own unit, few of it more exactly", () => {
  const { chart_card } = prefer({ unit: "credits" });
  assert.deepEqual([0.025, 12.5, -1234.5].map((number) => chart_card.amount(number, "dollars")), ["$0.0250", "$12.50", "-$1,234.50"]);
  assert.deepEqual([0.25, 99.95, 1234.5].map((number) => chart_card.amount(number)), ["0.3", "100.0", "1,235"]);
});

test("bounds of a list are in credits in the address, whatever the fields show", () => {
  const { threads_view } = prefer({ unit: "dollars" });
  assert.equal(threads_view.boundText("1234"), "12.34");
  assert.equal(threads_view.boundCredits("$1,012.34"), "101234");
  assert.equal(threads_view.boundCredits("many"), "many"); // the server says what is wrong with it
  assert.deepEqual([threads_view.boundText(""), threads_view.boundCredits("")], ["", ""]);
  const plain = prefer({}).threads_view;
  assert.deepEqual([plain.boundText("1234"), plain.boundCredits("1234")], ["1234", "1234"]);
});
