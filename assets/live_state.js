/* Live, polling, offline or paused: one pure function of what is known, and of now. */
(function (window) {
  "use strict";

  const BEAT_MS = 12000; // a beat comes every 5 s; one older than this proves nothing
  const SLEEP_MS = 1000; // the wall clock is corrected by less
  const LATE_MS = 1500; // so that nothing is called live that waits longer than 2 s

  /*
   * `known`: hidden, online (the browser's own view), reachable (the server's last answer or silence),
   * connected (the stream's first frame is in), beatAt (ms), listening, queueAgeMs, history, off (the stream was
   * released: what is asked for at the periods may still fail).
   */
  function stateOf(known, now) {
    if (known.hidden) return "paused";
    if (!known.online || !known.reachable) return "offline";
    if (known.off) return "paused";
    return isDelivered(known, now) ? "live" : "polling";
  }

  function isDelivered(known, now) {
    return (
      known.connected &&
      now - known.beatAt < BEAT_MS &&
      known.listening &&
      known.queueAgeMs < LATE_MS &&
      known.history === "complete"
    );
  }

  /*
   * Milliseconds that only grow, the time asleep included: a monotonic clock may stand still in a sleeping computer,
   * and what it last heard would still seem fresh when it wakes.
   */
  function createClock(steady, wall) {
    const start = wall() - steady();
    let asleep = 0;
    return function now() {
      const ahead = wall() - steady() - start;
      if (ahead > asleep + SLEEP_MS) asleep = ahead;
      return steady() + asleep;
    };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    live_state: { stateOf, createClock, BEAT_MS },
  });
})(window);
