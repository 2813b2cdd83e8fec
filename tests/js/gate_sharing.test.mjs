// Several tabs' gates on one channel: what one asks, the others need not.
import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, settled, stage } from "./stage.mjs";

const { gate: gates } = stage(["pace", "gate"]);
const ALL = { scope: "all" };
const PERIOD = 10000;

function makeBrowser(count) {
  const clock = fakeClock();
  const tabs = [];
  for (let index = 0; index < count; index += 1) {
    const tab = { visible: true, online: true, reachable: true, open: true, sent: [], shown: [] };
    tab.gate = gates.createGate({
      now: clock.now,
      setTimeout: clock.setTimeout,
      visible: () => tab.visible,
      online: () => tab.online,
      reach: () => Promise.resolve(tab.reachable),
      paces: {},
      periodMs: () => PERIOD,
      deferMs: () => 100 * index,
      send(key, request) {
        tab.sent.push(plain({ key, ...request }));
        return true;
      },
      show: (key, answer) => tab.shown.push(plain({ key, ...answer })),
      post(type, body) {
        for (const other of tabs) if (other !== tab && other.open) other.gate.heard[type]({ ...plain(body), ageMs: 0 });
      },
    });
    tabs.push(tab);
  }
  const answer = (tab, credits = 1) => {
    const { key, n, scope } = tab.sent.at(-1);
    tab.gate.answered(key, n);
    tab.gate.share(key, { scope, credits, request: n });
  };
  const asked = () => tabs.map(({ sent }) => sent.splice(0).length);
  return { clock, tabs, answer, asked };
}

/* All tabs show the same, and the first has its answer. */
async function makeSettled(count) {
  const browser = makeBrowser(count);
  for (const { gate } of browser.tabs) {
    gate.ask("nav", ALL);
    await settled();
  }
  assert.deepEqual(browser.asked(), [1, ...new Array(count - 1).fill(0)], "who opens while one asks, takes its answer");
  browser.tabs[0].sent.push({ key: "nav", n: 1, scope: "all" });
  browser.answer(browser.tabs[0]);
  browser.asked();
  return browser;
}

test("intervals of ten tabs that tick at the same moment are one request", async () => {
  const { clock, tabs, answer, asked } = await makeSettled(10);
  for (let round = 0; round < 5; round += 1) {
    clock.advance(PERIOD);
    for (const { gate } of tabs) gate.ask("nav", ALL);
    await settled();
    clock.advance(50);
    answer(tabs[0], round);
    clock.advance(2000);
    await settled();
    assert.deepEqual(asked(), [1, ...new Array(9).fill(0)]);
  }
  assert.equal(tabs[9].shown.at(-1).credits, 4);
});

test("intervals that tick at different moments are one request a period", async () => {
  const { clock, tabs, asked } = await makeSettled(3);
  const sums = [0, 0, 0];
  for (let second = 1; second <= 100; second += 1) {
    clock.advance(1000);
    tabs.forEach(({ gate }, index) => second % 10 === 3 * index && gate.ask("nav", ALL));
    await settled();
    clock.advance(0);
    for (const tab of tabs) if (tab.sent.length) tab.gate.answered("nav", tab.sent.at(-1).n);
    for (const tab of tabs) if (tab.sent.length) tab.gate.share("nav", { scope: "all" });
    asked().forEach((count, index) => (sums[index] += count));
  }
  assert.ok(sums[0] + sums[1] + sums[2] <= 11, String(sums));
  assert.ok(sums[0] + sums[1] + sums[2] >= 9, String(sums));
});

test("when the tab that asked is closed, another goes on", async () => {
  const { clock, tabs, asked } = await makeSettled(2);
  tabs[0].open = false;
  clock.advance(PERIOD);
  tabs[1].gate.ask("nav", ALL);
  clock.advance(100);
  await settled();
  assert.deepEqual(asked(), [0, 1]);
});

test("a request whose tab was closed before its answer is made again after three seconds", async () => {
  const { clock, tabs, asked } = makeBrowser(2);
  tabs[0].gate.ask("nav", ALL);
  await settled();
  tabs[0].open = false;
  assert.equal(tabs[1].gate.ask("nav", ALL, { must: true }), "later");
  clock.advance(2999);
  await settled();
  assert.deepEqual(asked(), [1, 0]);
  clock.advance(1);
  await settled();
  assert.deepEqual(asked(), [0, 1]);
});

