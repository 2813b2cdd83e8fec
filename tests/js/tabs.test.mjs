// One stream for all tabs: who leads, who follows, and what each is shown, through openings, ends, sleep and refusals.
import assert from "node:assert/strict";
import test from "node:test";
import { fakeBrowser } from "./browser_stage.mjs";
import { plain } from "./stage.mjs";

const costs = (tab) => Object.fromEntries([...tab.shown].map(([topic, { cost }]) => [topic, cost]));

async function makeBrowser(count, options) {
  const browser = fakeBrowser();
  for (let index = 0; index < count; index += 1) {
    browser.openTab(options);
    await browser.advance(200);
  }
  return browser;
}

test("ten tabs have one stream, and every one is live and shows each change", async () => {
  const browser = await makeBrowser(10);
  assert.equal(browser.server.sockets.size, 1);
  assert.equal(browser.server.opened, 1);
  browser.server.commit("nav:all", 5);
  await browser.advance(50);
  for (const tab of browser.tabs) assert.deepEqual([browser.state(tab), costs(tab)], ["live", { "nav:all": 5 }]);
});

test("tabs without locks have a stream each", async () => {
  const browser = await makeBrowser(3, { shares: false });
  assert.equal(browser.server.sockets.size, 3);
  for (const tab of browser.tabs) assert.equal(browser.state(tab), "live");
});

test("a tab where the browser refuses locks leads itself", async () => {
  const browser = fakeBrowser();
  browser.locks.of = () => ({ request: () => Promise.reject(Object.assign(new Error("no"), { name: "SecurityError" })) });
  const tab = browser.openTab();
  await browser.advance(200);
  assert.equal(browser.state(tab), "live");
});

test("a tab that joins is shown what is there at once, also of a topic that the stream has already", async () => {
  const browser = await makeBrowser(1);
  browser.server.commit("nav:all", 3);
  await browser.advance(50);
  const tab = browser.openTab();
  await browser.advance(50);
  assert.deepEqual(costs(tab), { "nav:all": 3 });
  assert.equal(browser.server.opened, 1);
});

test("the stream follows the topics of all, each tab is given its own, and those of closed tabs are dropped", async () => {
  const browser = await makeBrowser(1);
  const other = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(200);
  const [socket] = browser.server.sockets;
  assert.deepEqual([...socket.topics].sort(), ["nav:all", "nav:x"]);
  browser.server.commit("nav:x", 9);
  await browser.advance(50);
  assert.deepEqual([...browser.tabs].map(costs), [{ "nav:all": 0 }, { "nav:x": 9 }]);
  other.stream.follow(["nav:y"]);
  await browser.advance(50);
  assert.deepEqual(costs(other)["nav:y"], 0);
  assert.deepEqual([...socket.topics].sort(), ["nav:all", "nav:y"]);
  browser.close(other);
  await browser.advance(50);
  assert.deepEqual(socket.topics, ["nav:all"]);
});

test("a value that nobody followed for a while is not handed to who follows it again", async () => {
  const browser = await makeBrowser(1);
  const first = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(200);
  browser.close(first);
  await browser.advance(200);
  browser.server.commit("nav:x", 9);
  const second = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(500);
  assert.deepEqual(second.costs, [9]);
});

test("a value that comes after nobody follows it any more is not handed on either", async () => {
  const browser = await makeBrowser(1);
  const first = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(200);
  const [socket] = browser.server.sockets;
  socket.send = () => {}; // the server learns of it later
  browser.close(first);
  await browser.advance(50);
  browser.server.commit("nav:x", 8);
  await browser.advance(50);
  delete socket.send;
  socket.topics = ["nav:all"];
  browser.server.commit("nav:x", 9);
  const second = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(500);
  assert.deepEqual(second.costs, [9]);
});

test("what the server tells a person reaches every tab, and who joins or is back hears the newest of it", async () => {
  const browser = await makeBrowser(2);
  const away = [...browser.tabs].find((tab) => !tab.tabs.leads());
  browser.show(away, false);
  away.stream.pause();
  for (const version of [10 ** 9, 10 ** 9 + 1]) browser.server.tell({ type: "preferences", version });
  await browser.advance(100);
  const joined = browser.openTab({ topics: ["nav:x"] });
  browser.show(away, true);
  await browser.advance(500);
  const heard = [...browser.tabs].map(({ others }) => others.map(({ version }) => version - 10 ** 9));
  assert.deepEqual(heard, [[0, 1], [1], [1]]);
  browser.crash(browser.leaders()[0]);
  await browser.advance(1000);
  assert.deepEqual(joined.hints, [], "its number is not one of folds");
});

