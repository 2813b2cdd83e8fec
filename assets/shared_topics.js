/*
 * Which topics the leader's stream follows: those of every tab, but none that a tab may not follow. The server refuses a
 * stream as a whole; so whose topics it were is found out, and only that tab is told.
 */
(function (window) {
  "use strict";

  const RECHECK_MS = 30000; // what was refused may be allowed one day
  const RETRY_MS = 5000;
  const ME = "me";

  const same = (one, other) => one.length === other.length && one.every((topic) => other.includes(topic));

  /*
   * `env`: check(topics) -> Promise<boolean> of whether one may follow them, follow(topics): for the stream, tell(id):
   * that what it follows was refused, setTimeout, leads().
   */
  function createSharedTopics(env) {
    const wanted = new Map(); // by tab
    const refused = new Set(); // tabs
    let checking = false;
    let timer = null;

    /* Whether that is news. */
    function want(id, topics) {
      if (same(wanted.get(id) || [], topics)) return false;
      if (topics.length) wanted.set(id, topics);
      else wanted.delete(id);
      refused.delete(id);
      follow();
      return true;
    }

    function union() {
      return [...new Set(admitted().flatMap(([, topics]) => topics))];
    }

    function follow() {
      if (!checking) env.follow(env.leads() ? union() : []);
    }

    const othersFollow = () => [...wanted.keys()].some((id) => id !== ME);

    /* Nothing is followed until it is known whose topics they were. */
    async function investigate() {
      if (checking) return;
      env.follow([]);
      checking = true;
      const found = await find(admitted(), false);
      checking = false;
      for (const id of found) refused.add(id);
      for (const id of found) env.tell(id);
      if (found.length) follow();
      else env.setTimeout(follow, RETRY_MS); // it was something else
      recheck();
    }

    const admitted = () => [...wanted].filter(([id]) => !refused.has(id));

    /* Which of these tabs may (or may not) follow what they want; one of which nobody knows is not among them. */
    async function find(tabs, allowed) {
      const asked = tabs.map(async ([id, topics]) => {
        const now = await env.check(topics).catch(() => !allowed);
        return now === allowed && wanted.get(id) === topics ? [id] : [];
      });
      return (await Promise.all(asked)).flat();
    }

    function recheck() {
      if (timer !== null || !refused.size) return;
      timer = env.setTimeout(async () => {
        timer = null;
        const found = env.leads() ? await find([...wanted].filter(([id]) => refused.has(id)), true) : [];
        for (const id of found) refused.delete(id);
        if (found.length) follow();
        recheck();
      }, RECHECK_MS);
    }

    return { want, follow, isMine: () => !othersFollow(), investigate, othersFollow };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, { shared_topics: { createSharedTopics, ME } });
})(window);
