import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { overview } = stage(["overview"]);
const { concerns, sparkPoints, targetOf } = overview;

test("a hint concerns all accounts, the one it names, or everyone", () => {
  assert.equal(concerns({ accounts: ["a"] }, "all"), true);
  assert.equal(concerns({ accounts: ["a"] }, "a"), true);
  assert.equal(concerns({ accounts: ["a"] }, "b"), false);
  assert.equal(concerns({ all: true }, "b"), true);
});

test("a line over its box begins left, ends right, and zero is below", () => {
  assert.equal(sparkPoints([0, 5, 10]), "0,100 50,50 100,0");
  assert.equal(sparkPoints([4]), null);
  assert.equal(sparkPoints([0, 0, 0]), null);
});

test("a part is asked for again only where what it depends on is another", () => {
  const view = { scope: "a", range: "7d", from: "", to: "", zone: "UTC", model: "", by: "model", compare: "on" };
  assert.deepEqual(plain(targetOf("overview_running", view)), { scope: "a" });
  assert.deepEqual(targetOf("overview_tops", view), targetOf("overview_tops", { ...view, by: "account", compare: "off" }));
  assert.notDeepEqual(targetOf("overview", view), targetOf("overview", { ...view, by: "account" }));
});
