/*
 * The steps of the machine that connection.js draws: from where the connection stands and what happened to where it
 * stands then, what is awaited there and for how long. It owns no socket, no timer and no clock.
 */
(function (window) {
  "use strict";

  const { STATES, MOVES, ALWAYS, RENEWALS, PATIENCE, effectsOf } = window.dash_clientside.connection;

  const DOUBT_MS = 1000; // a handshake that takes longer may be slow, or swallowed, and then it never completes
  const GRACE_MS = 800; // what it gets once the server has answered somebody who asked later
  const OPEN_MS = 6000; // what it gets where nothing is answered
  const FRAME_MS = 2500; // from the open stream to its first frame: a proxy that buffers keeps that one, too
  const CLIMB_MS = 6000; // the same for a better stream beside one that works: nothing is lost meanwhile
  const SILENT_MS = 7000; // a beat comes every 5 s, and may be 1.3 s late while the database does not answer
  const STEADY_MS = 10000; // a stream that fell sooner counts as one that never came
  const ANSWER_MS = 1000; // a server that has said nothing for so long is away, until it says something

  const FIRST_MS = 250;
  const AWAY_MS = 1200; // between two questions whether the server is there: pages are to be right 3 s after a fault
  const POLLING_MS = 2000; // between two tries of streams that do not get through
  const GIVEN_UP_MS = 15000; // the same once that has been so for LONG_MS
  const LONG_MS = 300000;
  const UNWATCHED_MS = 30000; // where nobody looks
  const UNWATCHED = 8; // times as patient with a stream: a hidden tab gets little of the machine
  const CLIMB_FIRST_MS = 2000;
  const CLIMB_MOST_MS = 60000;
  const REFUSED_MS = 30000;
  const STRIKES = 2; // so often a way may fail while the server answers

  /* What is held against the ways to the server: nothing, on a network that nobody knows yet. */
  const fresh = {
    failures: 0, // since a stream held
    strikes: { socket: 0, events: 0 }, // the failures that are a way's own: the server answered otherwise
    climbs: 0, // tries of a socket since it was struck out
    pollingSince: null,
  };

  /* `able`: which transports the browser has. */
  function initial(able) {
    return {
      name: "off",
      deadlines: {}, // by the event that happens then
      able,
      ...fresh,
      suspect: null, // which way it is, if the server answers
      triedAt: -Infinity,
      askedAt: -Infinity,
      opened: false, // the handshake of the stream that is awaited is done
      since: -Infinity, // of the stream that delivers
      spoke: false, // since its replacement was begun
      climbAt: -Infinity, // when a socket that was struck out is worth the next try
    };
  }

  /* At least half, at most the whole of what doubles with each failure: never in step with other tabs. */
  function waitAfter(failures, random, mostMs, firstMs = FIRST_MS) {
    return Math.min(mostMs, firstMs * 2 ** Math.min(failures, 20)) * (0.5 + 0.5 * random());
  }

  const kindOf = (state) => STATES[state.name][0];

  /*
   * `event`: name; watched, whether somebody looks at the page. Of a frame, whether it has a `beat`; of a stream that
   * fell, whether the way to the server is to `blame`, and whether it is to come again `soon`; of a refusal, the
   * `reason`; of an answer, when it was `asked` for.
   */
  function next(state, event, now, random) {
    const noted = note(state, event, now, random);
    const to = destination(noted, event, now);
    if (to === undefined) return { state: noted, effects: [] };
    return { state: enter(noted, event, to, now, random), effects: effectsOf(state.name, event.name, to) };
  }

  function note(state, event, now, random) {
    switch (event.name) {
      case "frame":
        return event.beat && !state.name.startsWith("opening") ? beaten(state, now, random) : state;
      case "opened":
        return opened(state, event, now);
      case "fell":
      case "late":
        return blamed(state, event, now);
      case "missed":
        return state.name === "climbing" ? { ...state, ...climbLater(state, now, random) } : blamed(state, event, now);
      case "answered":
        return struck(state, now, random);
      case "unanswered":
        return { ...state, suspect: null, failures: state.failures + 1 };
      case "changed":
        return { ...state, ...fresh, climbAt: now };
      default:
        return state;
    }
  }

  /* A sign of life: the stream's next one is awaited; and one that has held for a while has no past. */
  function beaten(state, now, random) {
    const kind = kindOf(state);
    const found = { ...state, spoke: true };
    if (state.deadlines.silent !== undefined) found.deadlines = { ...state.deadlines, silent: silentAt(now, random) };
    if (now - state.since < STEADY_MS) return found;
    const cleared = { failures: 0, pollingSince: null, strikes: { ...state.strikes, [kind]: 0 } };
    return { ...found, ...cleared, ...(kind === "socket" && { climbs: 0 }) };
  }

  /* The handshake is done; what is awaited now is the first frame. */
  function opened(state, event, now) {
    const name = event.candidate ? "missed" : "late";
    if (state.deadlines[name] === undefined || state.name === "climbing") return state;
    const frameMs = FRAME_MS * (1 + state.strikes[STATES[state.name].at(-1)]);
    return { ...state, opened: true, deadlines: { [name]: now + patient(event, frameMs) } };
  }

  function blamed(state, event, now) {
    const steady = event.name === "fell" && now - state.since >= STEADY_MS && !state.name.startsWith("opening");
    const suspect = steady || event.blame === false ? null : kindOf(state);
    return { ...state, suspect, failures: state.failures + (steady ? 0 : 1) };
  }

  function struck(state, now, random) {
    const { suspect } = state;
    if (!suspect) return state;
    const found = { ...state, suspect: null, strikes: { ...state.strikes, [suspect]: state.strikes[suspect] + 1 } };
    const out = suspect === "socket" && found.strikes.socket >= STRIKES;
    return out ? { ...found, ...climbLater(found, now, random) } : found;
  }

  const climbLater = (state, now, random) => ({
    climbs: state.climbs + 1,
    climbAt: now + waitAfter(state.climbs, random, CLIMB_MOST_MS, CLIMB_FIRST_MS),
  });

  const silentAt = (now, random) => now + SILENT_MS + 1000 * random();

  function destination(state, event, now) {
    const to = MOVES[state.name][event.name] ?? ALWAYS[event.name];
    return Array.isArray(to) ? choose(state, to, now) : to;
  }

  function choose(state, among, now) {
    if (among.includes("socket")) return state.spoke ? "socket" : "waiting";
    const { able, strikes } = state;
    if (among === RENEWALS) return able.socket ? "climbing" : "renewing_events";
    const mayRest = among.includes("polling");
    if (able.socket && (strikes.socket < STRIKES || now >= state.climbAt)) return "opening_socket";
    if (able.events && (strikes.events < STRIKES || !mayRest)) return "opening_events";
    return mayRest ? "polling" : "opening_socket";
  }

  /* ---- into a state: what is awaited there, and for how long ----------------------------------------------------- */

  function enter(state, event, to, now, random) {
    const found = { ...state, name: to, deadlines: {} };
    const entries = {
      off: () => (event.name === "unanswered" && event.watched ? askingAgain(state, event, now, random) : {}),
      opening_socket: () => opening(state, event, now, random),
      opening_events: () => opening(state, event, now, random),
      socket: () => streaming(state, event, now, random),
      events: () => withClimb(state, streaming(state, event, now, random), now),
      climbing: () => ({ deadlines: { silent: state.deadlines.silent, missed: now + CLIMB_MS } }),
      renewing_socket: () => renewing(state, event, now, random),
      renewing_events: () => renewing(state, event, now, random),
      waiting: () => ({ deadlines: { due: retryAt(state, event, now, random) } }),
      checking: () => ({ askedAt: now, deadlines: { unanswered: now + ANSWER_MS } }),
      away: () => askingAgain(state, event, now, random),
      polling: () => resting(state, event, now, random),
      refused: () => (event.reason === "nobody" ? {} : { deadlines: { due: now + waitAfter(20, random, REFUSED_MS) } }),
    };
    return { ...found, ...entries[to]() };
  }

  const patient = (event, ms) => (event.watched ? ms : ms * UNWATCHED);

  function opening(state, event, now, random) {
    if (isPatient(state, event)) return doubting(state, event, "late", now, random);
    return { triedAt: now, opened: false, deadlines: { doubt: now + DOUBT_MS, late: now + patient(event, OPEN_MS) } };
  }

  function renewing(state, event, now, random) {
    if (isPatient(state, event)) return doubting(state, event, "missed", now, random);
    const deadlines = { doubt: now + DOUBT_MS, missed: now + patient(event, OPEN_MS) };
    return { spoke: false, triedAt: now, opened: false, deadlines };
  }

  const isPatient = (state, event) => "doubt" in MOVES[state.name] && PATIENCE.includes(event.name);

  /*
   * A handshake that takes long is judged by what somebody gets who asks later: nothing either, or an answer. Who comes
   * back to the tab is not to wait as long as nobody would.
   */
  function doubting(state, event, end, now, random) {
    const at = state.deadlines[end];
    const sooner = (ms) => ({ [end]: Math.min(at, now + ms) });
    if (event.name === "hurry") {
      return { deadlines: state.opened ? sooner(FRAME_MS) : { ...sooner(OPEN_MS), doubt: now + DOUBT_MS } };
    }
    if (state.opened) return { deadlines: state.deadlines };
    if (event.name === "doubt") return { askedAt: now, deadlines: { [end]: at, unanswered: now + ANSWER_MS } };
    if (event.name === "unanswered") {
      return { deadlines: { [end]: at, doubt: againAt({ ...state, failures: 20 }, event, now, random) } };
    }
    if (event.asked < state.triedAt + DOUBT_MS) return { deadlines: state.deadlines };
    return { deadlines: sooner(patient(event, GRACE_MS)) };
  }

  /* Into a stream that delivers; where that is an old one whose replacement did not come, it goes on as before. */
  function streaming(state, event, now, random) {
    if (event.name === "missed") return { deadlines: { silent: state.deadlines.silent ?? silentAt(now, random) } };
    return { since: now, suspect: null, deadlines: { silent: silentAt(now, random) } };
  }

  function withClimb(state, found, now) {
    if (!state.able.socket) return found;
    return { ...found, deadlines: { ...found.deadlines, climb: Math.max(state.climbAt, now + 1000) } };
  }

  /* Counted from the last try: one that took its time has been the wait. */
  function retryAt(state, event, now, random) {
    if (event.soon) return now + 100 + 600 * random();
    if (!state.failures) return now + 200 * random();
    const most = event.watched ? AWAY_MS : UNWATCHED_MS;
    return Math.max(now + 50 + 100 * random(), state.triedAt + waitAfter(state.failures - 1, random, most));
  }

  const askingAgain = (...step) => ({ deadlines: { due: againAt(...step) } });

  function againAt(state, event, now, random) {
    const most = event.watched ? AWAY_MS : UNWATCHED_MS;
    return Math.max(now + 50, state.askedAt + waitAfter(state.failures, random, most));
  }

  function resting(state, event, now, random) {
    const pollingSince = state.pollingSince ?? now;
    const watchedMs = now - pollingSince < LONG_MS ? POLLING_MS : GIVEN_UP_MS;
    const waitMs = waitAfter(state.failures, random, event.watched ? watchedMs : UNWATCHED_MS);
    return { pollingSince, deadlines: { due: Math.max(now + 200, state.triedAt + waitMs) } };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    connection_steps: { initial, next, waitAfter },
  });
})(window);
