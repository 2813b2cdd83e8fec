/*
 * The page's side of what is kept in the browser (`worker/`): brings the worker in, hands it what was answered before it
 * was there and what the stream has brought since, and makes a page that was opened from what is kept whole again.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const SCRIPT = "/sw.js";
  const REGISTER_MS = 3000; // the page itself comes first
  const RELOAD_MS = 10000; // servers that do not agree on who is here would have a page reload for ever
  const OVERHEARD = 80; // answers, at most, of a page that was loaded without the worker
  const ROWS = 100; // of a thread's log, as many as its page begins with
  const RELOADED = "creditpulse-reloaded"; // the release that the tab was loaded anew for
  const RELOADED_AT = "creditpulse-reloaded-at";
  const PARTS = { "/_dash-layout": "layout", "/_dash-dependencies": "dependencies" };
  const CALLBACK = "/_dash-update-component";

  /* ---- what is worth telling the worker --------------------------------------------------------------------- */

  /* A usage that the stream brought, as the answer to who asks for it; the rest of that answer stays. */
  function noteOfUsage(usage) {
    if (!usage || usage.gone || !usage.as_of) return null;
    const { connection: _connection, ...data } = usage;
    const at = Date.parse(usage.as_of);
    if (usage.type === "thread-usage") {
      return { output: "thread-answer", about: { thread_id: usage.thread_id }, parts: { "thread-answer": { data } }, at };
    }
    return { output: "nav-answer", about: { scope: usage.scope }, parts: { "nav-answer": { data } }, at };
  }

  /* The same for an account's page, whose answer has the usage beside other things. */
  function noteOfAccount(usage, zone) {
    const found = zone ? noteOfUsage(usage) : null;
    if (!found) return null;
    const { data } = found.parts["nav-answer"];
    return { output: "account-answer", about: { scope: usage.scope, zone }, parts: { "account-answer": { data: { usage: data } } }, at: found.at };
  }

  /* A thread's chart and log as they have grown, as if they had been read at once. */
  function noteOfThread({ thread, figure, rows, total, seen, detail }, at) {
    if (!thread || !figure || !rows.length || !seen || seen.of !== thread) return null;
    const page = { mode: "replace", thread_id: thread, rows: rows.slice(0, ROWS), total };
    const parts = { "thread-figure": { data: figure }, "thread-page": { data: page }, "thread-seen": { data: seen } };
    if (detail && detail.of === thread) parts["thread-detail"] = { data: detail };
    return { output: "thread-figure", about: { thread_id: thread }, parts, at };
  }

  /* ---- which release the page is of ------------------------------------------------------------------------- */

  /*
   * What to do about a server of another release: nothing, reload at once, or once nobody is looking. A page that has
   * just come back is not read yet; any other may be in use. Once for a release: while one is being replaced by the
   * next, some servers have the one, and some the other.
   */
  function verdictOn(found, { mine, reloaded, returning, hidden }) {
    if (!mine || !found || found === mine || found === reloaded) return "stay";
    return returning || hidden ? "reload" : "later";
  }

  /* ---- in the browser --------------------------------------------------------------------------------------- */

  const said = (name) => window.document?.querySelector(`meta[name="${name}"]`)?.content || "";
  const workers = window.navigator && window.navigator.serviceWorker; // missing in pages that are not secure

  let overheard = null; // what is answered before there is a worker: {answers, parts, over}
  let keptOutputs = new Set(); // what was filled from what is kept, since the server went
  let state = null; // live, polling, offline or paused
  let opened = false;
  let wasAway = false;
  let returning = false;
  let newer = null; // the release that the server is of, where that is another

  const isKept = () => Boolean(workers && workers.controller);

  /* Notes what the page is given, until the worker hears it by itself. */
  function overhear() {
    const fetch = window.fetch;
    overheard = { answers: [], parts: [], over: false };
    window.fetch = async function (resource, options) {
      const heard = overheard;
      const response = await fetch.call(this, resource, options);
      if (heard) note(heard, new URL(resource.url || resource, window.location.href).pathname, options, response);
      return response;
    };
  }

  function note(heard, path, options, response) {
    if (response.status !== 200) return;
    const part = PARTS[path];
    if (part) heard.parts.push({ part, response: response.clone() });
    if (path !== CALLBACK || !options || typeof options.body !== "string") return;
    const answer = { body: options.body, response: response.clone() };
    if (heard.over) handOn([answer]); // it was asked before, and came after the worker
    else heard.answers.push(answer);
    heard.answers.splice(0, heard.answers.length - OVERHEARD);
  }

  const texts = (list, make) => Promise.all(list.map(async (one) => make(one, await one.response.text())));
  const answersOf = (list) =>
    texts(list, ({ body, response }, text) => ({ body, text, viewer: response.headers.get("X-Creditpulse-Viewer") }));

  /* Resolved when the worker has done what it is told. */
  async function told(message) {
    const { port1, port2 } = new window.MessageChannel();
    const done = new Promise((resolve) => (port1.onmessage = resolve));
    (await workers.ready).active.postMessage(message, [port2]);
    await done;
  }

  const handOn = async (answers) => told({ type: "adopt", answers: await answersOf(answers) });

  /* Hands over everything that was loaded without the worker; what it holds already it does not load again. */
  async function handOver() {
    const urls = window.performance.getEntriesByType("resource").map(({ name }) => name);
    if (!overheard) await told({ type: "adopt", url: null, urls });
    else await handOverHeard(overheard, urls);
    window.document.documentElement.dataset.kept = "true"; // from now on the page opens without the server, too
  }

  /* First whose it is; until the worker knows that, it keeps nothing that comes by itself. */
  async function handOverHeard(found, urls) {
    const parts = await texts(found.parts, ({ part, response }, text) => ({ part, text, headers: [...response.headers] }));
    await told({ type: "adopt", url: window.location.href, urls, parts, answers: await answersOf(found.answers.splice(0)) });
    found.over = true;
    overheard = null;
    await handOn(found.answers); // what came meanwhile
  }

  function start() {
    if (!workers) return;
    if (!workers.controller) overhear();
    workers.addEventListener("message", ({ data }) => heard(data));
    const bring = () => window.setTimeout(() => register().catch(() => {}), REGISTER_MS);
    if (window.document.readyState === "complete") bring();
    else window.addEventListener("load", bring);
    window.addEventListener("pagehide", tell);
    window.document.addEventListener("visibilitychange", () => window.document.visibilityState === "hidden" && leave());
  }

  async function register() {
    await workers.register(SCRIPT, { updateViaCache: "none" });
    await workers.ready;
    await handOver();
  }

  /* What the page shows now, for whoever opens it without the server. */
  function tell() {
    if (!isKept()) return;
    const shown = dc.live.values();
    const account = noteOfAccount(shown.get("account-usage"), dc.view.current()?.zone);
    const values = [...[...shown.values()].map(noteOfUsage), account, noteOfThread(threadNow(), Date.now())].filter(Boolean);
    workers.controller.postMessage({ type: "note", viewer: said("creditpulse-viewer"), values });
  }

  function stored(id) {
    try {
      return window.dash_component_api.getLayout(id).props.data ?? null;
    } catch {
      return null; // not on this page
    }
  }

  function threadNow() {
    const thread = stored("thread-id");
    const figure = thread && dc.charts.figureOf(thread);
    const rows = [];
    try {
      window.dash_ag_grid.getApi("thread-log").forEachNode(({ data }) => rows.push(data));
    } catch {
      // there is no log here
    }
    const usage = dc.live.values().get("thread-usage");
    return { thread, figure, rows, total: usage ? usage.calls : rows.length, seen: stored("thread-seen"), detail: stored("thread-detail") };
  }

  function leave() {
    tell();
    if (newer) renew();
  }

  function heard(message) {
    if (!message) return;
    if (message.type === "viewer" && message.viewer !== said("creditpulse-viewer")) reload(); // it is another person's
    if (message.type === "kept") {
      keptOutputs.add(message.output);
      dc.live.lost();
    }
    if (message.type === "nobody") reload();
    if (message.type === "release") noticeRelease(message.release);
  }

  function noticeRelease(found) {
    const hidden = window.document.visibilityState === "hidden";
    const verdict = verdictOn(found, { mine: said("creditpulse-release"), reloaded: window.sessionStorage.getItem(RELOADED), returning, hidden });
    newer = verdict === "stay" ? null : found;
    if (verdict === "reload") renew();
  }

  function renew() {
    window.sessionStorage.setItem(RELOADED, newer);
    reload();
  }

  function reload() {
    const { sessionStorage } = window;
    if (Date.now() - Number(sessionStorage.getItem(RELOADED_AT)) < RELOAD_MS) return;
    sessionStorage.setItem(RELOADED_AT, String(Date.now()));
    window.location.reload();
  }

  /* The server is back: nothing that is kept stands for what it would say now. */
  function returned() {
    wasAway = false;
    returning = true;
    if (newer) renew();
    dc.gate.returned();
    dc.address.retry({ force: true });
    if (keptOutputs.has("nav-account")) dc.publish.publish("scope-asked", { data: window.location.search });
    keptOutputs = new Set();
    window.setTimeout(() => (returning = false), REGISTER_MS);
  }

  Object.assign(dc, {
    offline: {
      noteOfUsage,
      noteOfAccount,
      noteOfThread,
      verdictOn,
      isKept,

      /* The page's state, whenever it is another. */
      follow(live) {
        if (!opened) {
          opened = true;
          if (said("creditpulse-kept")) dc.live.lost();
        }
        if (!live || live.state === state) return;
        state = live.state;
        if (state === "offline") {
          wasAway = true;
          tell();
        } else if (wasAway && state !== "paused") returned();
      },

      /* Drops everything that is kept in this browser: for signing out. Resolved when it is gone. */
      async wipe() {
        if (workers && (await workers.getRegistration())?.active) await told({ type: "wipe" });
      },
    },
  });

  if (window.document) start();
})(window);
