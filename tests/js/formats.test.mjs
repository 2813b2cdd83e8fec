import assert from "node:assert/strict";
import test from "node:test";
import { stage } from "./stage.mjs";

const { formats } = stage(["formats"]);

test("whole numbers have thousands separators", () => {
  assert.equal(formats.whole(0), "0");
  assert.equal(formats.whole(1234), "1,234");
  assert.equal(formats.whole(6037445403), "6,037,445,403");
  assert.equal(formats.whole(-1234567), "-1,234,567");
});

test("a million and more keeps three figures and a unit", () => {
  assert.equal(formats.compact(871204), "871,204");
  assert.equal(formats.compact(4870000), "4.87 M");
  assert.equal(formats.compact(62400000), "62.4 M");
  assert.equal(formats.compact(1246000000), "1.25 B");
});

test("dollars are exact, to the micro-dollar at least", () => {
  assert.equal(formats.dollars("12.471083"), "$12.471083");
  assert.equal(formats.dollars("1234567.500000"), "$1,234,567.500000");
  assert.equal(formats.dollars("0.000001"), "$0.000001");
  assert.equal(formats.dollars("-3"), "-$3.000000");
});

test("a time of another day has its date", () => {
  const at = new Date(2026, 10, 23, 9, 5, 4);
  assert.equal(formats.clock(at.toISOString(), at.getTime()), "09:05:04");
  assert.equal(formats.clock(at.toISOString(), at.getTime() + 2 * 86400000), "2026-11-23 09:05:04");
  assert.equal(formats.clock("", 0), "–");
});
