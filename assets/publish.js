/* The way from our own events into Dash: onto components that are on the page, and no more often than is of use. */
(function (window) {
  "use strict";

  /* Dash throws for a component that is not on the page; then nobody is there to be told. */
  function publish(id, props) {
    try {
      window.dash_clientside.set_props(id, props);
      return true;
    } catch {
      return false;
    }
  }

  /* At once, then at most every `ms`, the last time included; what came meanwhile is merged. */
  function createThrottle({ ms, now, setTimeout, merge, fire }) {
    let waiting = null;
    let firedAt = -Infinity;

    function run() {
      const value = waiting.value;
      waiting = null;
      firedAt = now();
      fire(value);
    }

    return function put(value) {
      if (waiting) {
        waiting.value = merge(waiting.value, value);
        return;
      }
      waiting = { value };
      const left = firedAt + ms - now();
      if (left <= 0) run();
      else setTimeout(run, left);
    };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    publish: { publish, createThrottle },
  });
})(window);
