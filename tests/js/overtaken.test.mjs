import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

/* A page with these cards' exact costs; `mutated()` is what the browser calls after a change of one. */
function makePage(cards, shown) {
  const elements = Object.fromEntries(Object.entries(cards).map(([id, cost]) => [id, { dataset: { cost } }]));
  const painted = [];
  let mutated;
  class MutationObserver {
    constructor(run) {
      mutated = run;
    }
    observe(_target, options) {
      assert.deepEqual(plain(options.attributeFilter), ["data-cost"]);
    }
  }
  const document = { getElementById: (id) => elements[id] ?? null };
  const dc = stage(["overtaken"], { document, MutationObserver });
  dc.live = { shown: (store) => shown[store] };
  dc.render = { paint: ({ cost }, store) => painted.push([store, cost]) };
  return { elements, painted, mutated: () => mutated() };
}

test("what Dash draws late is painted over with the newest", () => {
  const page = makePage({ "nav-credits": "5.00", "thread-credits": "2.00" }, { "nav-usage": { cost: "7.15" }, "thread-usage": { cost: "2.00" } });
  page.mutated();
  assert.deepEqual(page.painted, [["nav-usage", "7.15"]]);
  page.elements["nav-credits"].dataset.cost = "7.15";
  page.mutated();
  assert.equal(page.painted.length, 1);
});

test("a card without a figure, one that is not on the page, and a thread that is gone are left alone", () => {
  const page = makePage({ "nav-credits": "", "thread-credits": "2.00" }, { "nav-usage": { cost: "7.15" }, "thread-usage": { gone: true } });
  page.mutated();
  assert.deepEqual(page.painted, []);
});