test("a leader that takes up a topic of another tab has its value, too", async () => {
  const browser = await makeBrowser(1);
  browser.openTab({ topics: ["nav:x"] });
  browser.server.commit("nav:x", 9);
  await browser.advance(200);
  const [leader] = browser.leaders();
  leader.stream.follow(["nav:x"]);
  assert.equal(costs(leader)["nav:x"], 9);
});

test("the topics of a tab that crashed are dropped once its beats are missed", async () => {
  const browser = await makeBrowser(1);
  browser.crash(browser.openTab({ topics: ["nav:x"] }));
  const crashing = browser.openTab({ topics: ["nav:y"] });
  await browser.advance(1000);
  const [socket] = browser.server.sockets;
  assert.deepEqual([...socket.topics].sort(), ["nav:all", "nav:x", "nav:y"]);
  browser.crash(crashing);
  await browser.advance(6000);
  assert.deepEqual(socket.topics, ["nav:all"]);
});

for (const [how, end] of [["closed", "close"], ["crashed", "crash"]]) {
  test(`when the leader is ${how}, another leads at once, and nobody stops being live`, async () => {
    const browser = await makeBrowser(3);
    const [leader] = browser.leaders();
    const states = new Set();
    browser[end](leader);
    browser.server.commit("nav:all", 4);
    await browser.advance(2000, { each: () => [...browser.tabs].forEach((tab) => states.add(browser.state(tab))) });
    assert.deepEqual([...states], ["live"]);
    assert.equal(browser.server.sockets.size, 1);
    for (const tab of browser.tabs) assert.equal(costs(tab)["nav:all"], 4);
  });
}

test("a leader that is hidden hands over to a tab that shows, and one stream goes on", async () => {
  const browser = await makeBrowser(2);
  const [leader] = browser.leaders();
  browser.show(leader, false);
  await browser.advance(500);
  assert.equal(browser.leaders().length, 1);
  assert.notEqual(browser.leaders()[0], leader);
  assert.equal(browser.server.sockets.size, 1);
});

test("a hidden leader goes on while no tab shows, and hands over to the first that does", async () => {
  const browser = await makeBrowser(2);
  const [leader] = browser.leaders();
  const other = [...browser.tabs].find((tab) => tab !== leader);
  browser.show(other, false);
  await browser.advance(50);
  browser.show(leader, false);
  await browser.advance(3000);
  assert.deepEqual(browser.leaders(), [leader]);
  browser.show(other, true);
  await browser.advance(500);
  assert.deepEqual(browser.leaders(), [other]);
  assert.equal(browser.state(other), "live");
});

test("when every tab has given up the stream it is closed, and is back with the first that wants it", async () => {
  const browser = await makeBrowser(2);
  for (const tab of browser.tabs) {
    browser.show(tab, false);
    tab.stream.pause();
  }
  await browser.advance(500);
  assert.equal(browser.server.sockets.size, 0);
  browser.server.commit("nav:all", 8);
  const [first] = browser.tabs;
  browser.show(first, true);
  first.stream.resume();
  await browser.advance(500);
  assert.equal(browser.server.sockets.size, 1);
  assert.deepEqual([browser.state(first), costs(first)["nav:all"]], ["live", 8]);
});

test("a tab that gave up the stream is told nothing, and then everything", async () => {
  const browser = await makeBrowser(2);
  const follower = [...browser.tabs].find((tab) => !tab.tabs.leads());
  browser.show(follower, false);
  follower.stream.pause();
  browser.server.commit("nav:all", 6);
  await browser.advance(500);
  assert.equal(costs(follower)["nav:all"], 0);
  browser.show(follower, true);
  follower.stream.resume();
  await browser.advance(500);
  assert.equal(costs(follower)["nav:all"], 6);
});

test("a frozen leader is robbed after a second and a half; thawed, it follows, and feeds nobody", async () => {
  const browser = await makeBrowser(3);
  const [frozen] = browser.leaders();
  browser.freeze(frozen);
  browser.server.commit("nav:all", 1);
  await browser.advance(950); // its last beat may have been half a second before
  const others = [...browser.tabs].filter((tab) => tab !== frozen);
  assert.deepEqual(others.map(browser.state), ["live", "live"]);
  assert.equal(browser.leaders().length, 0);
  await browser.advance(1350);
  assert.equal(browser.leaders().length, 1);
  assert.deepEqual(others.map(browser.state), ["live", "live"]);
  browser.server.commit("nav:all", 7);
  await browser.advance(1000);
  const [leader] = browser.leaders();
  const led = frozen.led;
  browser.thaw(frozen);
  await browser.advance(300);
  assert.deepEqual(browser.leaders(), [leader]);
  assert.deepEqual([...browser.tabs].map((tab) => [browser.state(tab), costs(tab)["nav:all"]]), new Array(3).fill(["live", 7]));
  assert.equal(browser.server.sockets.size, 1);
  assert.equal(frozen.led, led, "it has not said a word as a leader since");
});

