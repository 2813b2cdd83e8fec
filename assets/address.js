/*
 * The page follows the address. Dash asks for a page once, when the path changes; if that gets no answer, or a new query
 * may change what a refusal said, it is asked for here, so that no address is left with another one's page.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const STUCK_MS = 15000; // a request without an answer for so long may be asked again
  const FAILED_MS = 3000; // one that is known to have failed, sooner

  /* Whether this is the address's page; a refusal, which names its query, only as long as that is the same. */
  function isShown(shown, address) {
    if (!shown || shown.path !== address.path) return false;
    return shown.search === undefined || shown.search === address.search;
  }

  /* `env`: now, ask(number). `connection` counts those of the stream: a new one is a server that is back. */
  function createFollower({ now, ask }) {
    let missing = null;
    let number = 0;

    function send(connection) {
      Object.assign(missing, { at: now(), connection, failed: false });
      number += 1;
      ask(number);
    }

    return {
      /* What is shown, and where; says whether the one is the other's. */
      follow(address, shown, connection) {
        if (isShown(shown, address)) {
          missing = null;
          return true;
        }
        const { path } = missing || {};
        if (path !== address.path) missing = { path: address.path, at: now(), connection, failed: false };
        if (shown && shown.path === address.path) send(connection); // of a new query Dash asks nothing
        return false;
      },

      failed() {
        if (missing) missing.failed = true;
      },

      /* Asks for the page that is shown already. */
      again(address, connection) {
        missing = { path: address.path };
        send(connection);
      },

      /* At every sign of life of the server, and where a person asks for it. */
      retry(connection, { force = false } = {}) {
        if (!missing) return;
        const back = missing.connection > 0 && missing.connection !== connection; // before the first, nothing was lost
        const age = now() - missing.at;
        if (force || back || age >= (missing.failed ? FAILED_MS : STUCK_MS)) send(connection);
      },
    };
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let follower = null;

  function theFollower() {
    if (!follower) {
      follower = createFollower({
        now: () => window.performance.now(),
        ask: (number) => dc.publish.publish("page-asked", { data: number }),
      });
    }
    return follower;
  }

  Object.assign(dc, {
    address: {
      isShown,
      createFollower,

      /* The class of the page's box: another address's page is on its way out. */
      follow(path, search, shown) {
        const here = theFollower().follow({ path, search: search || "" }, shown, dc.live.connection());
        if (here) dc.render.succeeded(["page"]);
        const absent = Boolean(shown) && shown.absent === path; // it says that the address's page is not kept
        if (absent) dc.thread.local_times();
        return here || absent ? "" : "leaving";
      },

      failed: () => theFollower().failed(),

      /* The page anew, with all that is on it: what it shows is to be written another way. Its parts have to go first. */
      reopen() {
        if (window.location.pathname === "/preferences") return; // nothing on it is
        dc.publish.publish("page", { children: null });
        theFollower().again({ path: window.location.pathname }, dc.live.connection());
      },
      retry: (options) => theFollower().retry(dc.live.connection(), options),
    },
  });
})(window);
