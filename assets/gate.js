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
  const ELSEWHERE_MS = 3000; // another tab's request without an answer: that tab may be gone
  const SLACK_MS = 500; // ticks come a little early or late
  const DEFER_MS = 400;

  /* The keys whose answers serve every tab that shows the same, and what of an answer says what it is about. */
  const SHARED = {
    nav: ({ scope }) => ({ scope }),
    subscription: ({ scope }) => ({ scope }),
    thread: ({ thread_id }) => ({ thread_id }),
  };

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
   * paces: by key, how long the page is still to be left in peace by what such an answer does to it; periodMs(key),
   * post(type, body): to the other tabs; show(key, answer): one that another tab has got; deferMs(): how long this tab
   * lets others go first, whose intervals tick at the same moment; keeps(key): whether there may be a kept answer where
   * the server is away, which is worth asking for as long as there is none at all.
   */
  function createGate(env) {
    const asked = new Map();
    const elsewhere = new Map(); // requests of other tabs that wait for their answers, by key and target
    let number = 0;
    let returnedAt = -Infinity;

    /* `target` is what the request is about, such as {scope}. Says what it did: ask, skip or later. */
    function ask(key, target, { force = false, must = false, deferred = false } = {}) {
      const entry = entryOf(key, target);
      const forced = force || (entry.forced && env.visible());
      const verdict = judge(key, entry, { force: forced, must });
      if (verdict === "ask" && !forced && !must && !deferred && defer(key, entry)) return "later";
      if (verdict === "later") again(key, entry);
      if (verdict === "ask") send(key, entry, forced);
      else if (forced) entry.forced = true; // a person wants it: as soon as it can be asked
      return verdict;
    }

    const restMs = (key) => (env.paces[key] ? env.paces[key].waitMs(env.now()) : 0);

    function entryOf(key, target) {
      const name = JSON.stringify(target);
      let entry = asked.get(key);
      if (!entry || entry.name !== name) {
        entry = { name, target, at: -Infinity, waiting: null, again: false, failed: false, forced: false, theirs: false, owed: false, look: "never" };
        asked.set(key, entry);
        if (elsewhere.has(`${key} ${name}`)) theirs(entry, elsewhere.get(`${key} ${name}`));
      }
      return entry;
    }

    /* Another tab has asked that at that time. */
    const theirs = (entry, at) => Object.assign(entry, { at: Math.max(entry.at, at), waiting: 0, theirs: true });

    /* Whether a kept answer will do: there has been none, and none was looked for since the server went. */
    const takesKept = (key, entry) => entry.look === "never" && Boolean(env.keeps && env.keeps(key));

    /* `must`: something is known to have changed, so that what is skipped now has to be asked later. */
    function judge(key, entry, { force, must }) {
      if (!env.online() && !takesKept(key, entry)) return "skip";
      if (force) return "ask";
      if (!env.visible()) return "skip"; // asked when it is visible again
      const age = env.now() - entry.at;
      if (entry.waiting !== null && age < patienceMs(entry)) return must ? "later" : "skip";
      if (age < MOMENT_MS || restMs(key) > 0) return must ? "later" : "skip";
      if (entry.theirs && entry.waiting === null && !must && age < env.periodMs(key) - SLACK_MS) return "skip";
      return "ask";
    }

    const patienceMs = (entry) => (entry.theirs ? ELSEWHERE_MS : STUCK_MS);

    function send(key, entry, force) {
      number += 1;
      const kept = takesKept(key, entry);
      Object.assign(entry, { at: env.now(), waiting: number, again: false, forced: false, theirs: false, owed: force });
      if (kept) entry.look = "looked";
      const request = { n: number, force, ...(kept && { kept }), ...entry.target };
      const way = kept ? Promise.resolve(true) : env.reach(); // who keeps answers finds out whether the server is there
      way.then((reachable) => {
        if (asked.get(key) !== entry || entry.waiting !== request.n) return;
        if (!reachable) Object.assign(entry, { waiting: null, forced: force });
        else if (!env.send(key, request)) asked.delete(key); // its page is gone
        else if (SHARED[key]) env.post("asked", { key, target: entry.target });
      });
    }

    /* Whether others go first with what they may ask at this very moment, too; not with a page's first question. */
    function defer(key, entry) {
      const waitMs = SHARED[key] && entry.at > -Infinity ? env.deferMs() : 0;
      if (!waitMs) return false;
      env.setTimeout(() => asked.get(key) === entry && ask(key, entry.target, { deferred: true }), waitMs);
      return true;
    }

    function again(key, entry) {
      if (entry.again) return;
      entry.again = true;
      const patience = entry.waiting !== null ? patienceMs(entry) : MOMENT_MS;
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
      if (failed && SHARED[key] && !entry.theirs) env.post("unanswered", { key, target: entry.target });
      settle(key, entry, failed);
    }

    function settle(key, entry, failed) {
      entry.waiting = null;
      entry.failed = failed;
      if (!failed) Object.assign(entry, { owed: false, look: "had" });
      if (!entry.again) return;
      entry.again = false; // the timer finds nothing to do any more
      if (ask(key, entry.target, { must: true }) === "skip") entry.again = false;
    }

    function askAll(options = {}) {
      for (const [key, entry] of [...asked]) ask(key, entry.target, options);
    }

    /*
     * The server is back: what was on its way is lost, and everything is asked for anew; what a person wanted meanwhile,
     * past the cache. That is told: [key, target] of each. The stream and the page's state both say it: once is enough.
     */
    function returned() {
      const wanted = [];
      if (env.now() - returnedAt < LULL_MS) return wanted;
      returnedAt = env.now();
      for (const [key, entry] of [...asked]) {
        if (entry.look === "looked") entry.look = "never";
        const at = Math.min(entry.at, env.now() - STUCK_MS);
        Object.assign(entry, { at, waiting: null, again: false, theirs: false, forced: entry.forced || entry.owed });
        const { forced } = entry;
        const must = !SHARED[key]; // of all tabs that notice it, one asks for what serves them all
        if (ask(key, entry.target, { must }) === "ask" && forced) wanted.push([key, entry.target]);
      }
      return wanted;
    }

    /* The page of this key was just opened: what an earlier visit asked for is answered to nobody. */
    function forget(key) {
      asked.delete(key);
    }

    function askFailed() {
      for (const [key, entry] of [...asked]) if (entry.failed) ask(key, entry.target);
    }

    /* Whatever was asked for longer ago than its period: that has become shorter. */
    function askDue() {
      for (const [key, entry] of [...asked]) {
        if (env.now() - entry.at >= env.periodMs(key) - SLACK_MS) ask(key, entry.target);
      }
    }

    /* ---- with other tabs ---- */

    /* A person refreshes these, [key, target] each: here at once, elsewhere too; and `others`, which are asked for here. */
    function refresh(requests, others = []) {
      for (const [key, target] of requests) ask(key, target, { force: true });
      env.post("refresh", { requests: [...requests, ...others] });
    }

    /* Theirs of the same kind are refreshed, too; of a target that is ours as well, the answer is shared. */
    function heardRefresh({ requests }) {
      for (const [key, target] of requests) {
        const entry = asked.get(key);
        if (!entry || (SHARED[key] && entry.name === JSON.stringify(target))) continue;
        if (env.visible()) ask(key, entry.target, { force: true });
        else entry.forced = true; // once somebody looks
      }
    }

    /* Tells the other tabs of an answer. */
    function share(key, answer) {
      if (SHARED[key]) env.post("answer", { key, target: SHARED[key](answer), answer });
    }

    function heardAsked({ key, target, ageMs }) {
      const name = JSON.stringify(target);
      const at = env.now() - ageMs;
      elsewhere.set(`${key} ${name}`, at);
      env.setTimeout(() => elsewhere.get(`${key} ${name}`) === at && elsewhere.delete(`${key} ${name}`), ELSEWHERE_MS);
      const entry = asked.get(key);
      if (entry && entry.name === name && (entry.waiting === null || entry.theirs)) theirs(entry, at);
    }

    function heardAnswer({ key, target, answer }) {
      const entry = doneElsewhere(key, target);
      if (!entry) return;
      env.show(key, answer);
      if (entry.theirs) settle(key, entry, false);
    }

    /* Then everyone asks for themselves. */
    function heardUnanswered({ key, target }) {
      const entry = doneElsewhere(key, target);
      if (entry && entry.theirs) Object.assign(entry, { at: -Infinity, waiting: null, theirs: false });
    }

    function doneElsewhere(key, target) {
      const name = JSON.stringify(target);
      elsewhere.delete(`${key} ${name}`);
      const entry = asked.get(key);
      return entry && entry.name === name ? entry : null;
    }

    const heard = { asked: heardAsked, answer: heardAnswer, unanswered: heardUnanswered, refresh: heardRefresh };
    return { ask, answered, askAll, askFailed, askDue, returned, forget, refresh, share, heard };
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
        keeps: (key) => key !== "threads_live" && Boolean(dc.offline?.isKept()), // those rows are of the moment
        send: (key, request) => dc.publish.publish(KEYS[key].store, { data: request }),
        periodMs: (key) => dc.periods.periodMs(kindOf(key)),
        post: (type, body) => dc.tabs.post(type, body),
        show: (key, answer) => dc.live.heard(key, answer),
        deferMs: () => (dc.tabs.leads() ? 0 : DEFER_MS * (0.25 + 0.75 * Math.random())),
      });
      for (const [type, hear] of Object.entries(gate.heard)) dc.tabs.on(type, hear);
      window.addEventListener("focus", wake);
      window.addEventListener("online", wake);
      window.document.addEventListener("visibilitychange", wake);
    }
    return gate;
  }

  /* How often a key is asked for: by the agents that its figures are about. */
  function kindOf(key) {
    if (key === "subscription") return "subscription";
    if (key.startsWith("threads")) return "idle";
    const store = key.startsWith("thread") ? "thread-usage" : key.startsWith("account") ? "account-usage" : "nav-usage";
    return dc.periods.kindOf(dc.live.statusOf(store));
  }

  let wokeAt = -Infinity;

  /* Somebody is back, or the network, or the computer. A tab that is shown gets the focus, too: that is one return. */
  function wake(event) {
    if (window.document.visibilityState === "hidden") return;
    dc.live.retry();
    const now = window.performance.now();
    if (now - wokeAt >= MOMENT_MS) {
      wokeAt = now;
      theGate().askAll({ must: true }); // what was asked a moment ago may have been before a change
    }
    dc.address.retry({ force: Boolean(event) && event.type === "online" });
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

  const HOOKS = { nav: "useUsageRealtime", subscription: "useUsageRealtime", thread: "useThreadTokenUsage" };

  function tellRefresh(requests) {
    for (const hook of new Set(requests.map(([key]) => HOOKS[key]).filter(Boolean))) {
      const names = requests.filter(([key]) => HOOKS[key] === hook).map(([key, target]) => `${KEYS[key].cached} ${Object.values(target)[0]}`);
      window.console.info(`[${hook}] Refresh: invalidated ${names.join(", ")}`);
    }
  }

  /* Without the server nothing is refreshed yet: it is once that is back. */
  function refresh(requests, others) {
    if (!dc.live.away()) tellRefresh(requests);
    theGate().refresh(requests, others);
  }

  Object.assign(dc, {
    gate: {
      createGate,

      nav(_ticks, _clicks, scope) {
        if (!scope) return;
        if (clicked("nav-refresh")) refresh([["nav", { scope }], ["subscription", { scope }]]);
        else theGate().ask("nav", { scope });
      },

      subscription(_ticks, scope) {
        if (scope) theGate().ask("subscription", { scope });
      },

      thread(_ticks, _clicks, thread_id) {
        if (!thread_id) return "none";
        if (clicked("thread-refresh")) {
          const others = [["thread_detail", { thread_id }], ["thread_outlook", { thread_id }]];
          refresh([["thread", { thread_id }]], others);
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
        if (source === "preferences-answer") dc.preferences_page.failed();
      },

      refresh: (requests) => theGate().refresh(requests),
      share: (key, answer) => theGate().share(key, answer),
      askAll: () => theGate().askAll(),
      askDue: () => theGate().askDue(),
      wake,
      returned: () => tellRefresh(theGate().returned()),
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
