/*
 * The tabs of one browser that show the same person's pages: they hear each other on a channel, and one of them, the
 * leader, holds a lock. It feeds the others (shared_stream.js). Where a browser has no locks or no channel, as on plain
 * HTTP off this machine, each tab leads itself.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const WORDS = 1; // counts what tabs say to each other: those of another release do not understand it
  const BEAT_MS = 500;
  const SILENCE_MS = 1500; // of the leader: it is gone, or frozen and holds its lock for ever
  const STEAL_JITTER_MS = 200; // not all at once
  const GONE_MS = 5000; // a tab that shows, and says nothing for so long
  const HIDDEN_GONE_MS = 70000; // a hidden one says nothing anyway, until it is shown, gives up its stream, or goes

  /* Which of two leaders is the later one. */
  const isLater = (one, other) => one.term > other.term || (one.term === other.term && one.id > other.id);

  /*
   * `env`: id, locks (as navigator.locks), channel {post(message), onmessage}, both null where there are none, lock: its
   * name; AbortController, now, wall, setTimeout, clearTimeout, random, visible(); facts(): what others are told of this
   * tab; onLead(), onFollow(), onPeer(id, facts, {isNew}): null once it is gone, onLeader(message): each of its words.
   */
  function createTabs(env) {
    let alone = !env.locks || !env.channel;
    const peers = new Map(); // what is known of the other tabs: {at, visible, facts}
    const listeners = new Map();
    const leader = { id: null, term: 0, heardAt: -Infinity }; // the one that is followed
    let term = 0; // of this tab, while it leads
    let held = null; // the lock: {release}
    let seeking = null; // the request for it: {controller}
    let soughtAt = -Infinity;
    let patienceMs = SILENCE_MS;
    let timer = null;
    let tickAt = 0; // when it is due
    let open = false;

    const leads = () => alone || held !== null;

    /* ---- words ---- */

    function post(type, body = {}) {
      if (alone || !open) return;
      if (held && mayBeRobbed()) resign();
      const mine = { type, from: env.id, at: env.wall(), visible: env.visible(), ...body };
      env.channel.post(held ? { ...mine, term, leads: true } : mine);
    }

    const beat = (more) => post("beat", { facts: env.facts(), ...more });

    /* What was sent long ago, and heard only now, is as old as it is: this tab may have been frozen meanwhile. */
    function hear(message) {
      if (!open) return;
      const ageMs = Math.max(0, env.wall() - message.at);
      if (message.type === "bye") return forget(message.from);
      if (message.leads && !hearLeader(message, ageMs)) return;
      meet(message, ageMs);
      for (const run of listeners.get(message.type) || []) run({ ...message, ageMs });
    }

    /* Whether it is the leader's word: one of a leader that another has followed is nobody's. */
    function hearLeader(message, ageMs) {
      const theirs = { term: message.term, id: message.from };
      if (held) {
        if (isLater(theirs, { term, id: env.id })) resign();
        else {
          beat(); // it was frozen, and has yet to notice
          return false;
        }
      } else if (isLater(leader, theirs) && !isSilent()) return false;
      const isNew = leader.id !== theirs.id || leader.term !== theirs.term;
      Object.assign(leader, theirs, { heardAt: Math.max(isNew ? -Infinity : leader.heardAt, env.now() - ageMs) });
      if (isNew) beat(); // so that it knows what this tab follows
      env.onLeader({ ...message, ageMs });
      return true;
    }

    function meet(message, ageMs) {
      const known = peers.get(message.from);
      const facts = message.facts || (known && known.facts) || null;
      peers.set(message.from, { at: env.now() - ageMs, visible: message.visible, facts });
      if (!known) watch(); // there is somebody to beat for
      if (message.facts) env.onPeer(message.from, message.facts, { isNew: !known || Boolean(message.hello) });
      if (message.hello && held) beat();
      settle();
    }

    function forget(id) {
      if (!peers.delete(id)) return;
      env.onPeer(id, null, {});
      if (id === leader.id) leader.heardAt = -Infinity; // its lock is let go with it
    }

    /* ---- the lock ---- */

    /* Stands in the queue for it, or takes it from whoever holds it. */
    function seek({ steal = false } = {}) {
      if (seeking) seeking.controller.abort();
      const mine = { controller: new env.AbortController() };
      seeking = mine;
      soughtAt = env.now();
      patienceMs = SILENCE_MS + STEAL_JITTER_MS * env.random();
      const options = steal ? { steal: true } : { signal: mine.controller.signal };
      const request = env.locks.request(env.lock, options, () => take(mine));
      request.then(
        () => over(mine),
        (error) => (error.name === "AbortError" || !open ? over(mine) : leadAlone()),
      );
    }

    /* Let go, given up, or stolen. */
    function over(mine) {
      if (seeking === mine) seeking = null;
      if (held !== mine) return;
      held = null;
      follow();
    }

    /* The browser has locks, but gives none to this page. */
    function leadAlone() {
      if (alone) return;
      stop();
      alone = true;
      start();
    }

    /* Holds the lock until it is released; one that is not wanted any more goes back at once. */
    function take(mine) {
      if (seeking !== mine) return undefined;
      seeking = null;
      if (!open || !env.visible()) return undefined;
      return new Promise((release) => {
        held = Object.assign(mine, { release });
        lead();
      });
    }

    function lead() {
      term = Math.max(leader.term + 1, Math.floor(env.wall())); // later than any before, heard of or not
      Object.assign(leader, { id: env.id, term });
      env.onLead();
      beat();
      settle();
    }

    function follow() {
      soughtAt = env.now();
      leader.heardAt = -Infinity;
      env.onFollow();
      settle();
    }

    function resign() {
      const { release } = held;
      held = null;
      release();
      follow();
    }

    /* Visible tabs stand in the queue. A hidden leader makes way for them; without one it goes on, as long as it can. */
    function settle() {
      if (alone || !open) return;
      const visible = env.visible();
      if (held && !visible && anyoneShows()) resign();
      else if (!held && visible && !seeking) seek();
      else if (!visible && seeking) {
        seeking.controller.abort();
        seeking = null;
      }
    }

    /* ---- time ---- */

    const heardAt = () => (leader.id === env.id ? -Infinity : leader.heardAt);
    const isSilent = () => env.now() - heardAt() >= SILENCE_MS;

    /* This tab was frozen, or busy, so long that others missed it. */
    const wasAway = () => timer !== null && env.now() - tickAt >= SILENCE_MS - BEAT_MS;

    /* Another may lead since, though nobody has told this one yet. */
    const mayBeRobbed = () => wasAway() && anyoneShows();
    const anyoneShows = () => [...peers.values()].some((peer) => peer.visible);

    /* While there is a word to be said or to be waited for. */
    function watch() {
      if (timer !== null || alone || !open || !(held ? peers.size : env.visible())) return;
      tickAt = env.now() + BEAT_MS;
      timer = env.setTimeout(tick, BEAT_MS);
    }

    function tick() {
      if (held && mayBeRobbed()) resign();
      if (wasAway()) soughtAt = env.now(); // it has heard nobody, but it was not listening
      timer = null;
      dropGone();
      beat();
      if (!held) checkLeader();
      watch();
    }

    function checkLeader() {
      if (env.visible() && env.now() - Math.max(heardAt(), soughtAt) >= patienceMs) seek({ steal: true });
    }

    function dropGone() {
      for (const [id, { at, visible }] of [...peers]) {
        if (env.now() - at >= (visible ? GONE_MS : HIDDEN_GONE_MS)) forget(id);
      }
    }

    /* ---- this tab's own life ---- */

    function start() {
      if (open) return;
      open = true;
      if (alone) {
        env.onLead();
        return;
      }
      env.channel.onmessage = hear;
      beat({ hello: true });
      settle();
      watch();
    }

    /* Frozen, or on its way out: others need not wait until they miss it. */
    function stop() {
      if (!open) return;
      post("bye");
      open = false;
      if (held) resign();
      if (seeking) seeking.controller.abort();
      seeking = null;
      env.clearTimeout(timer);
      timer = null;
      for (const id of [...peers.keys()]) forget(id);
    }

    /* It was shown or hidden, or follows something else now. */
    function changed() {
      if (!open) return;
      beat({ hello: true });
      settle();
      watch();
    }

    function on(type, run) {
      listeners.set(type, [...(listeners.get(type) || []), run]);
    }

    return { id: env.id, start, stop, changed, on, post, leads };
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const waiting = []; // listeners that came before the tabs
  let tabs = null;

  /* Whose pages these are, as the server says it; without that, nothing is shared. */
  function viewerKey() {
    const meta = window.document.querySelector('meta[name="creditpulse-viewer"]');
    return meta ? meta.content : "";
  }

  function openChannel(name) {
    if (!window.BroadcastChannel) return null;
    const channel = new window.BroadcastChannel(name);
    const opened = { post: (message) => channel.postMessage(message), onmessage: null };
    channel.onmessage = ({ data }) => opened.onmessage && opened.onmessage(data);
    return opened;
  }

  function open(callbacks) {
    const key = viewerKey();
    const name = `creditpulse ${WORDS} ${key}`;
    tabs = createTabs({
      id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
      locks: key ? window.navigator.locks : null,
      channel: key ? openChannel(name) : null,
      lock: name,
      AbortController: window.AbortController,
      now: () => window.performance.now(),
      wall: () => Date.now(),
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
      random: Math.random,
      visible: () => window.document.visibilityState !== "hidden",
      ...callbacks,
    });
    for (const [type, run] of waiting) tabs.on(type, run);
    listen(tabs);
    return tabs;
  }

  function listen({ start, stop, changed }) {
    const { document } = window;
    document.addEventListener("visibilitychange", changed);
    document.addEventListener("freeze", stop);
    document.addEventListener("resume", start);
    window.addEventListener("pagehide", stop);
    window.addEventListener("pageshow", start);
  }

  Object.assign(dc, {
    tabs: {
      createTabs,
      isLater,
      BEAT_MS,
      SILENCE_MS,
      open,
      post: (type, body) => tabs && tabs.post(type, body),
      on(type, run) {
        if (tabs) tabs.on(type, run);
        else waiting.push([type, run]);
      },
      leads: () => !tabs || tabs.leads(),
    },
  });
})(window);
