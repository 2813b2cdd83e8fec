/* The threads list: when it is asked for again. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const SEARCH_REST_MS = 10000; // a search reads more than a page of the list does
  let searchedAt = -Infinity;
  let listed = null; // the scope whose threads are asked for

  /* Whether a hint or a tick asks now: with something typed into the search, only every ten seconds. */
  function due(search, now, last) {
    return !search || now - last >= SEARCH_REST_MS;
  }

  Object.assign(dc, {
    threads: {
      due,

      ask(hint, ticks, scope, search) {
        const now = window.performance.now();
        // The page has just opened: what an earlier visit asked for was never answered, or is answered to nobody.
        if (!hint && !ticks) dc.gate.answered("threads");
        if (!scope || (hint && !due(search, now, searchedAt))) return dc.no_update;
        searchedAt = now;
        listed = scope;
        dc.gate.threads(scope, hint);
        return now;
      },

      /* The threads of one account never stand under another's name, however long the answer takes. */
      scope_changed(scope) {
        if (!scope || !window.document.getElementById("threads-body")) return;
        if (scope !== listed) dc.publish.publish("threads-body", { "data-state": "loading" });
        listed = scope;
        dc.gate.threads(scope);
      },
    },
  });
})(window);
