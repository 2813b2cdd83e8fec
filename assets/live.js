/*
 * Where answers of the server and messages of the stream meet: each goes into the same store if it is not older than
 * what is there. Also what the tab knows of its own liveness, and what it says of it in the console.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const PAINT_MS = 100; // what changes more often than this cannot be read
  const HINT_MS = 1000;
  const STORE_MS = 1000; // a pass of Dash keeps the page busy for tens of milliseconds, and the figure stands there already
  const RESTORED_MS = 60000;
  const LOOK_MS = 1000; // timers, too, stand still in a sleeping computer
  const LIVE = ["nav-answer", "thread-answer", "subscription"]; // where one is answered, so would the others be

  const STORES = { nav: "nav-usage", thread: "thread-usage" };

  const topicOf = (message) =>
    message.type === "nav-usage" ? `nav:${message.scope}` : `thread:${message.thread_id}`;

  /*
   * Whether `message` may replace `shown`, of the same topic. Numbers are compared within one connection: the first
   * value of a new one counts, whatever its number, unless a proxy held it back while we were answered otherwise. An
   * answer has none; where its clock is far ahead although its number is behind, the database was restored from an
   * older state.
   */
  function isNewer(message, shown) {
    if (!shown || message.version === undefined) return true; // or gone
    const aheadMs = Date.parse(message.as_of) - Date.parse(shown.as_of);
    if (message.connection !== undefined && message.connection !== shown.connection) {
      return message.as_of >= shown.as_of || aheadMs < -RESTORED_MS; // of another clock
    }
    if (message.version !== shown.version) {
      if (message.version > shown.version) return true;
      return message.connection === undefined && aheadMs > RESTORED_MS;
    }
    return message.as_of >= shown.as_of;
  }

  /* `shown` keeps one topic for each store: another scope or thread starts afresh. */
  function createBoard() {
    const shown = new Map();
    return {
      shown,
      accept(message, store = message.type) {
        const topic = topicOf(message);
        const kept = shown.get(store);
        const same = kept && topicOf(kept) === topic ? kept : null;
        if (!isNewer(message, same)) return false;
        const connection = message.connection ?? (same ? same.connection : undefined);
        shown.set(store, {
          version: -1,
          as_of: "",
          ...message,
          connection,
        });
        return true;
      },
    };
  }

  /* Whether a store has to have it at once: Dash draws what cannot be painted, and periods follow the agent's status. */
  function isUrgent(message, stored) {
    if (!stored || topicOf(message) !== topicOf(stored)) return true;
    return message.agent_status !== stored.agent_status || message.gone !== stored.gone;
  }

  function mergeHints(first, second) {
    if (first.all || second.all) return { ...second, all: true };
    const union = (name) => [...new Set([...(first[name] || []), ...(second[name] || [])])];
    return { ...second, threads: union("threads"), accounts: union("accounts") };
  }

  /* Which stores of the page take a message: an account's page has its own, beside the navigation's. */
  function storesOf(message, { scope, account }) {
    if (message.type !== "nav-usage" || !account || message.scope !== account) return [message.type];
    return scope === account ? ["nav-usage", "account-usage"] : ["account-usage"];
  }

  const concerns = (hint, name, id) => Boolean(hint.all) || (hint[name] || []).includes(id);

  /* What of the page a hint made stale, as the console names it. */
  function staleNames(hint, scope, thread, account) {
    const names = [];
    if (thread && concerns(hint, "threads", thread)) names.push(`thread-usage ${thread}`);
    if (scope && (scope === "all" || concerns(hint, "accounts", scope))) names.push(`nav-usage ${scope}`);
    if (account && account !== scope && concerns(hint, "accounts", account)) names.push(`nav-usage ${account}`);
    return names;
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let tab = null;

  function theTab() {
    if (!tab) tab = createTab();
    return tab;
  }

  function createTab() {
    const { publish, createThrottle } = dc.publish;
    const now = dc.live_state.createClock(
      () => window.performance.now(),
      () => Date.now(),
    );
    const board = createBoard();
    const stored = new Map(); // what each store was given last
    const page = { scope: null, thread: null, account: null, announced: null, state: null, beatTimer: null };

    const stream = dc.shared_stream.createSharedStream({
      createStream: dc.stream.createStream,
      createTabs: dc.tabs.open,
      WebSocket: window.WebSocket,
      EventSource: window.EventSource,
      location: window.location,
      now,
      random: Math.random,
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
      fetch: (path, { timeoutMs, ...options }) =>
        window.fetch(path, { ...options, signal: window.AbortSignal.timeout(timeoutMs) }),
      visible: () => window.document.visibilityState !== "hidden",
      onNetwork(changed) {
        window.addEventListener("online", changed);
        window.document.addEventListener("resume", changed); // it was frozen
        window.addEventListener("pageshow", (event) => event.persisted && changed());
      },
      onFrame: take,
      onChange: changed,
      onRefused: refused,
    });

    const later = (run, ms) => window.setTimeout(run, ms);
    const union = (first, second) => [...new Set([...first, ...second])];

    /* One pass over the page for all that a frame brought, the first at once. What is painted is the newest there is. */
    const paint = createThrottle({
      ms: PAINT_MS,
      now,
      setTimeout: later,
      merge: union,
      fire(names) {
        const values = names.map((name) => [name, board.shown.get(name)]).filter(([, data]) => data);
        for (const [name, data] of values) dc.render.paint(data, name); // first: a store takes its time
        for (const [name, data] of values) if (isUrgent(data, stored.get(name))) store(name);
        storeLater(names);
      },
    });

    const storeLater = createThrottle({
      ms: STORE_MS,
      now,
      setTimeout: later,
      merge: union,
      fire: (names) => names.forEach(store),
    });

    /* The newest of its kind, into the store of that name. */
    function store(name) {
      const data = board.shown.get(name);
      if (stored.get(name) !== data && publish(name, { data })) stored.set(name, data);
    }

    const hint = createThrottle({
      ms: HINT_MS,
      now,
      setTimeout: later,
      merge: mergeHints,
      fire(found) {
        const names = staleNames(found, page.scope, page.thread, page.account);
        if (names.length) window.console.info(`[useUsageRealtime] Usage changed: invalidated ${names.join(", ")}`);
        publish("threads-changed", { data: found });
        publish("overview-changed", { data: found });
        publish("account-changed", { data: found });
        publish("accounts-changed", { data: found });
        if (concerns(found, "threads", page.thread)) publish("thread-changed", { data: found });
      },
    });

    function take(messages, known) {
      const names = [];
      const wanted = stream.topics(); // what was given up a moment ago may still come
      for (const message of messages) {
        if (message.type === "changed") hint(message);
        else if (message.type === "preferences") dc.preferences.take(message);
        else if (wanted.includes(topicOf(message))) {
          const pushed = { ...message, connection: known.connection };
          for (const store of storesOf(message, page)) if (board.accept(pushed, store)) names.push(store);
          if (message.scope && message.scope === page.scope) page.delivered = known.connection;
        }
      }
      if (names.length) paint(names);
      announce(known);
    }

    /* Only once changes are really being delivered: listening, and this connection has sent the scope's value. */
    function announce(known) {
      const delivered = known.listening && page.delivered === known.connection;
      const name = `${known.connection} ${page.scope}`;
      if (!delivered || page.announced === name) return;
      page.announced = name;
      window.console.info("[useUsageRealtime] Usage logs subscription status: SUBSCRIBED");
      window.console.info("[useUsageRealtime] Credit usage subscription status: SUBSCRIBED");
    }

    function changed(known, back) {
      announce(known);
      refreshState();
      if (back) dc.gate.returned();
      if (back || known.connected) dc.address.retry();
    }

    function refused(reason, topics) {
      if (reason === "nobody") window.location.reload();
      // The page asks for what was refused, and says what it is told.
      const ofScope = (topic) => topic === `nav:${page.scope}`;
      if (reason === "forbidden" && !topics.every(ofScope)) {
        stream.follow(topics.filter(ofScope));
        dc.gate.askAll();
      }
    }

    function refreshState() {
      const known = stream.known;
      const hidden = window.document.visibilityState === "hidden";
      const online = window.navigator.onLine !== false;
      const state = dc.live_state.stateOf({ ...known, hidden, online }, now());
      window.clearTimeout(page.beatTimer);
      if (state === "live") {
        const left = known.beatAt + dc.live_state.BEAT_MS - now();
        page.beatTimer = window.setTimeout(refreshState, Math.min(LOOK_MS, Math.max(0, left) + 1));
      }
      const periods = dc.periods.name(); // who draws the state, draws these, too
      const name = `${state} ${known.history} ${hidden} ${periods}`;
      if (page.state === name) return;
      const data = { state, history: known.history, asking: !hidden, periods, since: new Date().toISOString() };
      if (publish("live-state", { data })) page.state = name;
      if (state === "live") dc.gate.askFailed(); // whatever kept it from an answer is likely over
    }

    /* Somebody may prefer to be without a stream: figures are then asked for at the periods. */
    function prefer() {
      if (dc.preferences.current().live_stream) stream.resume("preference");
      else stream.pause("preference");
    }

    for (const event of ["online", "offline"]) window.addEventListener(event, refreshState);
    window.document.addEventListener("visibilitychange", refreshState);
    dc.preferences.onChange(prefer);
    prefer();

    return { stream, board, page, stored, store, refreshState };
  }

  /* An answer goes the way of a pushed message; the alert about what failed goes with it. */
  function answered(key, store, answer) {
    if (!answer) return;
    dc.gate.answered(key, answer.request);
    dc.gate.share(key, answer);
    dc.render.succeeded(LIVE);
    dc.address.retry();
    show(store, answer);
  }

  /* Another tab's answer to what this one would have asked, too. */
  function heard(key, answer) {
    dc.render.succeeded(LIVE);
    if (key === "subscription") dc.publish.publish("subscription", { data: { ...answer, shared: true } });
    else show(STORES[key], answer);
  }

  /* A tab that has been hidden for a while needs no stream. */
  function release(released) {
    const { stream } = theTab();
    if (released) stream.pause("hidden");
    else stream.resume("hidden");
  }

  function show(store, answer) {
    const { board } = theTab();
    if (answer.history && !theTab().stream.known.connected) {
      theTab().stream.known.history = answer.history;
      theTab().refreshState();
    }
    if (!board.accept(answer, store)) return;
    dc.render.paint(answer, store); // also where React holds this very value, from before what was painted since
    theTab().store(store);
  }

  Object.assign(dc, {
    live: {
      isNewer,
      createBoard,
      isUrgent,
      mergeHints,
      staleNames,
      storesOf,

      nav_answered(answer) {
        if (answer) dc.preferences.take(answer.preferences); // where there is no stream to tell them
        answered("nav", "nav-usage", answer);
      },

      thread_answered(answer) {
        answered("thread", "thread-usage", answer);
      },

      /* An account's page asks for more than its usage, and takes care of the rest. */
      account_answered: (usage) => show("account-usage", usage),

      subscription_answered(answer) {
        if (!answer || answer.shared) return;
        dc.gate.answered("subscription", answer.request);
        dc.gate.share("subscription", answer);
        dc.render.succeeded(LIVE);
      },

      /* The stream follows the page: the chosen scope, and the thread or the account that is open. */
      follow(scope, shown) {
        const { stream, board, page, stored, refreshState } = theTab();
        const { thread = null, account = null } = shown || {};
        if (thread !== page.thread) stored.delete("thread-usage"); // it came with the page, and is empty
        if (scope && scope !== page.scope) {
          window.console.info(`[useUsageRealtime] Setting up real-time subscriptions for user: ${scope}`);
        }
        if (scope !== page.scope) page.delivered = null;
        if (account !== page.account) for (const kept of [board.shown, stored]) kept.delete("account-usage");
        Object.assign(page, { scope: scope || null, thread, account });
        if (shown && shown.title) window.document.title = `${shown.title} · Creditpulse`;
        const topics = [scope && `nav:${scope}`, thread && `thread:${thread}`, account && `nav:${account}`];
        stream.follow([...new Set(topics.filter(Boolean))]);
        refreshState();
      },

      /* Of the same scope or thread, and newer where the store lags behind what was painted. */
      newest(usage, store = usage && usage.type) {
        const found = usage && theTab().board.shown.get(store);
        return found && topicOf(found) === topicOf(usage) ? found : usage;
      },

      /* What a store has, or will have in a moment. */
      shown: (store) => theTab().board.shown.get(store),

      connection: () => theTab().stream.known.connection,
      away: () => String(theTab().page.state).startsWith("offline"),
      values: () => theTab().board.shown,

      /* Known from elsewhere than the stream: what stands here is kept, the server does not answer. */
      lost() {
        const { stream, refreshState } = theTab();
        if (!stream.known.connected) stream.known.reachable = false;
        refreshState();
      },

      reach: () => theTab().stream.reach(),
      retry: () => theTab().stream.retry(),
      refresh: () => theTab().refreshState(),
      release,
      heard,

      /* Of the agents that a store's figures are about. */
      statusOf(store) {
        const usage = dc.live.shown(store);
        return usage ? usage.agent_status : undefined;
      },
    },
  });
})(window);
