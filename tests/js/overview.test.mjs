import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { overview, parts, figure_card } = stage(["pace", "parts", "figure_card", "overview"]);
const { targetOf } = overview;
const { concerns } = parts;
const { sparkPoints } = figure_card;

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

const VIEW = { scope: "all", range: "7d", from: "", to: "", zone: "UTC", model: "", by: "model", compare: "on" };
const ANSWER = {
  request: 1,
  took_ms: 5,
  open: true,
  head: "",
  as_of: "2026-11-23T20:00:00Z",
  figures: Object.fromEntries(["credits", "total_tokens", "calls"].map((name) => [name, { text: "1", exact: "1", spark: [] }])),
};

/* The page with its cards; those in `below` are out of sight. What was asked and marked is noted. */
function page({ below = [] } = {}) {
  const frames = [];
  const asked = [];
  const marked = new Map();
  const box = (id) => ({ getBoundingClientRect: () => ({ width: 100, top: below.includes(id) ? 5000 : 10, bottom: 60 + (below.includes(id) ? 5000 : 0) }) });
  const root = { isConnected: true };
  let seen = () => {};
  const dc = stage(["pace", "parts", "figure_card", "overview"], {
    performance: { now: () => 0 },
    requestAnimationFrame: (run) => frames.push(run),
    setTimeout: (run) => run(),
    innerHeight: 900,
    document: { visibilityState: "hidden", getElementById: (id) => (id === "overview" ? root : id.startsWith("overview-spark") ? null : box(id)) },
    IntersectionObserver: class {
      constructor(run) {
        seen = run;
      }
      observe() {}
      disconnect() {}
    },
  });
  let triggered = [];
  let looked = null;
  Object.assign(dc, {
    callback_context: { get triggered() { return triggered; } },
    gate: { forget() {}, pace() {}, answered() {}, sourceOf: (part) => part, ask: (part) => asked.push(part) },
    publish: { publish: (id, props) => marked.set(id, props["data-state"]) },
    render: { succeeded() {}, flashOf: () => "", toneOf: () => "" },
    view: { watch() {}, clock: () => "" },
  });
  const by = (name, run) => {
    triggered = name ? [{ prop_id: name, value: 1 }] : [];
    run();
  };
  return {
    asked,
    marked,
    look(view) {
      looked = view;
      by("view.data", () => dc.overview.ask(view, null));
    },
    tops: (target) => dc.overview.tops_answered({ request: 1, took_ms: 5, target }),
    hint: (hint) => by("overview-changed.data", () => dc.overview.ask(VIEW, hint)),
    tick: () => by("overview-interval.n_intervals", () => dc.overview.ask(VIEW, null)),
    answer(target = looked) {
      let shown = null;
      by("overview-answer.data", () => (shown = dc.overview.figures({ ...ANSWER, target }, { state: "live", history: "complete" })));
      return shown;
    },
    frame: () => frames.splice(0).forEach((run) => run()),
    scroll: (moved) => {
      below.splice(0);
      seen([{ isIntersecting: moved }]);
    },
    take: () => asked.splice(0),
  };
}

const LATER = ["overview_rest", "overview_activity", "overview_tops", "overview_running"];

test("the first figures are asked for first, and everything else once they are drawn", () => {
  const { look, answer, frame, take } = page();
  look(VIEW);
  assert.deepEqual(take(), ["overview"]);
  answer();
  assert.deepEqual(take(), []);
  frame();
  assert.deepEqual(take(), LATER);
});

test("another range marks what is shown as the last one's, another account hides it", () => {
  const { look, marked } = page();
  look(VIEW);
  assert.equal(marked.get("overview-threads"), "loading");
  look({ ...VIEW, range: "30d" });
  assert.equal(marked.get("overview-threads"), "stale");
  look({ ...VIEW, scope: "a" });
  assert.equal(marked.get("overview-threads"), "loading");
});

test("another stacking asks for the chart alone", () => {
  const { look, answer, frame, take } = page();
  look(VIEW);
  answer();
  frame();
  take();
  look({ ...VIEW, by: "account" });
  answer();
  frame();
  assert.deepEqual(take(), ["overview"]);
});

test("a hint asks for what is in sight, and for the rest when it comes into sight", () => {
  const { look, answer, frame, take, hint, scroll } = page({ below: ["overview-heat", "overview-models"] });
  look(VIEW);
  answer();
  frame();
  take();
  hint({ accounts: ["a"] });
  assert.deepEqual(take(), ["overview", "overview_activity", "overview_tops", "overview_running"]);
  scroll(true);
  assert.deepEqual(take(), ["overview_rest"]);
});

test("while the first figures of a view are on their way, hints about the rest wait", () => {
  const { look, answer, frame, take, hint } = page();
  look(VIEW);
  take();
  hint({ all: true });
  assert.deepEqual(take(), ["overview"]);
  answer();
  frame();
  assert.deepEqual(take(), LATER);
});

test("without hints it asks for everything at every tick, and not between", () => {
  const { look, answer, frame, take, tick } = page();
  look(VIEW);
  answer();
  frame();
  take();
  look(VIEW);
  assert.deepEqual(take(), []);
  tick();
  assert.equal(take().length, 5);
});

test("an answer about what was looked at before shows nothing, and is hidden until the right one is here", () => {
  const { look, answer, frame, marked, tops, take } = page();
  look(VIEW);
  answer();
  frame();
  look({ ...VIEW, scope: "a" });
  take();
  marked.clear();
  tops(VIEW); // of all accounts, while one is looked at
  assert.equal(marked.get("overview-threads"), "loading");
  assert.ok(answer(VIEW).every((part) => typeof part === "symbol"));
  frame();
  assert.deepEqual(take(), []);
  assert.equal(answer().length, 24);
  frame();
  assert.deepEqual(take(), LATER);
});
