import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

function makeRender() {
  const lines = [];
  const dc = stage(["formats", "publish", "preferences", "units", "periods", "render"], {
    console: { info: (line) => lines.push(line) },
    document: { getElementById: () => null, documentElement: { dataset: {} } },
  });
  dc.callback_context = { outputs_list: [] };
  dc.live = { newest: (usage) => usage };
  return { dc, render: dc.render, lines };
}

const LIVE = { state: "live", history: "complete" };
const NAV = {
  type: "nav-usage",
  scope: "s",
  cost: "1842.030000",
  credits: 184203,
  total_tokens: 62400000,
  purchased_credits: 1250,
  agent_status: "running",
  period_label: "1 Nov to 30 Nov",
  as_of: "2026-11-23T12:00:00Z",
};
const THREAD = {
  type: "thread-usage",
  thread_id: "t",
  cost: "12.471083",
  credits: 1247,
  prompt_tokens: 4800000,
  completion_tokens: 70123,
  total_tokens: 4870123,
  calls: 41,
  agent_status: "idle",
  as_of: "2026-11-23T12:00:00Z",
};
const PLAN = { scope: "s", plan: "Team", status: "active", credits_included: 250000, current: true };

test("the bar goes by the exact cost, where there is one", () => {
  const { shareOf } = stage(["formats", "preferences", "units", "periods", "render"], {}).render;
  const usage = { scope: "s", credits: 0, cost: "0.004" };
  const plan = { scope: "s", credits_included: 1 };
  assert.equal(shareOf(usage, { ...plan, credits_per_dollar: 100 }), 40);
  assert.equal(shareOf({ ...usage, credits: 1 }, plan), 100);
});

test("the navigation card: the number alone, exact dollars, period and plan", () => {
  const { render } = makeRender();
  const [credits, cost, tone, label, bar, plan, tokens, title, purchased] = render.nav(NAV, PLAN, "s", LIVE);
  assert.equal(credits, "184,203");
  assert.equal(cost, "1842.030000");
  assert.equal(tone, "usage-credits figure");
  assert.equal(label, "Credits, 1 Nov to 30 Nov");
  assert.equal(bar.width, "73.7%");
  assert.equal(plan, "of 250,000 · Team plan");
  assert.deepEqual([tokens, title, purchased], ["62.4 M tokens", "62,400,000 tokens", " · 1,250 purchased"]);
});

test("status, period and frequency follow the agents", () => {
  const { render } = makeRender();
  assert.deepEqual(plain(render.nav(NAV, PLAN, "s", LIVE).slice(11)), ["running", 10000, "every 10 s"]);
  const idle = { ...NAV, agent_status: "idle" };
  assert.deepEqual(plain(render.nav(idle, PLAN, "s", LIVE).slice(11)), ["idle", 30000, "every 30 s"]);
});

test("a tab without a stream goes on asking, and says how often; a hidden one does not", () => {
  const { frequencyOf } = makeRender().render;
  assert.equal(frequencyOf({ state: "paused", asking: true }, "running", false), "every 10 s");
  assert.equal(frequencyOf({ state: "paused", asking: false }, "running", false), "paused");
});

test("periods are those that the person has chosen", () => {
  const { dc, render } = makeRender();
  dc.preferences.take({ ...dc.preferences.DEFAULTS, running_seconds: 2, idle_seconds: 120, version: 1 });
  assert.deepEqual(plain(render.nav(NAV, PLAN, "s", LIVE).slice(11)), ["running", 2000, "every 2 s"]);
  const idle = { ...NAV, agent_status: "idle" };
  assert.deepEqual(plain(render.nav(idle, PLAN, "s", LIVE).slice(11)), ["idle", 120000, "every 2 min"]);
});

test("a value of another scope is not shown under this one", () => {
  const { render } = makeRender();
  const [credits, cost] = render.nav(NAV, PLAN, "other", LIVE);
  assert.equal(credits.props.className, "skeleton");
  assert.equal(cost, "");
});

test("who has no account is told so, once that is known", () => {
  const { render } = makeRender();
  const before = render.nav(undefined, null, null, LIVE, null);
  assert.deepEqual([before[0].props.className, before[5].props.className], ["skeleton", "skeleton"]);
  const known = render.nav(undefined, null, null, LIVE, null, "");
  assert.deepEqual([known[0], known[1], known[5], known[6]], ["–", "", "No account is yours yet", ""]);
});

test("plans: all accounts, none, ended, without allowance", () => {
  const { render } = makeRender();
  assert.equal(render.planText(null, "all"), "All accounts, month to date");
  assert.equal(render.planText({ scope: "s", plan: null, current: false }, "s"), "No plan, month to date");
  const ended = { ...PLAN, status: "cancelled", current: false };
  assert.equal(render.planText(ended, "s"), "Team plan (cancelled), month to date");
  assert.equal(render.planText({ ...PLAN, credits_included: null }, "s"), "Team plan, no allowance");
});

test("nothing is said of a plan before its answer is in", () => {
  const { render } = makeRender();
  assert.equal(render.planText(null, "s").props.className, "skeleton");
  assert.equal(render.planText(PLAN, "other").props.className, "skeleton");
});

test("while history is counted no total is shown as final", () => {
  const { render } = makeRender();
  const counting = { state: "polling", history: "counting" };
  assert.match(render.nav(NAV, PLAN, "s", counting)[2], /provisional/);
  assert.equal(render.nav(NAV, PLAN, "s", counting)[3], "Credits so far: history is being counted");
  assert.equal(render.thread(THREAD, "t", counting)[3], "Credits so far: history is being counted");
});

