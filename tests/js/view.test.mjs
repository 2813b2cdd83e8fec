import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const dc = stage(["formats", "scope", "view"]);
const { view } = dc;
const BERLIN = { scope: "all", range: "30d", from: "", to: "", zone: "Europe/Berlin", model: "", by: "model", compare: "on" };

test("a view is what the address says, and the usual where it says nothing", () => {
  assert.deepEqual(plain(view.viewOf("", "all", "Europe/Berlin")), BERLIN);
  const named = view.viewOf("?range=7d&zone=Asia/Kolkata&by=account&compare=off&model=gpt-5", "a", "UTC");
  assert.deepEqual(plain(named), {
    scope: "a", range: "7d", from: "", to: "", zone: "Asia/Kolkata", model: "gpt-5", by: "account", compare: "off",
  });
});

test("bounds alone make a custom range", () => {
  assert.equal(view.viewOf("?from=2026-11-01&to=2026-11-09", "all", "UTC").range, "custom");
});

test("an address says its zone, and of the rest what is not usual; it can be read, and keeps what else it said", () => {
  assert.equal(view.searchWith("", BERLIN), "?zone=Europe/Berlin");
  const custom = { ...BERLIN, range: "custom", from: "2026-11-01T10:07", to: "2026-11-09" };
  assert.equal(
    view.searchWith("?scope=a&range=7d", custom),
    "?scope=a&range=custom&from=2026-11-01T10:07&to=2026-11-09&zone=Europe/Berlin",
  );
});

test("what an address says is what is read back from it", () => {
  const seen = { ...BERLIN, range: "90d", model: "a model + b/c&d", by: "account", compare: "off" };
  assert.deepEqual(plain(view.viewOf(view.searchWith("", seen), "all", "UTC")), seen);
});

test("an export is told everything, the scope too", () => {
  assert.equal(view.queryOf(BERLIN), "?scope=all&range=30d&zone=Europe/Berlin&by=model");
});

const settled = (given) =>
  view.settled({ search: "", kept: null, moved: false, popped: false, ranged: false, zone: "Asia/Tokyo", ...given });

test("a link that says nothing of the view keeps it; Back means the address", () => {
  const kept = { ...BERLIN, range: "7d" };
  assert.equal(settled({ kept, moved: true }), "?range=7d&zone=Europe/Berlin");
  assert.equal(settled({ kept, moved: true, search: "?scope=a" }), "?scope=a&range=7d&zone=Europe/Berlin");
  assert.equal(settled({ kept, moved: true, search: "?range=24h" }), "?range=24h");
  assert.equal(settled({ kept, moved: true, popped: true }), "");
  assert.equal(settled({ kept }), "");
});

test("a page with a range says its zone, any other only what it was given", () => {
  assert.equal(settled({ ranged: true }), "?zone=Asia/Tokyo");
  assert.equal(settled({ ranged: true, search: "?range=7d" }), "?range=7d&zone=Asia/Tokyo");
  assert.equal(settled({ ranged: true, search: "?zone=UTC" }), "?zone=UTC");
  assert.equal(settled({}), "");
});

test("a custom range needs both days, and ends after it begins", () => {
  assert.deepEqual(plain(view.customOf("2026-11-01", "", "2026-11-01", "")), {
    range: "custom", from: "2026-11-01", to: "2026-11-01",
  });
  assert.deepEqual(plain(view.customOf("2026-11-01", "10:07", "2026-11-02", "09:00")), {
    range: "custom", from: "2026-11-01T10:07", to: "2026-11-02T09:00",
  });
  assert.match(view.customOf("2026-11-01", "", "", "").note, /Choose the day/);
  assert.match(view.customOf("2026-11-02", "", "2026-11-01", "").note, /ends before/);
  assert.match(view.customOf("2026-11-01", "10:00", "2026-11-01", "10:00").note, /ends before/);
});

