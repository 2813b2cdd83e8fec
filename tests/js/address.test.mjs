import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, stage } from "./stage.mjs";

const { address } = stage(["address"]);
const at = (path, search = "") => ({ path, search });
const A = { path: "/threads/a" };

function makeFollower() {
  const clock = fakeClock();
  const asks = [];
  return { follower: address.createFollower({ now: clock.now, ask: (n) => asks.push(n) }), clock, asks };
}

test("a page is its path's, whatever the query; a refusal only its own query's", () => {
  assert.equal(address.isShown(A, at("/threads/a", "?scope=x")), true);
  assert.equal(address.isShown(A, at("/threads/b")), false);
  assert.equal(address.isShown(null, at("/threads/a")), false);
  assert.equal(address.isShown({ path: "/threads", search: "?scope=x" }, at("/threads", "?scope=x")), true);
  assert.equal(address.isShown({ path: "/threads", search: "?scope=x" }, at("/threads", "")), false);
});

test("while the page is on its way nothing is asked twice", () => {
  const { follower, clock, asks } = makeFollower();
  assert.equal(follower.follow(at("/threads/b"), A, 1), false);
  follower.retry(1);
  clock.advance(14999);
  follower.retry(1);
  assert.deepEqual(asks, []);
  assert.equal(follower.follow(at("/threads/b"), { path: "/threads/b" }, 1), true);
  clock.advance(60000);
  follower.retry(2, { force: true });
  assert.deepEqual(asks, []);
});

test("a page that got no answer is asked for again by a new connection, else after 15 s", () => {
  const { follower, clock, asks } = makeFollower();
  follower.follow(at("/threads/b"), A, 1);
  follower.retry(2);
  follower.retry(2);
  assert.deepEqual(asks, [1]);
  clock.advance(15000);
  follower.retry(2);
  assert.deepEqual(asks, [1, 2]);
});

test("the first connection proves nothing lost", () => {
  const { follower, asks } = makeFollower();
  follower.follow(at("/threads/a"), null, 0);
  follower.retry(1);
  assert.deepEqual(asks, []);
});

test("a page that failed is asked for again after 3 s, and at once where a person wants it", () => {
  const { follower, clock, asks } = makeFollower();
  follower.follow(at("/threads/b"), A, 1);
  follower.failed();
  clock.advance(2999);
  follower.retry(1);
  assert.deepEqual(asks, []);
  clock.advance(1);
  follower.retry(1);
  follower.retry(1);
  follower.retry(1, { force: true });
  assert.deepEqual(asks, [1, 2]);
});

test("what was refused is asked for again with another query", () => {
  const { follower, asks } = makeFollower();
  const refused = { path: "/threads", search: "?scope=x" };
  follower.follow(at("/threads", "?scope=x"), refused, 1);
  follower.follow(at("/threads", ""), refused, 1);
  assert.deepEqual(asks, [1]);
});