test("what failed for one is asked by each for itself", async () => {
  const { clock, tabs, asked } = makeBrowser(2);
  tabs[0].gate.ask("nav", ALL);
  await settled();
  tabs[1].gate.ask("nav", ALL);
  tabs[0].gate.answered("nav", null, { failed: true });
  clock.advance(1000);
  tabs[1].gate.ask("nav", ALL);
  await settled();
  assert.deepEqual(asked(), [1, 1]);
});

test("another target is asked for by itself, and takes nobody's answer", async () => {
  const { tabs, answer, asked } = makeBrowser(2);
  tabs[0].gate.ask("nav", ALL);
  tabs[1].gate.ask("nav", { scope: "x" });
  await settled();
  answer(tabs[0]);
  assert.deepEqual(asked(), [1, 1]);
  assert.deepEqual(tabs[1].shown, []);
});

test("who comes back to a tab is answered anew, unless that has just been asked elsewhere", async () => {
  const { clock, tabs, asked } = await makeSettled(2);
  clock.advance(5000);
  assert.equal(tabs[1].gate.ask("nav", ALL), "skip");
  assert.equal(tabs[1].gate.ask("nav", ALL, { must: true }), "ask");
  await settled();
  assert.deepEqual(asked(), [0, 1]);
});

test("a refresh in one tab refreshes every other: the same by its answer, another by a request of its own", async () => {
  const { clock, tabs, answer, asked } = await makeSettled(3);
  tabs[2].gate.ask("nav", { scope: "x" });
  await settled();
  tabs[2].gate.answered("nav", 1);
  asked();
  clock.advance(5000);
  tabs[0].gate.refresh([["nav", ALL]]);
  await settled();
  assert.equal(tabs[0].sent[0].force, true);
  answer(tabs[0], 7);
  assert.equal(tabs[1].shown.at(-1).credits, 7);
  assert.deepEqual(tabs[2].sent, [{ key: "nav", n: 2, force: true, scope: "x" }]);
});

test("a hidden tab is refreshed when it is back", async () => {
  const { clock, tabs, asked } = await makeSettled(2);
  tabs[1].gate.ask("nav", { scope: "x" });
  await settled();
  tabs[1].gate.answered("nav", 2);
  clock.advance(5000);
  asked();
  tabs[1].visible = false;
  tabs[0].gate.refresh([["nav", ALL]]);
  await settled();
  assert.deepEqual(asked(), [1, 0]);
  tabs[1].visible = true;
  tabs[1].gate.askAll({ must: true });
  await settled();
  assert.deepEqual(tabs[1].sent.map(({ force, scope }) => [force, scope]), [[true, "x"]]);
  clock.advance(20000);
  tabs[1].gate.ask("nav", { scope: "x" });
  clock.advance(1000);
  await settled();
  assert.equal(tabs[1].sent.at(-1).force, false);
});

test("parts that no other tab can use are refreshed by each tab that shows them", async () => {
  const { tabs, asked } = makeBrowser(2);
  for (const { gate } of tabs) gate.ask("thread_detail", { thread_id: "t" });
  await settled();
  tabs.forEach(({ gate }) => gate.answered("thread_detail"));
  asked();
  tabs[0].gate.refresh([["thread", { thread_id: "t" }]], [["thread_detail", { thread_id: "t" }]]);
  await settled();
  assert.deepEqual(tabs[0].sent.map(({ key }) => key), ["thread"]);
  assert.deepEqual(tabs[1].sent.map(({ key, force }) => [key, force]), [["thread_detail", true]]);
});

test("a refresh without a network, or without a server, is made when there is one", async () => {
  const { clock, tabs, asked } = makeBrowser(1);
  const [tab] = tabs;
  tab.online = false;
  assert.equal(tab.gate.ask("nav", ALL, { force: true }), "skip");
  tab.online = true;
  tab.reachable = false;
  tab.gate.askAll();
  await settled();
  assert.deepEqual(asked(), [0]);
  tab.reachable = true;
  clock.advance(1000);
  tab.gate.askAll();
  await settled();
  assert.equal(tab.sent[0].force, true);
});

test("periods that have become shorter are asked for at once, where they are over", async () => {
  const { clock, tabs, asked } = makeBrowser(1);
  const [{ gate }] = tabs;
  gate.ask("nav", ALL);
  await settled();
  gate.answered("nav", 1);
  clock.advance(PERIOD - 1000);
  gate.askDue();
  await settled();
  assert.deepEqual(asked(), [1]);
  clock.advance(1000);
  gate.askDue();
  await settled();
  assert.deepEqual(asked(), [1]);
});
