import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { preferences } = stage(["formats", "publish", "periods", "preferences"]);
const { createKeeper, applyTo, periodText, DEFAULTS } = preferences;

test("the latest is kept, whatever order it comes in, and every listener is told with what was before", () => {
  const keeper = createKeeper({ theme: "dark", version: 5 });
  const told = [];
  const end = keeper.onChange((now, before) => told.push([before.theme, now.theme]));
  assert.equal(keeper.take({ theme: "light", version: 4 }), false);
  assert.equal(keeper.take({ theme: "light", version: 5 }), false);
  assert.equal(keeper.take({ theme: "light", version: 6 }), true);
  assert.equal(keeper.take(undefined), false);
  end();
  keeper.take({ theme: "system", version: 7 });
  assert.deepEqual(told, [["dark", "light"]]);
  assert.equal(keeper.current().theme, "system");
});

test("what is missing is a default, and what is unknown is left out", () => {
  const { current } = createKeeper({ type: "preferences", theme: "dark", person: "x" });
  assert.deepEqual(plain(current()), { ...plain(DEFAULTS), theme: "dark" });
});

test("the root says what does not follow the system", () => {
  const root = { dataset: {} };
  applyTo(root, { theme: "dark", reduced_motion: "reduced" });
  assert.deepEqual(root.dataset, { theme: "dark", motion: "reduced" });
  applyTo(root, { theme: "system", reduced_motion: "system" });
  assert.deepEqual(root.dataset, {});
});

test("periods in words, as the cards have them", () => {
  assert.deepEqual([2, 59, 60, 90, 120, 600].map(periodText), ["2 s", "59 s", "60 s", "90 s", "2 min", "10 min"]);
});

/* A tab of a person: its document, and a channel that all tabs of the browser have. */
function tab(channel, person, said = {}) {
  class BroadcastChannel {
    constructor() {
      channel.push(this);
    }
    postMessage(data) {
      for (const one of channel) if (one !== this) one.onmessage({ data });
    }
  }
  const textContent = JSON.stringify({ preferences: said, person });
  const document = { getElementById: () => ({ textContent }), documentElement: { dataset: {} } };
  return stage(["formats", "publish", "periods", "preferences"], { document, BroadcastChannel }).preferences;
}

test("tabs of one browser tell each other what was saved, those of one person alone", () => {
  const channel = [];
  const [one, two, other] = [tab(channel, "ann"), tab(channel, "ann"), tab(channel, "ben")];
  one.saved({ theme: "dark", version: 1 });
  assert.deepEqual([one, two, other].map((each) => each.current().theme), ["dark", "dark", "system"]);
});

test("a document that says nothing means the defaults", () => {
  assert.deepEqual(plain(tab([], "ann").current()), plain(DEFAULTS));
  assert.equal(tab([], "ann", { theme: "light", version: 3 }).current().theme, "light");
});