test("nobody is live between the silence of the leader and the word of the next", async () => {
  const browser = await makeBrowser(2);
  browser.server.delayMs = 700; // the next one's stream takes its time
  const [frozen] = browser.leaders();
  const follower = [...browser.tabs].find((tab) => tab !== frozen);
  browser.freeze(frozen);
  await browser.advance(950);
  assert.equal(browser.state(follower), "live");
  await browser.advance(600);
  assert.equal(browser.state(follower), "polling");
  await browser.advance(1500);
  assert.equal(browser.state(follower), "live");
});

test("what a follower hears late is as old as it is", async () => {
  const browser = await makeBrowser(2);
  const follower = [...browser.tabs].find((tab) => !tab.tabs.leads());
  browser.freeze(follower);
  await browser.advance(10000);
  browser.crash([...browser.tabs].find((tab) => tab !== follower));
  browser.server.delayMs = 5000;
  await browser.advance(1600);
  browser.thaw(follower);
  assert.equal(browser.state(follower), "polling");
  await browser.advance(100);
  assert.equal(browser.state(follower), "polling");
});

test("a tab that wakes is not live before it has the values of now", async () => {
  const browser = await makeBrowser(1);
  const follower = browser.openTab({ topics: ["nav:x"] });
  await browser.advance(200);
  browser.openTab();
  browser.freeze(follower);
  await browser.advance(6000); // its topic is dropped
  browser.server.commit("nav:x", 9);
  await browser.advance(200);
  browser.thaw(follower);
  assert.deepEqual([browser.state(follower), costs(follower)["nav:x"]], ["polling", 0]);
  await browser.advance(200);
  assert.deepEqual([browser.state(follower), costs(follower)["nav:x"]], ["live", 9]);
});

test("a tab is not live on a topic that the stream has told nothing of for a second", async () => {
  const browser = await makeBrowser(1);
  browser.server.readMs = 3000; // a busy server
  const tab = browser.openTab({ topics: ["nav:all", "nav:x"] });
  await browser.advance(900);
  assert.equal(browser.state(tab), "live"); // what it was answered when it opened is not old yet
  await browser.advance(300);
  assert.deepEqual([browser.state(tab), browser.state([...browser.tabs][0])], ["polling", "live"]);
  await browser.advance(2000);
  assert.equal(browser.state(tab), "live");
  browser.follow(tab, ["nav:all"]);
  await browser.advance(1200);
  assert.equal(browser.state(tab), "live");
});

test("a tab that wakes does not rob a leader that it only did not hear", async () => {
  const browser = await makeBrowser(2);
  const [leader] = browser.leaders();
  const follower = [...browser.tabs].find((tab) => tab !== leader);
  browser.freeze(follower);
  await browser.advance(10000);
  browser.thaw(follower);
  await browser.advance(1000);
  assert.deepEqual(browser.leaders(), [leader]);
  assert.equal(browser.server.opened, 1);
});

test("what a new leader lives on is as old for those that it tells", async () => {
  const browser = await makeBrowser(3);
  browser.server.delayMs = 2500;
  browser.crash(browser.leaders()[0]);
  const states = [];
  await browser.advance(1700, { each: () => states.push([...browser.tabs].map(browser.state).join(" ")) });
  assert.deepEqual([...new Set(states)], ["live live", "polling polling"]);
});

test("what a leader says that another has followed is nobody's, whichever of the two was opened first", async () => {
  for (const [first, second] of [[0, 1], [1, 0]]) {
    const browser = await makeBrowser(3);
    const tabs = [...browser.tabs];
    for (const tab of tabs) browser.show(tab, tab === tabs[first]);
    await browser.advance(200);
    assert.deepEqual(browser.leaders(), [tabs[first]]);
    browser.show(tabs[2], true);
    browser.server.commit("nav:all", 3);
    await browser.advance(200);
    const late = tabs[first].words.findLast(({ type }) => type === "frame");
    browser.show(tabs[second], true);
    browser.show(tabs[2], false);
    browser.show(tabs[first], false);
    await browser.advance(200);
    assert.deepEqual(browser.leaders(), [tabs[second]]);
    const told = tabs[2].costs.length;
    tabs[2].channel.onmessage({ ...late, at: browser.clock.now() });
    assert.equal(tabs[2].costs.length, told);
  }
});

