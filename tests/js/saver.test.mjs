import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, settled, stage } from "./stage.mjs";

const { saver: savers } = stage(["saver"]);

function page() {
  const clock = fakeClock();
  const sent = [];
  const states = [];
  const server = { reachable: true };
  const saver = savers.createSaver({
    reach: () => Promise.resolve(server.reachable),
    send: (request) => Boolean(sent.push(plain(request))),
    setTimeout: clock.setTimeout,
    changed: (state) => states.push(plain(state)),
  });
  const answer = (errors = {}) => saver.answered({ request: sent.at(-1).n, errors });
  return { saver, sent, states, server, clock, answer, word: () => states.at(-1).word };
}

test("what is chosen is sent at once, and its word is Saved once it is answered", async () => {
  const { saver, sent, answer, states } = page();
  saver.choose({ theme: "dark" });
  await settled();
  assert.deepEqual(sent, [{ n: 1, choices: { theme: "dark" } }]);
  answer();
  assert.deepEqual(
    states.map(({ word, pending }) => [word, pending]),
    [["saving", ["theme"]], ["saved", []]],
  );
});

test("of quick choices the last one is the last that is sent", async () => {
  const { saver, sent, answer, word } = page();
  for (const theme of ["dark", "light", "system"]) saver.choose({ theme });
  await settled();
  assert.deepEqual(sent.map(({ choices }) => choices.theme), ["dark"]);
  answer();
  await settled();
  assert.deepEqual(sent.map(({ choices }) => choices.theme), ["dark", "system"]);
  assert.equal(word(), "saving");
  answer();
  assert.equal(word(), "saved");
});

test("what is refused is told by field, until something else is chosen for it", async () => {
  const { saver, answer, states } = page();
  saver.choose({ idle_seconds: "1" });
  await settled();
  answer({ idle_seconds: "too short" });
  assert.deepEqual(states.at(-1), { word: "refused", errors: { idle_seconds: "too short" }, pending: [] });
  saver.choose({ theme: "dark" });
  await settled();
  answer();
  assert.equal(states.at(-1).word, "refused");
  saver.choose({ idle_seconds: "30" });
  await settled();
  answer();
  assert.deepEqual(states.at(-1), { word: "saved", errors: {}, pending: [] });
});

test("without a server it waits, and sends what was chosen last once there is one", async () => {
  const { saver, sent, server, clock, word, answer } = page();
  server.reachable = false;
  saver.choose({ theme: "dark", unit: "dollars" });
  await settled();
  assert.deepEqual([sent.length, word()], [0, "waiting"]);
  saver.choose({ theme: "light" });
  await settled();
  server.reachable = true;
  clock.advance(3000);
  await settled();
  assert.deepEqual(sent.map(({ choices }) => choices), [{ theme: "light", unit: "dollars" }]);
  answer();
  assert.equal(word(), "saved");
});

test("a request that failed, or that is answered by nobody, is made again; a late answer to it changes nothing", async () => {
  const { saver, sent, clock, answer, word } = page();
  saver.choose({ theme: "dark" });
  await settled();
  saver.failed();
  assert.equal(word(), "waiting");
  clock.advance(3000);
  await settled();
  clock.advance(15000);
  assert.equal(word(), "waiting");
  clock.advance(3000);
  await settled();
  assert.equal(sent.length, 3);
  saver.answered({ request: 1, errors: {} });
  assert.equal(word(), "saving");
  answer();
  assert.equal(word(), "saved");
});