test("offline, the last values stay, muted", () => {
  const { render } = makeRender();
  const figures = render.thread(THREAD, "t", { state: "offline", history: "complete" });
  assert.equal(figures[0], "1,247");
  assert.match(figures[2], /stale/);
  assert.equal(figures[16], "waiting for the server");
});

test("the thread header, idle", () => {
  const { render } = makeRender();
  const figures = plain(render.thread(THREAD, "t", LIVE));
  assert.deepEqual(figures.slice(0, 2), ["1,247", "12.471083"]);
  assert.deepEqual(figures.slice(4, 9), ["$12.471083", "4,870,123", "4,800,000", "70,123", "41"]);
  assert.deepEqual(figures.slice(10), [
    "2026-11-23T12:00:00Z",
    "idle",
    "Agent idle",
    "pill pill-idle",
    "idle",
    30000,
    "every 30 s while the agent is idle",
    true,
  ]);
});

test("a thread that is gone is said to be, and nothing else changes", () => {
  const { dc, render } = makeRender();
  const figures = render.thread({ type: "thread-usage", thread_id: "t", gone: true }, "t", LIVE);
  assert.equal(figures[17], false);
  assert.ok(figures.slice(0, 17).every((figure) => figure === dc.no_update));
});

test("the hook's configuration is logged when the page opens and when the status changes", () => {
  const { render, lines } = makeRender();
  render.thread(undefined, "t", LIVE);
  render.thread(THREAD, "t", LIVE);
  render.thread({ ...THREAD, credits: 1300 }, "t", LIVE);
  render.thread({ ...THREAD, agent_status: "running" }, "t", LIVE);
  assert.deepEqual(lines, [
    "[useThreadTokenUsage] Hook config for thread t: { agentStatus: 'idle', staleTime: '10s', refetchInterval: '30s' }",
    "[useThreadTokenUsage] Hook config for thread t: { agentStatus: 'running', staleTime: '5s', refetchInterval: '10s' }",
  ]);
});

test("the dot pulses only while an agent runs and the state is live", () => {
  const { render } = makeRender();
  assert.deepEqual(plain(render.dot(LIVE, "running")), ["live", "live pulsing", "Live"]);
  assert.deepEqual(plain(render.dot(LIVE, "idle")), ["live", "live", "Live"]);
  assert.deepEqual(plain(render.dot({ state: "polling" }, "running")), ["polling", "live", "Polling"]);
});

test("a figure flashes when it changes, again when it changes later, not all the time", () => {
  const { render } = makeRender();
  const memory = new Map();
  assert.equal(render.flashOf(memory, "nav", "all", 1, 0), "");
  assert.equal(render.flashOf(memory, "nav", "all", 2, 100), " flash-0");
  assert.equal(render.flashOf(memory, "nav", "all", 2, 5000), " flash-0");
  assert.equal(render.flashOf(memory, "nav", "all", 3, 5100), " flash-1");
  assert.equal(render.flashOf(memory, "nav", "all", 4, 5200), " flash-1");
  assert.equal(render.flashOf(memory, "nav", "other", 9, 9000), "");
});

test("a pushed value is painted at once, but not over what React holds", () => {
  const text = { textContent: "1", firstElementChild: null, setAttribute() {} };
  const held = { textContent: "", firstElementChild: {}, setAttribute() {} };
  const elements = { "thread-credits": text, "thread-cost": held };
  const dc = stage(["formats", "preferences", "units", "periods", "render"], { document: { getElementById: (id) => elements[id] || null } });
  dc.live = { newest: (usage) => usage };
  const outputs = Array.from({ length: 18 }, () => ({ id: "absent", property: "children" }));
  outputs[0] = { id: "thread-credits", property: "children" };
  outputs[4] = { id: "thread-cost", property: "children" };
  dc.callback_context = { outputs_list: outputs };
  dc.render.thread(undefined, "t", LIVE);
  dc.render.paint(THREAD);
  assert.equal(text.textContent, "1,247");
  assert.equal(held.textContent, "");
  dc.render.paint({ ...THREAD, thread_id: "another", credits: 5 });
  assert.equal(text.textContent, "1,247");
});

test("an alert keeps the time of the first failure until something succeeds", () => {
  const { dc, render } = makeRender();
  dc.gate = { failed() {}, askFailed() {} };
  dc.publish = { publish() {} };
  const failure = (at) => ({ source: "nav-answer", title: "Not up to date", text: "…", at });
  render.failure(failure("2026-11-23T12:00:00.000Z"));
  assert.equal(render.failure(failure("2026-11-23T12:00:10.000Z"))[4], "2026-11-23T12:00:00.000Z");
  assert.equal(render.failure(null)[0], true);
  assert.equal(render.failure(failure("2026-11-23T13:00:00.000Z"))[4], "2026-11-23T13:00:00.000Z");
});

test("an answer ends the alert of its own kind, and has asked again what else failed", () => {
  const { dc, render } = makeRender();
  const done = [];
  dc.gate = { failed: (source) => done.push(`failed ${source}`), askFailed: () => done.push("ask failed") };
  dc.publish = { publish: (id, { data }) => done.push(`${id} ${data}`) };
  render.failure({ source: "thread-figure", title: "Not up to date", text: "…", at: "2026-11-23T12:00:00.000Z" });
  render.succeeded(["nav-answer", "thread-answer"]);
  render.succeeded(["thread-figure"]);
  assert.deepEqual(done, ["failed thread-figure", "ask failed", "failure null", "ask failed"]);
});
