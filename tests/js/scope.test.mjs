import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { decide } = stage(["scope"]).scope;
const plan = (given) => plain(decide({ usual: "all", search: "", value: "all", chosen: false, popped: false, ...given }));

test("an address that was just opened decides the scope", () => {
  assert.deepEqual(plan({ value: null, search: "?scope=a" }), { choose: true });
});

test("a choice is written into the address", () => {
  assert.deepEqual(plan({ value: "a", chosen: true }), { write: "?scope=a", push: true });
  assert.deepEqual(plan({ value: "a", chosen: true, search: "?q=x&scope=b" }), { write: "?q=x&scope=a", push: true });
});

test("the usual scope is not written", () => {
  assert.deepEqual(plan({ value: "all", chosen: true, search: "?scope=a" }), { write: "", push: true });
});

test("a link that names no scope keeps the chosen one", () => {
  assert.deepEqual(plan({ value: "a", search: "" }), { write: "?scope=a", push: false });
});

test("the back button means the address", () => {
  assert.deepEqual(plan({ value: "a", search: "", popped: true }), { choose: true });
  assert.deepEqual(plan({ value: "a", search: "?scope=b", popped: true }), { choose: true });
  assert.deepEqual(plan({ value: "b", search: "?scope=b", popped: true }), {});
});

test("a person without any account is not asked for one for ever", () => {
  assert.deepEqual(plan({ value: null, chosen: true }), {});
});

test("an address whose scope is not there stays as it is: the page says so", () => {
  assert.deepEqual(plan({ value: "all", chosen: true, answered: true, search: "?scope=none" }), {});
  assert.deepEqual(plan({ value: "a", chosen: true, search: "?scope=none" }), { write: "?scope=a", push: true });
});
