/*
 * The stream as a page sees it, whichever tab has it open: the leader of the tabs runs one for the topics of all, the
 * others get its frames. What is known of the stream is as old in every tab as it is: one that misses the leader's word
 * is not live.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const EVERYONES = ["changed", "beat"];
  const AWAITED_MS = 1000; // so that what a new topic shows is never 2 s old, and called live
  const TIME = /At$/; // what is known of times goes to other tabs as ages: their clocks differ

  /* The topic of a value; null for what is everyone's, such as a beat or a hint. */
  function topicOf(message) {
    if (message.type === "nav-usage") return `nav:${message.scope}`;
    return message.type === "thread-usage" ? `thread:${message.thread_id}` : null;
  }

  /* What is known, with its times as ages, or back. */
  function shifted(known, by) {
    return Object.fromEntries(Object.entries(known).map(([name, value]) => [name, TIME.test(name) ? by(value) : value]));
  }

  /* Of the folds that messages tell of; what else has versions counts otherwise. */
  function newestOf(messages) {
    const told = messages.filter((message) => EVERYONES.includes(message.type) || topicOf(message) !== null);
    return Math.max(-1, ...told.map(({ version }) => version ?? -1));
  }

  /* What a message is the newest of: a topic's value, or what there is one of; null for what is of its moment only. */
  const placeOf = (message) => topicOf(message) ?? (EVERYONES.includes(message.type) ? null : message.type);

  /*
   * The interface of a stream, and the same `env`; besides: createStream, and createTabs(callbacks), which makes
   * what tabs.js describes.
   */
  function createSharedStream(env) {
    const { SILENCE_MS } = dc.tabs;
    const { ME, createSharedTopics } = dc.shared_topics;
    const last = new Map(); // the newest message of each place, of this connection
    const pauses = new Set(); // why this tab is without a stream
    let mine = [];
    let heard = null; // the leader's last word: {key, at, known}
    let told = null; // the source that `known.connection` counts
    let version = -1; // the newest that was seen
    let missed = false; // changes may have gone to nobody
    let behind = new Set(); // topics whose values may have moved while this tab did not listen
    let awaited = new Map(); // topics that the stream has told nothing of yet, and since when they are followed
    let wasReachable = true;
    let timer = null;

    const own = env.createStream({ ...env, onFrame: ownFrame, onChange: ownChange, onRefused: ownRefused });
    const tabs = env.createTabs({ facts, onLead: turned, onFollow: turned, onPeer: peer, onLeader: leaderSaid });
    const topics = createSharedTopics({
      check,
      follow(union) {
        const given = [...last].filter(([, message]) => topicOf(message) !== null && !union.includes(topicOf(message)));
        for (const [place] of given) last.delete(place); // nobody tells of it any more
        own.follow(union);
      },
      tell: (id) => (id === ME ? env.onRefused("forbidden", mine) : tabs.post("refused", { to: id })),
      setTimeout: env.setTimeout,
      leads: () => tabs.leads(),
    });

    /* ---- what is known, and by whom ---- */

    const isPaused = () => pauses.size > 0;

    /* What a page shows of a new topic until then is an answer, and soon too old. */
    const isOverdue = () => [...awaited.values()].some((since) => env.now() - since >= AWAITED_MS);

    function awaitTopics(wanted) {
      const since = (topic) => awaited.get(topic) ?? env.now();
      const untold = wanted.filter((topic) => awaited.has(topic) || !mine.includes(topic));
      awaited = new Map(untold.map((topic) => [topic, since(topic)]));
    }

    /* Of these topics the stream has told; whether that is news to whoever waited. */
    function heardOf(messages) {
      const waited = isOverdue();
      for (const message of messages) {
        behind.delete(topicOf(message));
        awaited.delete(topicOf(message));
      }
      return waited && !isOverdue();
    }

    const isFresh = () => heard !== null && env.now() - heard.at < SILENCE_MS;

    /* A new leader lives on what the last one said until its own first frame is in, but no longer than anyone may. */
    const isHeard = () => isFresh() && !(tabs.leads() && own.known.connected);
    const view = () => (isHeard() ? heard.known : own.known);
    const source = () => (isHeard() ? heard.key : `${tabs.id} ${own.known.connection}`);

    const known = { connection: 0 };
    const ofThisTab = {
      connected: () => !isPaused() && !behind.size && !isOverdue() && view().connected,
      off: () => isPaused(),
    };
    for (const name of Object.keys({ ...own.known, ...ofThisTab }).filter((one) => one !== "connection")) {
      const get = ofThisTab[name] || (() => view()[name]);
      Object.defineProperty(known, name, { enumerable: true, get, set: (value) => (own.known[name] = value) });
    }

    /* Counts sources: numbers are compared within one connection of one leader. */
    function refresh() {
      if (!view().connected || source() === told) return;
      missed = told !== null;
      told = source();
      last.clear();
      known.connection += 1;
    }

    function tell(back = false) {
      refresh();
      const returned = back || (known.reachable && !wasReachable);
      wasReachable = known.reachable;
      env.onChange(known, returned);
    }

    /* What was heard holds for a while; then it is told that it does not any more. One timer for all words. */
    function watch() {
      if (timer !== null || !isFresh()) return;
      timer = env.setTimeout(() => {
        timer = null;
        if (isFresh()) watch();
        else tell();
      }, heard.at + SILENCE_MS - env.now());
    }

    /* ---- frames ---- */

    /* To this tab, what it follows; and a hint at everything, where changes have gone to nobody. */
    function deliver(messages, newest) {
      refresh();
      const hint = missed && version >= 0 && newest !== version ? [{ type: "changed", all: true, version: newest }] : [];
      version = missed ? newest : Math.max(version, newest);
      missed = false;
      if (isPaused()) return;
      const followed = messages.filter((message) => topicOf(message) === null || mine.includes(topicOf(message)));
      const caughtUp = heardOf(followed);
      if (followed.length || hint.length) env.onFrame([...followed, ...hint], known);
      if (caughtUp) tell();
    }

    function ownFrame(messages) {
      refresh();
      messages.forEach(keep);
      deliver(messages, newestOf(messages));
      if (topics.othersFollow()) tabs.post("frame", { ...word(), messages });
    }

    /* For who comes later; not what was given up a moment ago: nothing may follow it. */
    function keep(message) {
      const topic = topicOf(message);
      if (topic === null ? placeOf(message) : own.topics().includes(topic)) last.set(placeOf(message), message);
    }

    const kept = (wanted) => [...last.values()].filter((message) => [null, ...wanted].includes(topicOf(message)));

    /* The leader's word on its stream; `since`: how old that is already. */
    function word() {
      const since = isHeard() ? env.now() - heard.at : 0;
      return { key: source(), known: shifted(view(), (at) => env.now() - at), since, version };
    }

    function facts() {
      const wanted = isPaused() ? [] : mine;
      return tabs.leads() ? { topics: wanted, ...word() } : { topics: wanted };
    }

    /* The leader's words: its beat, what has changed, a frame, or values that somebody has to catch up with. */
    function leaderSaid({ type, ageMs, to, facts: said, ...frame }) {
      const { key, known: theirs, since, version: newest } = said || frame;
      if (theirs === undefined || (to !== undefined && to !== tabs.id)) return;
      const lost = told !== null && !isFresh();
      const at = env.now() - ageMs - since;
      heard = { key, at, known: shifted(theirs, (age) => at - age) };
      if (lost && isFresh() && !isPaused()) {
        missed = true;
        behind = new Set(mine);
        tabs.changed(); // the leader sends the values of now
      }
      if (!isPaused()) deliver(frame.messages || [], newest);
      tell();
      watch();
    }

    /* ---- the own stream, of the leader ---- */

    function ownChange(_known, back) {
      if (tabs.leads()) tabs.post("state", word());
      else if (own.known.reachable && isFresh() && !heard.known.reachable) tabs.post("retry"); // a probe got through
      tell(back);
    }

    function ownRefused(reason, refused) {
      if (reason === "nobody") tabs.post("nobody");
      if (reason === "nobody" || topics.isMine()) env.onRefused(reason, refused);
      else topics.investigate();
    }

    async function check(wanted) {
      const path = `/live/check?topics=${wanted.map(encodeURIComponent).join(",")}`;
      const { status } = await env.fetch(path, { cache: "no-store", timeoutMs: 3000 });
      return ![400, 401, 403].includes(status);
    }

    /* ---- the other tabs ---- */

    function turned() {
      topics.follow();
      tell();
      watch();
    }

    /* What another tab follows; null once it is gone. Who has just come gets the values that are there. */
    function peer(id, said, { isNew }) {
      const wanted = (said && said.topics) || [];
      const changed = topics.want(id, wanted);
      if (!tabs.leads() || !wanted.length || !(isNew || changed)) return;
      tabs.post("values", { to: id, ...word(), messages: kept(wanted) });
    }

    tabs.on("retry", () => tabs.leads() && own.retry());
    tabs.on("nobody", () => env.onRefused("nobody", mine));
    tabs.on("refused", ({ to }) => to === tabs.id && env.onRefused("forbidden", mine));

    /* ---- this tab ---- */

    function want() {
      if (!topics.want(ME, isPaused() ? [] : mine)) return;
      tabs.changed(); // a leader sends the values of now
      if (!tabs.leads() || isPaused()) return;
      const messages = kept(mine); // of others' topics that are its own now
      if (messages.length) deliver(messages, version);
    }

    let begun = false;

    function follow(wanted) {
      awaitTopics(wanted);
      mine = wanted;
      behind = new Set(mine.filter((topic) => behind.has(topic)));
      want();
      if (begun) return;
      begun = true;
      tabs.start();
    }

    /* Without a stream, and without forgetting what it followed, until every `reason` has been taken back. */
    function pause(reason = "released") {
      pauses.add(reason);
      want();
      tell();
    }

    /* Whoever comes back asks anyway: no hint is needed for that. */
    function resume(reason = "released") {
      if (!pauses.delete(reason) || isPaused()) return;
      version = -1;
      behind = new Set(mine);
      want();
      tell();
    }

    function retry() {
      if (tabs.leads()) own.retry();
      else tabs.post("retry");
    }

    const reach = () => (known.connected ? Promise.resolve(true) : own.reach());

    return { follow, pause, resume, reach, retry, known, topics: () => mine };
  }

  Object.assign(dc, { shared_stream: { createSharedStream, topicOf } });
})(window);
