/* The way from our own events into Dash: onto components that are on the page, and never more than a frame's worth. */
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

  /*
   * Hands values on at once if the last time is a frame ago, else the newest of each key with the next frame.
   * A hidden page has no frames: there a timer stands in.
   */
  function createCoalescer({ now, nextFrame, apply, frameMs = 16 }) {
    let waiting = null;
    let appliedAt = -Infinity;

    function flush() {
      const values = waiting;
      waiting = null;
      appliedAt = now();
      apply(values);
    }

    return function put(values) {
      if (waiting) {
        values.forEach((value, key) => waiting.set(key, value));
      } else if (now() - appliedAt >= frameMs) {
        appliedAt = now();
        apply(values);
      } else {
        waiting = new Map(values);
        nextFrame(flush);
      }
    };
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
    publish: { publish, createCoalescer, createThrottle },
  });
})(window);
