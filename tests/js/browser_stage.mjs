// A browser in memory: tabs with locks and a channel as browsers have them, and one server that they stream from. A tab
// can be closed, crash, be hidden, frozen or thawed; what reaches a frozen one waits for it.
import { fakeClock, stage } from "./stage.mjs";

const { shared_stream, stream, tabs: tabs_, live_state } = stage(["connection", "connection_steps", "transports", "stream", "shared_topics", "shared_stream", "tabs", "live_state"]);

const soon = (run) => queueMicrotask(run);

/* As navigator.locks: a queue for each name, of which one request may abort, and from which one may steal. */
export function fakeLocks() {
  let holder = null;
  let queue = [];

  function grantNext() {
    if (holder || !queue.length) return;
    const next = queue.shift();
    holder = next;
    soon(() => {
      if (holder !== next) return;
      const done = Promise.resolve(next.tab.run(next.callback));
      done.then(() => release(next));
    });
  }

  function release(request) {
    request.resolve();
    if (holder !== request) return;
    holder = null;
    grantNext();
  }

  const abort = (request) => {
    queue = queue.filter((one) => one !== request);
    request.reject(Object.assign(new Error("aborted"), { name: "AbortError" }));
  };

  const of = (tab) => ({
    request(_name, { signal, steal = false }, callback) {
      return new Promise((resolve, reject) => {
        const request = { tab, callback, resolve: () => tab.later(resolve), reject: (error) => tab.later(() => reject(error)) };
        if (signal) signal.addEventListener("abort", () => queue.includes(request) && abort(request));
        if (steal) {
          const robbed = holder;
          holder = null;
          if (robbed) abort(robbed);
          queue.unshift(request);
        } else queue.push(request);
        grantNext();
      });
    },
  });

  /* A tab that is gone holds nothing, and waits for nothing. */
  function forget(tab) {
    queue = queue.filter((request) => request.tab !== tab);
    if (holder && holder.tab === tab) {
      holder = null;
      grantNext();
    }
  }

  return { of, forget, holder: () => (holder ? holder.tab : null) };
}

/* The server: values by topic, and the sockets that are open. */
export function fakeServer(clock) {
  const server = { version: 1, values: new Map(), sockets: new Set(), forbidden: new Set(), opened: 0, delayMs: 20, readMs: 0 };
  const value = (topic) => ({ type: "nav-usage", scope: topic.slice(4), version: server.version, cost: server.values.get(topic) ?? 0 });
  const beat = () => ({ type: "beat", version: server.version, listening: true, queue_age_ms: 0 });

  server.Socket = (tab) =>
    class {
      constructor(url) {
        this.tab = tab;
        this.readyState = 0;
        this.topics = new URL(url).searchParams.get("topics").split(",");
        server.opened += 1;
        clock.setTimeout(() => this.accept(), server.delayMs);
      }

      accept() {
        if (this.readyState !== 0 || this.tab.closed) return;
        this.readyState = 1;
        server.sockets.add(this);
        this.tab.later(() => this.onopen && this.onopen());
        if (this.topics.some((topic) => server.forbidden.has(topic))) this.end(4403);
        else this.push([...this.topics.map(value), beat()]);
      }

      push(messages) {
        const data = JSON.stringify(messages);
        this.tab.later(() => this.readyState === 1 && this.onmessage({ data }));
      }

      send(text) {
        const { subscribe = [], unsubscribe = [] } = JSON.parse(text);
        this.topics = [...new Set([...this.topics.filter((topic) => !unsubscribe.includes(topic)), ...subscribe])];
        if (subscribe.some((topic) => server.forbidden.has(topic))) this.end(4403);
        else if (subscribe.length && server.readMs) clock.setTimeout(() => this.push(subscribe.map(value)), server.readMs);
        else if (subscribe.length) this.push(subscribe.map(value));
      }

      end(code) {
        server.sockets.delete(this);
        this.tab.later(() => {
          this.readyState = 3;
          if (this.onclose) this.onclose({ code });
        });
      }

      close() {
        this.readyState = 3;
        server.sockets.delete(this);
      }
    };

  server.commit = (topic, cost) => {
    server.version += 1;
    server.values.set(topic, cost);
    for (const socket of server.sockets) {
      const hint = { type: "changed", accounts: [topic.slice(4)], threads: [], version: server.version };
      if (socket.readyState === 1) socket.push(socket.topics.includes(topic) ? [value(topic), hint] : [hint]);
    }
  };
  /* To every stream, whatever it follows. */
  server.tell = (message) => {
    for (const socket of server.sockets) if (socket.readyState === 1) socket.push([message]);
  };
  const beats = () => {
    for (const socket of server.sockets) if (socket.readyState === 1) socket.push([beat()]);
    clock.setTimeout(beats, 5000);
  };
  clock.setTimeout(beats, 5000);
  return server;
}

