/*
 * The tab's one live stream: the shell around its state machine (connection.js). It owns the sockets and the one timer,
 * feeds the machine with what happens, and does what it says; what the messages mean is live.js's matter.
 */
(function (window) {
  "use strict";

  const LOOK_MS = 1000; // timers stand still in a sleeping computer: so it is looked often whether one is due
  const ASLEEP_MS = 4000; // late by so much, and whatever was open then has likely been lost since
  const BUSY_MS = 200; // a timer that is late by more was kept waiting, and so was what has come meanwhile
  const PROBE_MS = 3000; // a probe that is away so long is given up; the next may be sent before
  const SHARED_MS = 500; // who asks meanwhile gets the answer to the same probe
  const BEAT_MS = 6000; // a beat that is older is overdue
  const REFUSED = { 4401: "nobody", 4403: "forbidden", 4400: "malformed" };
  const RESTART = 1012;
  const OF_US = 4000; // codes from here on, and RESTART, are the server's own: the way to it is clear

  /*
   * `env`: WebSocket, EventSource, fetch, location, now, setTimeout, clearTimeout, random, visible(), whether somebody
   * may look, onNetwork(changed), which is to call that when the network is another one, onFrame(messages, known),
   * onChange(known, back), onRefused(reason, topics).
   */
  function createStream(env) {
    const { connection_steps, transports } = window.dash_clientside;
    const known = {
      connected: false, // the first frame of this connection is in
      connection: 0, // counts connections: numbers are compared within one only
      reachable: true,
      beatAt: -Infinity,
      listening: false,
      queueAgeMs: 0,
      history: "complete",
      off: false, // released by `pause`
    };
    const pauses = new Set();
    let topics = [];
    let machine = connection_steps.initial({ socket: Boolean(env.WebSocket), events: Boolean(env.EventSource) });
    let current = null;
    let candidate = null;
    let timer = null;
    let timerAt = 0;
    let busyUntil = null; // what came is heard before it counts as missing
    let probe = null;

    /* ---- the machine ---- */

    function step(name, more) {
      const event = { name, watched: env.visible(), ...more };
      const { state, effects } = connection_steps.next(machine, event, env.now(), env.random);
      machine = state;
      effects.forEach((effect) => ACTIONS[effect]());
      schedule();
    }

    const ACTIONS = {
      "open socket": () => (current = open("socket")),
      "open events": () => (current = open("events")),
      "try socket": () => (candidate = open("socket")),
      "try events": () => (candidate = open("events")),
      promote,
      close,
      drop() {
        candidate.close();
        candidate = null;
      },
      ask: () => ask(),
    };

    function close() {
      current.close();
      current = null;
      lost();
    }

    function lost() {
      Object.assign(known, { connected: false, listening: false, beatAt: -Infinity });
    }

    /* Numbers go on to be compared where nothing can have been missed: the old stream spoke until now. */
    function promote() {
      current.close();
      [current, candidate] = [candidate, null];
      if (!current.spoke) lost();
      else if (!known.connected || isOverdue()) known.connection += 1;
    }

    const isDelivering = () => known.connected && !machine.name.startsWith("renewing");
    const isOverdue = () => env.now() - known.beatAt >= BEAT_MS;

    /* One timer, for the earliest of what the machine awaits. */
    function schedule() {
      const dues = Object.values(machine.deadlines);
      if (!dues.length) {
        env.clearTimeout(timer);
        timer = null;
        return;
      }
      const now = env.now();
      const left = Math.max(0, Math.min(...dues) - now, busyUntil === null ? 0 : busyUntil - now);
      const at = now + (env.visible() ? Math.min(LOOK_MS, left) : left);
      if (timer !== null && timerAt <= at) return;
      env.clearTimeout(timer);
      timerAt = at;
      timer = env.setTimeout(tick, at - now);
    }

    function tick() {
      timer = null;
      const now = env.now();
      const lateMs = now - timerAt;
      busyUntil = lateMs > BUSY_MS && busyUntil === null ? now + BUSY_MS : null;
      if (lateMs > ASLEEP_MS && env.visible()) step("changed");
      if (busyUntil !== null) return schedule();
      const due = Object.entries(machine.deadlines)
        .filter(([, at]) => at <= now)
        .sort(([, one], [, other]) => one - other)[0];
      if (!due) schedule();
      else happened(due[0]);
    }

    /* A deadline has passed. */
    function happened(name) {
      if (name === "unanswered") reached(false);
      step(name);
      env.onChange(known);
    }

    /* ---- the streams ---- */

    function open(kind) {
      const mine = transports.open(kind, env, topics, {
        opened: () => step("opened", { candidate: mine === candidate }),
        frame: (text) => frame(mine, JSON.parse(text)),
        fell: (code) => fell(mine, code),
      });
      return mine;
    }

    function frame(channel, messages) {
      const beat = messages.findLast((message) => message.type === "beat");
      const first = !channel.spoke;
      channel.spoke = true;
      if (channel === candidate) step("replaced");
      else if (first) known.connection += 1;
      if (!known.connected) known.connected = true;
      const back = reached(true);
      if (beat) noteBeat(beat);
      if (beat || first) step("frame", { beat: Boolean(beat) });
      env.onFrame(messages, known);
      if (beat || first) env.onChange(known, back);
    }

    function noteBeat(beat) {
      known.beatAt = env.now();
      known.listening = beat.listening;
      known.queueAgeMs = beat.queue_age_ms;
      known.history = beat.history || "complete";
    }

    function fell(channel, code) {
      const unheard = channel.kind === "events" && !channel.spoke && machine.strikes.events === 1;
      if (REFUSED[code]) refused(REFUSED[code]);
      else if (channel === candidate) step("missed");
      else step("fell", { blame: code < OF_US && code !== RESTART, soon: code === RESTART });
      if (unheard) askWhy();
      env.onChange(known);
    }

    /*
     * Server-sent events do not say why they were refused: that is asked once, before they are given up. What a proxy
     * says in the server's place is no reason.
     */
    function askWhy() {
      const asked = topics;
      env
        .fetch(transports.pathOf("/live/check", asked), { cache: "no-store", timeoutMs: PROBE_MS })
        .then((answer) => {
          const reason = REFUSED[OF_US + answer.status];
          return reason && answer.json().then(({ allowed, status }) => {
            const ours = allowed === false || status === answer.status;
            if (ours && topics === asked && !known.connected && machine.name !== "off") refused(reason);
          });
        })
        .catch(() => {}); // the probe says what there is to say
    }

    function refused(reason) {
      const asked = topics;
      step("refused", { reason });
      env.onRefused(reason, asked);
    }

    /* ---- whether the server is there ---- */

    /* True where it has come back. */
    function reached(reachable) {
      const back = reachable && !known.reachable;
      known.reachable = reachable;
      return back;
    }

    /*
     * Whether the server answers at all, by whatever it says; what a proxy says in its place is no answer. Of the
     * failures only the newest probe's counts, of the answers each.
     */
    function ask() {
      const mine = { at: env.now() };
      probe = mine;
      mine.answer = env
        .fetch("/healthz", { cache: "no-store", timeoutMs: PROBE_MS })
        .then(
          (answer) => !(answer.status >= 500),
          () => false,
        )
        .then((reachable) => {
          const newest = probe === mine;
          if (newest) probe = null;
          if (!isDelivering() && (reachable || newest)) answered(reachable, mine.at);
          return reachable || isDelivering();
        });
      return mine.answer;
    }

    function answered(reachable, asked) {
      const back = reached(reachable);
      step(reachable ? "answered" : "unanswered", { asked });
      env.onChange(known, back);
    }

    /* True at once while the stream is open, else what a probe says. */
    function reach() {
      if (known.connected) return Promise.resolve(true);
      return probe && env.now() - probe.at < SHARED_MS ? probe.answer : ask();
    }

    /* ---- what the page wants ---- */

    /* Follows these topics from now on: over the open socket if there is one. */
    function follow(wanted) {
      if (!transports.difference(topics, wanted)) return;
      topics = wanted;
      if (!wanted.length) return settle();
      for (const channel of [current, candidate]) if (channel && channel.follow) channel.follow(wanted);
      if (machine.name === "off") settle();
      else step("topics");
    }

    /* Runs while there is something to follow, and nobody has released it. */
    function settle() {
      known.off = pauses.size > 0;
      step(topics.length && !known.off ? "start" : "stop");
      env.onChange(known);
    }

    /* Closes the stream and keeps the topics, until every `reason` to do so has been taken back. */
    function pause(reason = "released") {
      if (pauses.has(reason)) return;
      pauses.add(reason);
      settle();
    }

    function resume(reason = "released") {
      if (pauses.delete(reason)) settle();
    }

    /* Tries now what would be tried later: the tab is back. A stream whose beat is overdue is replaced. */
    function retry() {
      step(known.connected && isOverdue() ? "changed" : "hurry");
    }

    env.onNetwork(() => step("changed"));

    return { follow, reach, retry, pause, resume, known, topics: () => topics };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    stream: { createStream },
  });
})(window);