test("a new leader knows what hidden tabs follow, also those that it had forgotten", async () => {
  const browser = await makeBrowser(2);
  const [leader] = browser.leaders();
  const next = [...browser.tabs].find((tab) => tab !== leader);
  const hidden = browser.openTab({ topics: ["nav:x"], visible: false });
  await browser.advance(200);
  browser.freeze(next, { warned: true });
  await browser.advance(200);
  browser.thaw(next);
  browser.crash(leader);
  await browser.advance(500);
  assert.deepEqual(browser.leaders(), [next]);
  browser.server.commit("nav:x", 4);
  await browser.advance(100);
  assert.equal(costs(hidden)["nav:x"], 4);
});

test("a tab that is frozen out of sight does not stand in the way of one that is shown", async () => {
  const browser = await makeBrowser(3);
  const [leader] = browser.leaders();
  const [next, last] = [...browser.tabs].filter((tab) => tab !== leader);
  browser.show(next, false);
  await browser.advance(100);
  browser.freeze(next);
  browser.crash(leader);
  await browser.advance(200);
  assert.deepEqual(browser.leaders(), [last]);
});

test("the connection that numbers are compared within changes with the leader, and is the same for a follower's rest", async () => {
  const browser = await makeBrowser(2);
  const follower = [...browser.tabs].find((tab) => !tab.tabs.leads());
  const { connection } = follower.stream.known;
  await browser.advance(20000);
  assert.equal(follower.stream.known.connection, connection);
  browser.server.version = 0; // a database restored from before
  for (const socket of [...browser.server.sockets]) socket.end(1012);
  browser.server.commit("nav:all", 2);
  await browser.advance(2000);
  assert.ok(follower.stream.known.connection > connection);
  assert.deepEqual(plain(follower.shown.get("nav:all")), { cost: 2, connection: follower.stream.known.connection });
});

test("changes that went to nobody between two leaders are hinted at to everyone, and only those", async () => {
  const browser = await makeBrowser(3);
  for (const tab of browser.tabs) assert.deepEqual(tab.hints, []);
  browser.crash(browser.leaders()[0]);
  await browser.advance(1000);
  for (const tab of browser.tabs) assert.deepEqual(tab.hints, [], "nothing has changed meanwhile");
  browser.crash(browser.leaders()[0]);
  browser.server.commit("nav:other", 1);
  await browser.advance(1000);
  for (const tab of browser.tabs) assert.deepEqual(plain(tab.hints), [{ type: "changed", all: true, version: 2 }]);
});

test("a page that is frozen after a warning lets go of everything at once", async () => {
  const browser = await makeBrowser(2);
  const [leader] = browser.leaders();
  browser.freeze(leader, { warned: true });
  await browser.advance(200);
  assert.equal(browser.leaders().length, 1);
  assert.equal(browser.server.sockets.size, 1);
  browser.thaw(leader);
  await browser.advance(200);
  assert.equal(browser.leaders().length, 1);
  assert.equal(browser.state(leader), "live");
});

test("only the tab whose topics are refused is told, and the stream of the others goes on", async () => {
  const browser = await makeBrowser(2);
  browser.server.forbidden.add("nav:secret");
  const curious = browser.openTab({ topics: ["nav:all", "nav:secret"] });
  curious.onRefused = () => curious.stream.follow(["nav:y"]);
  await browser.advance(1000);
  assert.deepEqual([...browser.tabs].map(({ refused }) => refused), [[], [], [["forbidden", ["nav:all", "nav:secret"]]]]);
  assert.equal(costs(curious)["nav:y"], 0);
  assert.deepEqual([...browser.tabs].map(browser.state), ["live", "live", "live"]);
  assert.equal(browser.server.sockets.size, 1);
});

test("a tab that insists on what it may not follow gets it once it may, and disturbs nobody", async () => {
  const browser = await makeBrowser(2);
  browser.server.forbidden.add("nav:secret");
  const curious = browser.openTab({ topics: ["nav:secret"] });
  await browser.advance(1000);
  const { opened } = browser.server;
  await browser.advance(60000);
  assert.equal(browser.server.opened, opened);
  browser.server.forbidden.clear();
  browser.server.commit("nav:secret", 1);
  await browser.advance(35000);
  assert.deepEqual(costs(curious), { "nav:secret": 1 });
  assert.equal(browser.server.opened, opened);
});

