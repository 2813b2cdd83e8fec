/*
 * Intervals, focus, mount, refresh clicks and hints of the stream do not call the server: they come here. The gate
 * alone decides whether to ask, and raises a request store, which is the server callback's only input.
 */
(function (window) {
  "use strict";

  const STUCK_MS = 15000; // a request without an answer for so long may be asked again
  const HEAL_MS = 3000;
  const MOMENT_MS = 1000; // several reasons at once are one
  const LULL_MS = 300; // what may be asked again waits so long for the next value: right after it none is due

  /* What each key asks for, where its request goes, and what of the cache a forced one gets past. */
  const KEYS = {
    nav: { store: "nav-request", cached: "nav-usage" },
    subscription: { store: "subscription-request", cached: "subscription" },
    thread: { store: "thread-request", cached: "thread-usage" },
    thread_detail: { store: "thread-detail-request" },
    thread_outlook: { store: "thread-outlook-request" },
    threads: { store: "threads-request" },
    threads_live: { store: "threads-live-request" },
    threads_compare: { store: "threads-compare-request" },
    overview: { store: "overview-request" },
    overview_rest: { store: "overview-rest-request" },
    overview_activity: { store: "overview-activity-request" },
    overview_tops: { store: "overview-tops-request" },
    overview_running: { store: "overview-running-request" },
    account: { store: "account-request" },
    account_range: { store: "account-range-request" },
    account_tops: { store: "account-tops-request" },
    account_running: { store: "account-running-request" },
    accounts: { store: "accounts-request" },
  };
  const ANSWERS = {
    "nav-answer": "nav",
    subscription: "subscription",
    "thread-answer": "thread",
    "thread-figure": "thread_detail",
    "thread-outlook": "thread_outlook",
    "threads-answer": "threads",
    "threads-live": "threads_live",
    "threads-compared": "threads_compare",
    "overview-answer": "overview",
    "overview-rest": "overview_rest",
    "overview-activity": "overview_activity",
    "overview-tops": "overview_tops",
    "overview-running": "overview_running",
    "account-answer": "account",
    "account-range": "account_range",
    "account-tops": "account_tops",
    "account-running": "account_running",
    "accounts-answer": "accounts",
  };

  /*
   * `env`: now, setTimeout, visible(), online(), reach() -> Promise<boolean>, send(key, request) -> on the page?,
   * paces: by key, how long the page is still to be left in peace by what such an answer does to it.
   */
  function createGate(env) {
    const asked = new Map();
    let number = 0;

    /* `target` is what the request is about, such as {scope}. Says what it did: ask, skip or later. */
    function ask(key, target, { force = false, must = false } = {}) {
      const entry = entryOf(key, target);
      const verdict = judge(key, entry, { force, must });
      if (verdict === "later") again(key, entry);
      if (verdict === "ask") send(key, entry, force);
      return verdict;
    }

    const restMs = (key) => (env.paces[key] ? env.paces[key].waitMs(env.now()) : 0);

    function entryOf(key, target) {
      const name = JSON.stringify(target);
      let entry = asked.get(key);
      if (!entry || entry.name !== name) {
        entry = { name, target, at: -Infinity, waiting: null, again: false, failed: false };
        asked.set(key, entry);
      }
      return entry;
    }

    /* `must`: something is known to have changed, so that what is skipped now has to be asked later. */
    function judge(key, entry, { force, must }) {
      if (!env.online()) return "skip";
      if (force) return "ask";
      if (!env.visible()) return "skip"; // asked when it is visible again
      const age = env.now() - entry.at;
      if (entry.waiting !== null && age < STUCK_MS) return must ? "later" : "skip";
      if (age < MOMENT_MS || restMs(key) > 0) return must ? "later" : "skip";
      return "ask";
    }

    function send(key, entry, force) {
      number += 1;
      Object.assign(entry, { at: env.now(), waiting: number, again: false });
      const request = { n: number, force, ...entry.target };
      env.reach().then((reachable) => {
        if (asked.get(key) !== entry || entry.waiting !== request.n) return;
        if (!reachable) entry.waiting = null;
        else if (!env.send(key, request)) asked.delete(key); // its page is gone
      });
    }

    function again(key, entry) {
      if (entry.again) return;
      entry.again = true;
      const patience = entry.waiting !== null ? STUCK_MS : MOMENT_MS;
      const waitMs = Math.max(entry.at + patience - env.now(), restMs(key), 0);
      env.setTimeout(() => askAgain(key, entry), waitMs + (env.paces[key] ? LULL_MS : 0));
    }

    function askAgain(key, entry) {
      if (!entry.again || asked.get(key) !== entry) return;
      entry.again = false;
      ask(key, entry.target, { must: true });
    }

    /* The answer to request `n` is in (or to whichever was last, without a number). */
    function answered(key, n, { failed = false } = {}) {
      const entry = asked.get(key);
      if (!entry || (n !== undefined && n !== null && n < entry.waiting)) return;
      entry.waiting = null;
      entry.failed = failed;
      if (!entry.again) return;
      entry.again = false; // the timer finds nothing to do any more
      if (ask(key, entry.target, { must: true }) === "skip") entry.again = false;
    }

    function askAll(options = {}) {
      for (const [key, entry] of [...asked]) ask(key, entry.target, options);
    }

    /* The page of this key was just opened: what an earlier visit asked for is answered to nobody. */
    function forget(key) {
      asked.delete(key);
    }

    function askFailed() {
      for (const [key, entry] of [...asked]) if (entry.failed) ask(key, entry.target);
    }

    return { ask, answered, askAll, askFailed, forget };
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const dc = (window.dash_clientside = window.dash_clientside || {});
  let gate = null;
  const paces = {};

  function theGate() {
    if (!gate) {
      paces.thread_detail = dc.pace.createPace();
      gate = createGate({
        now: () => window.performance.now(),
        setTimeout: (run, ms) => window.setTimeout(run, ms),
        visible: () => window.document.visibilityState !== "hidden",
        online: () => window.navigator.onLine !== false,
        reach: () => dc.live.reach(),
        paces,
        send: (key, request) => dc.publish.publish(KEYS[key].store, { data: request }),
      });
      const wake = (event) => {
        if (window.document.visibilityState === "hidden") return;
        dc.live.retry();
        gate.askAll({ must: true }); // what was asked a moment ago may have been before a change
        dc.address.retry({ force: event.type === "online" });
      };
      window.addEventListener("focus", wake);
      window.addEventListener("online", wake);
      window.document.addEventListener("visibilitychange", wake);
    }
    return gate;
  }

  /* What a page needs at the start is asked for once; if that failed, the page is loaded again once it can be. */
  let healing = null;

  function heal() {
    if (healing || !window.document.querySelector("#page .skeleton-head, #nav-credits .skeleton")) return;
    healing = window.setInterval(() => {
      if (window.document.visibilityState === "hidden") return;
      window.fetch("/readyz", { cache: "no-store" }).then(
        (answer) => answer.ok && window.location.reload(),
        () => {},
      );
    }, HEAL_MS);
  }

  function clicked(id) {
    return (dc.callback_context.triggered || []).some((part) => part.prop_id === `${id}.n_clicks` && part.value);
  }

  function refresh(hook, requests) {
    const names = requests.map(([key, target]) => `${KEYS[key].cached} ${Object.values(target)[0]}`);
    window.console.info(`[${hook}] Refresh: invalidated ${names.join(", ")}`);
    for (const [key, target] of requests) theGate().ask(key, target, { force: true });
  }

  Object.assign(dc, {
    gate: {
      createGate,

      nav(_ticks, _clicks, scope) {
        if (!scope) return;
        if (clicked("nav-refresh")) refresh("useUsageRealtime", [["nav", { scope }], ["subscription", { scope }]]);
        else theGate().ask("nav", { scope });
      },

      subscription(_ticks, scope) {
        if (scope) theGate().ask("subscription", { scope });
      },

      thread(_ticks, _clicks, thread_id) {
        if (!thread_id) return "none";
        if (clicked("thread-refresh")) {
          refresh("useThreadTokenUsage", [["thread", { thread_id }]]);
          return theGate().ask("thread_detail", { thread_id }, { force: true });
        }
        if (!(dc.callback_context.triggered || []).length) {
          theGate().forget("thread");
          theGate().forget("thread_detail");
          // Everything: an answer to the page before may have told this one what it has read.
          theGate().ask("thread_detail", { thread_id }, { force: true });
        }
        return theGate().ask("thread", { thread_id });
      },

      thread_detail(thread_id, changed) {
        if (thread_id) theGate().ask("thread_detail", { thread_id }, { must: Boolean(changed) });
      },

      thread_detail_anew(thread_id) {
        theGate().ask("thread_detail", { thread_id }, { force: true });
      },

      /* For pages: wire one of these to an output of the callback that answers. */
      thread_detail_answered() {
        theGate().answered("thread_detail");
        dc.pace.time(paces.thread_detail);
        dc.render.succeeded(["thread-figure"]);
      },

      /* For pages with a pace of their own: says what the gate did. */
      ask: (key, target, options) => theGate().ask(key, target, options),
      forget: (key) => theGate().forget(key),
      pace(key, pace) {
        paces[key] = pace;
      },

      answered(key, n) {
        theGate().answered(key, n);
      },

      /* What an answer to this key fills: failures are told by it. */
      sourceOf: (key) => Object.keys(ANSWERS).find((source) => ANSWERS[source] === key),

      failed(source) {
        if (ANSWERS[source]) theGate().answered(ANSWERS[source], null, { failed: true });
        else heal();
        if (source === "page") dc.address.failed();
      },

      askAll: () => theGate().askAll(),
      askFailed: () => theGate().askFailed(),

      /* The alert's button: asks everything past the cache, or loads a page again that never came. */
      retry() {
        dc.publish.publish("failure", { data: null });
        if (window.document.querySelector("#page .skeleton-head")) window.location.reload();
        theGate().askAll({ force: true });
        dc.address.retry({ force: true });
      },

      dismiss() {
        dc.publish.publish("failure", { data: null });
      },
    },
  });
})(window);
