/*
 * How often the page may do what keeps it busy for long. Drawing a chart blocks the page, and a value that arrives
 * meanwhile is late: so drawing takes a small share of the time, however slow the machine is.
 */
(function (window) {
  "use strict";

  const SHARE = 0.03;
  const LEAST_MS = 1000;
  const MOST_MS = 5000; // a first drawing brings its code along: that says little of those to come

  /* Rests after each time for so long that all of them together take `share` of the time, up to `mostMs`. */
  function createPace({ share = SHARE, leastMs = LEAST_MS, mostMs = MOST_MS } = {}) {
    let endedAt = -Infinity;
    let restMs = 0;
    return {
      waitMs: (now) => Math.max(0, endedAt + restMs - now),
      took(began, ended) {
        endedAt = ended;
        restMs = Math.min(mostMs, Math.max(leastMs, (ended - began) * (1 / share - 1)));
      },
    };
  }

  /* Tells the pace how long the page is busy from now on: a message comes after the next frame is drawn. */
  function time(pace) {
    const began = window.performance.now();
    const ended = () => pace.took(began, window.performance.now());
    if (window.document.visibilityState === "hidden") {
      window.setTimeout(ended, 0); // there are no frames
      return;
    }
    window.requestAnimationFrame(() => {
      const channel = new window.MessageChannel();
      channel.port1.onmessage = ended;
      channel.port2.postMessage(null);
    });
  }

  const ANSWERING = 0.2; // of the server's time, at most, goes to one page's part

  /* How long a part rests after an answer: by what it cost the server, and how long drawing it blocked the page. */
  function createRest(leastMs = LEAST_MS) {
    const answering = createPace({ share: ANSWERING, leastMs, mostMs: Infinity });
    const drawing = createPace();
    return {
      waitMs: (now) => Math.max(answering.waitMs(now), drawing.waitMs(now)),
      /* The answer, which took the server so long, is in the page, and is drawn with the next frame. */
      answered(tookMs) {
        const now = window.performance.now();
        answering.took(now - tookMs, now);
        time(drawing);
      },
    };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, { pace: { createPace, createRest, time } });
})(window);