test("one tab alone is refused as ever", async () => {
  const browser = fakeBrowser();
  browser.server.forbidden.add("nav:secret");
  const tab = browser.openTab({ topics: ["nav:all", "nav:secret"] });
  tab.onRefused = () => tab.stream.follow(["nav:all"]);
  await browser.advance(500);
  assert.deepEqual(tab.refused, [["forbidden", ["nav:all", "nav:secret"]]]);
  assert.equal(browser.state(tab), "live");
});

test("when nobody is signed in any more, every tab is told", async () => {
  const browser = await makeBrowser(3);
  for (const socket of [...browser.server.sockets]) socket.end(4401);
  await browser.advance(500);
  for (const tab of browser.tabs) assert.deepEqual(tab.refused.map(([reason]) => reason), ["nobody"]);
});

test("a single tab says nothing to nobody", async () => {
  const browser = await makeBrowser(1);
  const [tab] = browser.tabs;
  const { posted } = tab;
  await browser.advance(20000);
  assert.ok(tab.posted - posted < 10, `${tab.posted - posted} words`);
});

/* Numbers that look random, the same for each seed. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const TOPICS = ["nav:all", "nav:x", "nav:y"];
const RULE_MS = 12000 + 1500; // a beat's age, and that of the leader's word

/* Something that a person, a browser or the server does to one of the tabs. */
function disturb(browser, random) {
  const { server } = browser;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const tab = pick([...browser.tabs]);
  const acts = [
    () => browser.tabs.size < 8 && browser.openTab({ topics: [pick(TOPICS)], visible: random() < 0.8 }),
    () => tab && browser.close(tab),
    () => tab && browser.crash(tab),
    () => tab && !tab.frozen && browser.freeze(tab, { warned: random() < 0.5 }),
    () => tab && tab.frozen && browser.thaw(tab),
    () => tab && tab.frozen && browser.thaw(tab),
    () => tab && !tab.frozen && browser.show(tab, false),
    () => tab && !tab.frozen && browser.show(tab, true),
    () => tab && !tab.frozen && browser.show(tab, true),
    () => tab && !tab.frozen && browser.follow(tab, [pick(TOPICS)]),
    () => tab && !tab.frozen && !tab.visible && tab.stream.pause(),
    () => [...server.sockets].forEach((socket) => socket.end(1006)),
    () => (server.delayMs = pick([5, 20, 400])),
  ];
  pick(acts)();
}

test("through any sequence of such events nobody is live on old values, and in the end all is well", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomOf(seed);
    const browser = fakeBrowser({ random });
    const { server } = browser;
    const written = new Map(TOPICS.map((topic) => [topic, [{ at: 0, cost: 0 }]]));
    const check = () => {
      const now = browser.clock.now();
      for (const tab of browser.tabs) {
        if (tab.frozen || browser.state(tab) !== "live") continue;
        assert.ok(now - tab.stream.known.beatAt <= RULE_MS, `seed ${seed}: live on an old beat`);
        for (const topic of tab.stream.topics()) {
          const due = written.get(topic).filter(({ at }) => at <= Math.max(0, now - 2500)).at(-1);
          const shown = tab.shown.get(topic);
          const isNew = now - tab.followedAt < 2500;
          assert.ok(shown ? shown.cost >= due.cost : isNew, `seed ${seed}: live on an old value of ${topic} at ${now} ms`);
        }
      }
    };
    for (let step = 0; step < 60; step += 1) {
      disturb(browser, random);
      const topic = TOPICS[step % 3];
      server.commit(topic, step + 1);
      written.get(topic).push({ at: browser.clock.now(), cost: step + 1 });
      await browser.advance(Math.floor(random() * 3000), { each: check });
    }
    for (const tab of [...browser.tabs]) {
      if (tab.frozen) browser.thaw(tab);
      browser.show(tab, true);
      tab.stream.resume();
    }
    browser.openTab();
    server.delayMs = 20;
    await browser.advance(8000, { each: check });
    assert.equal(server.sockets.size, 1, `seed ${seed}: one stream`);
    assert.equal(browser.leaders().length, 1, `seed ${seed}: one leader`);
    for (const tab of browser.tabs) {
      assert.equal(browser.state(tab), "live", `seed ${seed}: tab ${tab.number}`);
      for (const followed of tab.stream.topics()) {
        assert.equal(tab.shown.get(followed).cost, written.get(followed).at(-1).cost, `seed ${seed}: ${followed} of tab ${tab.number}`);
      }
    }
  }
});
