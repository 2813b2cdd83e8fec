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

test("a time is that of the zone which the address names", () => {
  const at = (search) => stage(["formats"], { location: { search } }).formats;
  const now = Date.UTC(2026, 10, 23, 22);
  assert.equal(at("?zone=Asia/Kathmandu").clock("2026-11-23T20:04:05Z", now), "01:49:05");
  assert.equal(at("?zone=Mars/Base").clock("2026-11-23T20:04:05Z", now), "20:04:05");
  assert.equal(at("?range=7d").zone(), formats.HERE);
  const preferring = at("?range=7d");
  assert.equal(preferring.prefer("Asia/Kathmandu"), "Asia/Kathmandu");
  assert.equal(preferring.zone(), "Asia/Kathmandu");
  const linked = at("?zone=UTC");
  linked.prefer("Asia/Kathmandu");
  assert.equal(linked.zone(), "UTC"); // a link wins
  assert.equal(preferring.prefer("Mars/Olympus"), formats.HERE);
  assert.equal(preferring.prefer("browser"), formats.HERE);
  assert.equal(preferring.zone(), formats.HERE);
});

test("a zone's clock is right on the days on which it is put on and back", () => {
  const lord_howe = (time) => formats.localText(time, "Australia/Lord_Howe");
  assert.equal(lord_howe("2026-04-04T14:59:59.999Z"), "2026-04-05T01:59:59.999");
  assert.equal(lord_howe("2026-04-04T15:00:00.000Z"), "2026-04-05T01:30:00.000");
  assert.equal(lord_howe("2026-10-03T15:29:59.000Z"), "2026-10-04T01:59:59.000");
  assert.equal(lord_howe("2026-10-03T15:30:00.000Z"), "2026-10-04T02:30:00.000");
  assert.equal(formats.localText("soon", "UTC"), null);
  assert.equal(formats.localText(null, "UTC"), null);
});

test("in a narrow column a day has its month's name, and its year where that is another", () => {
  const now = Date.UTC(2026, 10, 23, 22);
  const short = (time) => formats.shortClock(time, now, "UTC");
  assert.equal(short("2026-11-23T20:04:05Z"), "20:04:05");
  assert.equal(short("2026-09-08T20:04:05Z"), "8 Sep 20:04:05");
  assert.equal(short("2025-12-31T20:04:05Z"), "31 Dec 2025 20:04:05");
  assert.equal(short(""), "–");
});

test("a time of another day has its date", () => {
  const at = new Date(2026, 10, 23, 9, 5, 4);
  assert.equal(formats.clock(at.toISOString(), at.getTime()), "09:05:04");
  assert.equal(formats.clock(at.toISOString(), at.getTime() + 2 * 86400000), "2026-11-23 09:05:04");
  assert.equal(formats.clock("", 0), "–");
});
