/*
 * Dash draws what it was given a while ago: on a busy machine something newer may have been painted meanwhile. That
 * stands there again before the browser shows the page: an observer's turn comes after React's, and before the frame.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const CARDS = { "nav-credits": "nav-usage", "thread-credits": "thread-usage", "account-credits": "account-usage" };

  function restore() {
    for (const [id, store] of Object.entries(CARDS)) {
      const element = window.document.getElementById(id);
      const newest = element && element.dataset.cost && dc.live.shown(store);
      if (newest && newest.cost !== undefined && newest.cost !== element.dataset.cost) dc.render.paint(newest, store);
    }
  }

  const observer = new window.MutationObserver(restore);
  observer.observe(window.document, { subtree: true, attributes: true, attributeFilter: ["data-cost"] });
})(window);
