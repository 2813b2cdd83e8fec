import assert from "node:assert/strict";
import test from "node:test";
import { plain, settled } from "./stage.mjs";
import { fakeStore, workerStage } from "./worker_stage.mjs";

const { shelf: shelves } = workerStage(["shelf"]);
const LIMITS = { most: 3, mostBytes: 100, largest: 60, keptMs: 1000 };

function makeShelf() {
  const world = { at: 0, resume: [] };
  const store = fakeStore();
  const pause = () => new Promise((resolve) => world.resume.push(resolve));
  const shelf = shelves.createShelf({ store, now: () => world.at, pause, limits: LIMITS });
  const write = async () => {
    world.resume.splice(0).forEach((run) => run());
    await settled();
    await settled();
  };
  return { shelf, store, world, write };
}

const note = (key, more = {}) => ({ key, viewer: "ann", ...more });
const keys = async (shelf) => plain(await shelf.noted()).map(({ key }) => key).sort();

test("what is put is there at once, and written later", async () => {
  const { shelf, store, write } = makeShelf();
  shelf.put(note("a"), "text");
  assert.equal((await shelf.get("a")).text, "text");
  assert.equal(store.writes, 0);
  await write();
  assert.equal(store.writes, 1);
  assert.equal((await shelf.get("a")).text, "text");
  assert.equal(await shelf.get("b"), null);
});

test("however often an answer comes within a second, it is written once, and as it was last", async () => {
  const { shelf, store, write } = makeShelf();
  for (const text of ["one", "two", "three"]) shelf.put(note("a"), text);
  await write();
  assert.equal(store.writes, 1);
  assert.equal((await shelf.get("a")).text, "three");
});

test("the least recently used gives way where there are too many, or too much", async () => {
  const { shelf, world, write } = makeShelf();
  for (const key of ["a", "b", "c"]) {
    world.at += 1;
    shelf.put(note(key), key);
    await write();
  }
  world.at += 1;
  await shelf.get("a");
  shelf.put(note("d"), "d");
  await write();
  assert.deepEqual(await keys(shelf), ["a", "c", "d"]);
  world.at += 1;
  shelf.put(note("e"), "x".repeat(60));
  world.at += 1;
  shelf.put(note("f"), "x".repeat(60));
  await write();
  assert.deepEqual(await keys(shelf), ["f"], "both are more than a hundred");
});

test("what is too large is not kept, nor is what it would have replaced", async () => {
  const { shelf, write } = makeShelf();
  shelf.put(note("a"), "small");
  await write();
  shelf.put(note("a"), "x".repeat(61));
  await write();
  assert.equal(await shelf.get("a"), null);
});

test("what is too old is gone, also before it is written over", async () => {
  const { shelf, world, write } = makeShelf();
  shelf.put(note("a"), "text");
  await write();
  world.at = 1000;
  assert.equal((await shelf.get("a")).text, "text");
  world.at = 1001;
  assert.equal(await shelf.get("a"), null);
  assert.deepEqual(plain(shelves.overflow([{ key: "a", at: 0, used: 900, bytes: 1 }], 1001, LIMITS)), ["a"]);
});

test("what goes is gone, whether it was written yet or not, and is not brought back by its last use", async () => {
  const { shelf, store, write } = makeShelf();
  shelf.put(note("a"), "text");
  await write();
  shelf.put(note("b", { viewer: "ben" }), "text");
  shelf.put(note("c"), "text");
  const used = shelf.get("a");
  await shelf.removeWhere(({ viewer }) => viewer === "ann");
  await used;
  await write();
  assert.deepEqual(await keys(shelf), ["b"]);
  assert.equal(await store.read("c"), undefined);
  assert.equal(await store.read("a"), undefined);
});

test("where nothing can be kept, nothing is, and nobody is kept waiting", async () => {
  const { shelf, store, write } = makeShelf();
  store.broken = true;
  shelf.put(note("a"), "text").catch(() => {});
  await write();
  assert.equal(await shelf.get("b"), null);
  assert.deepEqual(await keys(shelf), []);
  await shelf.removeWhere(() => true);
});