test("a bound is a day and a time of the zone, also where the address names an instant", () => {
  assert.deepEqual(plain(view.boundParts("2026-11-01", "UTC")), ["2026-11-01", ""]);
  assert.deepEqual(plain(view.boundParts("2026-11-01T10:07", "UTC")), ["2026-11-01", "10:07"]);
  assert.deepEqual(plain(view.boundParts("2026-11-01T10:07Z", "Asia/Kathmandu")), ["2026-11-01", "15:52"]);
  assert.deepEqual(plain(view.boundParts("2026-11-01T10:07 05:30", "UTC")), ["2026-11-01", "04:37"]);
  assert.deepEqual(plain(view.boundParts("", "UTC")), ["", ""]);
});

test("a custom range is named by its bounds", () => {
  const named = (from, to) => view.customText({ from, to, zone: "UTC" });
  assert.equal(named("2026-11-05", "2026-11-09"), "5 Nov to 9 Nov");
  assert.equal(named("2026-11-05", "2026-11-05"), "5 Nov");
  assert.equal(named("2026-11-05T10:07", "2026-11-09"), "5 Nov 10:07 to 9 Nov");
});

test("a drag covers the steps that it touches the middle of, and one at least", () => {
  assert.deepEqual(plain(view.stepsWithin(2.6, 5.4, 30)), [3, 5]);
  assert.deepEqual(plain(view.stepsWithin(5.4, 2.6, 30)), [3, 5]);
  assert.deepEqual(plain(view.stepsWithin(3.1, 3.2, 30)), [3, 3]);
  assert.deepEqual(plain(view.stepsWithin(-4, 99, 30)), [0, 29]);
});

test("days that were dragged over are written as dates of the zone, shorter steps as instants", () => {
  const midnight = Date.UTC(2026, 9, 31, 18, 15) / 1000; // of 1 November in Kathmandu
  const days = { edges: [0, 1, 2, 3].map((day) => midnight + day * 86400), dated: true };
  assert.deepEqual(plain(view.brushed(days, 1, 2, "Asia/Kathmandu")), {
    range: "custom", from: "2026-11-02", to: "2026-11-03",
  });
  const hours = { edges: [0, 1, 2].map((hour) => midnight + hour * 3600), dated: false };
  assert.deepEqual(plain(view.brushed(hours, 0, 1, "Asia/Kathmandu")), {
    range: "custom", from: "2026-10-31T18:15Z", to: "2026-10-31T20:15Z",
  });
});

test("a time is that of the zone, with its date where that is another than now's", () => {
  const now = Date.UTC(2026, 10, 23, 22, 0, 0);
  assert.equal(view.clock("2026-11-23T20:04:05Z", now, "UTC"), "20:04:05");
  assert.equal(view.clock("2026-11-23T20:04:05Z", now, "Asia/Kathmandu"), "01:49:05");
  assert.equal(view.clock("2026-11-23T10:04:05Z", now, "Asia/Kathmandu"), "2026-11-23 15:49:05");
  assert.equal(view.clock("", now, "UTC"), "–");
});

test("a zone that no browser knows is taken for UTC, and fails nothing", () => {
  assert.equal(view.clock("2026-11-23T20:04:05Z", Date.UTC(2026, 10, 23, 22), "Mars/Base"), "20:04:05");
});

test("the chooser has the chosen zone, whether it lists the others yet or not; on a phone by its place", () => {
  assert.deepEqual(plain(view.zonesWith([], "Asia/Tokyo", false)), [
    { value: "Asia/Tokyo", label: "Asia/Tokyo", search: "Asia/Tokyo" },
  ]);
  const zones = ["Asia/Tokyo", "UTC"].map((value) => ({ value, label: `${value} +0:00`, search: value }));
  assert.deepEqual(plain(view.zonesWith(zones, "UTC", false)), zones);
  assert.equal(view.zonesWith([], "America/Argentina/La_Rioja", true)[0].label, "La Rioja");
});
