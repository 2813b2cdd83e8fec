/* Live, polling, offline or paused: one pure function of what is known, and of now. */
(function (window) {
  "use strict";

  const BEAT_MS = 12000; // a beat comes every 5 s; one older than this proves nothing
  const LATE_MS = 1500; // so that nothing is called live that waits longer than 2 s

  /*
   * `known`: hidden, online (the browser's own view), reachable (the server's last answer or silence),
   * connected (the stream's first frame is in), beatAt (ms), listening, queueAgeMs, history.
   */
  function stateOf(known, now) {
    if (known.hidden) return "paused";
    if (!known.online || !known.reachable) return "offline";
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

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    live_state: { stateOf, BEAT_MS },
  });
})(window);
