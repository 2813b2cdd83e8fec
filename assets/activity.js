/*
 * Whether somebody is at work here, and what their network allows. It decides nothing about what is asked: it says how
 * far periods are stretched, when a hidden tab gives up its stream, and when somebody or the computer is back.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const IDLE_MS = 5 * 60 * 1000; // without input in any tab
  const IDLE_STRETCH = 4;
  const SAVING_STRETCH = 2; // where data is dear or slow; the stream, which costs least, goes on
  const RELEASE_MS = 60 * 1000; // hidden for so long: no stream
  const LOOK_MS = 2000;
  const SLEEP_MS = 10000; // late by so much: the computer slept, and its connections with it
  const TELL_MS = 1000;
  const SLOW = ["slow-2g", "2g", "3g"];

  /* `network` is the browser's navigator.connection; few browsers have one. */
  function isSaving(network) {
    return Boolean(network && (network.saveData || SLOW.includes(network.effectiveType)));
  }

  /*
   * `env`: now (time asleep included), wall, setTimeout, clearTimeout, visible(), network(), tell(): input, for the
   * other tabs; onChange(), onReleased(released), onRestored(): periods are shorter again, onWake(): after sleep.
   */
  function createActivity(env) {
    let inputAt = env.now();
    let released = false;
    let shown = null; // the stretch that was last told
    let idleTimer = null;
    let releaseTimer = null;
    let lookTimer = null;
    let lookedAt = null;

    const idle = () => env.now() - inputAt >= IDLE_MS;

    /* How many times as long periods are: the larger reason counts alone. */
    function stretch() {
      if (idle()) return IDLE_STRETCH;
      return isSaving(env.network()) ? SAVING_STRETCH : 1;
    }

    function settle() {
      const now = stretch();
      if (now === shown) return;
      const restored = now < shown;
      shown = now;
      env.onChange();
      if (restored) env.onRestored();
    }

    /* One timer for all inputs: it finds out, when it is due, how long it is since the last. */
    function watchIdle() {
      env.clearTimeout(idleTimer);
      const left = inputAt + IDLE_MS - env.now();
      if (left <= 0) settle();
      else idleTimer = env.setTimeout(watchIdle, left);
    }

    /* Somebody is at work, here or (so long ago) in another tab. */
    function heard(ageMs = 0) {
      const wasIdle = idle();
      inputAt = Math.max(inputAt, env.now() - ageMs);
      if (!wasIdle || idle()) return;
      settle();
      watchIdle();
    }

    function input() {
      heard();
      env.tell();
    }

    /* The tab was shown or hidden. */
    function seen() {
      env.clearTimeout(releaseTimer);
      env.clearTimeout(lookTimer);
      if (!env.visible()) {
        releaseTimer = env.setTimeout(() => release(true), RELEASE_MS);
        return;
      }
      lookedAt = env.wall();
      lookTimer = env.setTimeout(look, LOOK_MS);
      input();
      release(false);
    }

    function release(wanted) {
      if (released === wanted) return;
      released = wanted;
      env.onReleased(released);
    }

    /* Timers of a hidden tab are late anyway, so only a visible one looks. */
    function look() {
      const late = env.wall() - lookedAt - LOOK_MS;
      lookedAt = env.wall();
      lookTimer = env.setTimeout(look, LOOK_MS);
      if (late < SLEEP_MS) return;
      watchIdle(); // timers, too, stood still
      env.onWake();
    }

    shown = stretch();
    watchIdle();
    seen();
    return { input, heard, seen, settle, stretch, idle, released: () => released };
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "touchmove"];
  let activity = null;
  let place = null; // of the pointer: pages that move below it send events, too

  function theActivity() {
    if (!activity) {
      activity = createActivity({
        now: dc.live_state.createClock(
          () => window.performance.now(),
          () => Date.now(),
        ),
        wall: () => Date.now(),
        setTimeout: (run, ms) => window.setTimeout(run, ms),
        clearTimeout: (timer) => window.clearTimeout(timer),
        visible: () => window.document.visibilityState !== "hidden",
        network: () => window.navigator.connection,
        tell: createTeller(),
        onChange: () => dc.live.refresh(),
        onReleased: (released) => dc.live.release(released),
        onRestored: () => dc.gate.askDue(),
        onWake: () => dc.gate.wake(),
      });
      listen(activity);
    }
    return activity;
  }

  function createTeller() {
    return dc.publish.createThrottle({
      ms: TELL_MS,
      now: () => window.performance.now(),
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      merge: () => null,
      fire: () => dc.tabs && dc.tabs.post("input"),
    });
  }

  /* Other periods. */
  function preferred() {
    dc.live.refresh();
    dc.gate.askDue();
  }

  function isInput(event) {
    if (!event.isTrusted) return false;
    if (event.type !== "pointermove") return true;
    const here = `${event.screenX} ${event.screenY}`;
    if (here === place) return false;
    place = here;
    return true;
  }

  function listen({ input, heard, seen, settle }) {
    const { document, navigator } = window;
    for (const name of INPUTS) {
      window.addEventListener(name, (event) => isInput(event) && input(), { passive: true, capture: true });
    }
    window.addEventListener("focus", input);
    document.addEventListener("visibilitychange", seen);
    if (navigator.connection) navigator.connection.addEventListener("change", settle);
    if (dc.tabs) dc.tabs.on("input", ({ ageMs }) => heard(ageMs));
    if (dc.preferences) dc.preferences.onChange(preferred);
  }

  Object.assign(dc, {
    activity: {
      createActivity,
      isSaving,
      stretch: () => theActivity().stretch(),
      released: () => theActivity().released(),
    },
  });
})(window);