export function fakeBrowser({ random = Math.random } = {}) {
  const clock = fakeClock();
  const locks = fakeLocks();
  const server = fakeServer(clock);
  const tabs = new Set();
  let number = 0;

  function openTab({ topics = ["nav:all"], visible = true, shares = true } = {}) {
    number += 1;
    const tab = { number, visible, frozen: false, closed: false, waiting: [], shown: new Map(), costs: [], words: [], hints: [], others: [], refused: [], posted: 0, led: 0 };
    /* Runs at once, or once the tab is not frozen any more; never after its end. */
    tab.run = (work) => {
      if (tab.closed) return new Promise(() => {});
      if (!tab.frozen) return work();
      return new Promise((resolve) => tab.waiting.push(() => resolve(work())));
    };
    tab.later = (work) => soon(() => tab.run(work));
    const channel = {
      onmessage: null,
      post(message) {
        tab.posted += 1;
        tab.led += message.leads ? 1 : 0;
        tab.words.push(message);
        const copy = JSON.stringify(message, (_key, one) => (one === -Infinity ? "-Infinity" : one));
        const read = () => JSON.parse(copy, (_key, one) => (one === "-Infinity" ? -Infinity : one));
        for (const other of tabs) if (other !== tab && other.shares) other.later(() => other.channel.onmessage && other.channel.onmessage(read()));
      },
    };
    Object.assign(tab, { channel, shares });
    tab.stream = shared_stream.createSharedStream({
      WebSocket: server.Socket(tab),
      EventSource: null,
      location: { protocol: "http:", host: "server" },
      now: clock.now,
      random,
      setTimeout: (run, ms) => clock.setTimeout(() => tab.run(run), ms),
      clearTimeout: clock.clearTimeout,
      fetch: async (path) => {
        const wanted = new URL(path, "http://server").searchParams.get("topics");
        const isRefused = wanted && wanted.split(",").some((topic) => server.forbidden.has(topic));
        return { ok: !isRefused, status: isRefused ? 403 : 200 };
      },
      visible: () => tab.visible,
      onNetwork() {},
      createStream: stream.createStream,
      createTabs: (callbacks) =>
        (tab.tabs = tabs_.createTabs({
          id: `tab ${number}`,
          locks: shares ? locks.of(tab) : null,
          channel: shares ? channel : null,
          lock: "lock",
          AbortController,
          now: clock.now,
          wall: clock.now,
          setTimeout: (run, ms) => clock.setTimeout(() => tab.run(run), ms),
          clearTimeout: clock.clearTimeout,
          random,
          visible: () => tab.visible,
          ...callbacks,
        })),
      onFrame(messages, known) {
        for (const message of messages) {
          if (message.type === "nav-usage") tab.costs.push(message.cost);
          if (message.type === "nav-usage") tab.shown.set(`nav:${message.scope}`, { cost: message.cost, connection: known.connection });
          else if (message.type === "changed") tab.hints.push(message);
          else if (message.type !== "beat") tab.others.push(message);
        }
      },
      onChange() {},
      onRefused(reason, refused) {
        tab.refused.push([reason, [...refused]]);
        if (tab.onRefused) tab.onRefused(reason, refused);
      },
    });
    tabs.add(tab);
    follow(tab, topics);
    return tab;
  }

  function follow(tab, topics) {
    tab.followedAt = clock.now();
    for (const topic of [...tab.shown.keys()]) if (!topics.includes(topic)) tab.shown.delete(topic); // as a page starts afresh
    tab.stream.follow(topics);
  }

  const state = (tab) => live_state.stateOf({ ...tab.stream.known, hidden: !tab.visible, online: true }, clock.now());

  function show(tab, visible) {
    tab.visible = visible;
    tab.run(() => tab.tabs.changed());
    if (visible) tab.run(() => tab.stream.resume()); // as dc.activity has it
  }

  /* Without a word: its process has ended. */
  function crash(tab) {
    tab.closed = true;
    tabs.delete(tab);
    locks.forget(tab);
    for (const socket of [...server.sockets]) if (socket.tab === tab) server.sockets.delete(socket);
  }

  function close(tab) {
    if (!tab.frozen) tab.tabs.stop();
    crash(tab);
  }

  /* `warned`: browsers say so before they freeze a page; a page that is merely busy is told nothing. */
  function freeze(tab, { warned = false } = {}) {
    if (warned) tab.tabs.stop();
    tab.frozen = true;
    tab.warned = warned;
  }

  function thaw(tab) {
    tab.frozen = false;
    for (const work of tab.waiting.splice(0)) work();
    if (tab.warned) tab.tabs.start();
  }

  /* Goes on in small steps, so that what answers at once has answered. */
  async function advance(ms, { stepMs = 50, each = () => {} } = {}) {
    for (let gone = 0; gone < ms; gone += stepMs) {
      clock.advance(Math.min(stepMs, ms - gone));
      for (let turn = 0; turn < 20; turn += 1) await null;
      each();
    }
  }

  const leaders = () => [...tabs].filter((tab) => !tab.frozen && tab.tabs.leads());

  return { clock, locks, server, tabs, openTab, follow, show, close, crash, freeze, thaw, advance, state, leaders };
}
