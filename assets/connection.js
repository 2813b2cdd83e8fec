/*
 * How a tab stays connected, drawn: the states of its one state machine, what is open in each, where each event leads,
 * and what is to be done on the way. docs/live.md has the same as a picture; connection_steps.js says when what is due.
 */
(function (window) {
  "use strict";

  /* What is open: the stream that delivers, or is to; and the one that takes its place once it has delivered. */
  const STATES = {
    off: [],
    opening_socket: ["socket"],
    socket: ["socket"],
    renewing_socket: ["socket", "socket"],
    waiting: [],
    checking: [],
    away: [],
    polling: [],
    opening_events: ["events"],
    events: ["events"],
    renewing_events: ["events", "events"],
    climbing: ["events", "socket"],
    refused: [],
  };

  /* Where an event leads; where there are several, the step chooses. Events that are not named change no state. */
  const OPENINGS = ["opening_socket", "opening_events"];
  const RENEWALS = ["climbing", "renewing_events"];
  const PATIENCE = ["doubt", "answered", "unanswered", "hurry"]; // while a stream opens, these say how long it may take
  const patience = (state) => Object.fromEntries(PATIENCE.map((event) => [event, state]));
  const MOVES = {
    off: { start: OPENINGS, unanswered: "off", due: "off", answered: "off" },
    opening_socket: { frame: "socket", fell: "waiting", late: "waiting", ...patience("opening_socket") },
    socket: { fell: "waiting", silent: "renewing_socket", changed: "renewing_socket" },
    renewing_socket: {
      replaced: "socket",
      fell: "opening_socket",
      missed: ["socket", "waiting"],
      ...patience("renewing_socket"),
    },
    waiting: { due: "checking", hurry: "checking", changed: "checking" },
    checking: { answered: [...OPENINGS, "polling"], unanswered: "away" },
    away: { due: "checking", hurry: "checking", changed: "checking", answered: [...OPENINGS, "polling"] },
    polling: { due: OPENINGS, hurry: OPENINGS, changed: OPENINGS, unanswered: "away" },
    opening_events: {
      frame: "events",
      fell: "waiting",
      late: "waiting",
      topics: "opening_events",
      ...patience("opening_events"),
    },
    events: {
      fell: "waiting",
      silent: "renewing_events",
      changed: RENEWALS,
      climb: "climbing",
      topics: "renewing_events",
    },
    renewing_events: {
      replaced: "events",
      fell: "opening_events",
      missed: "waiting",
      topics: "renewing_events",
      ...patience("renewing_events"),
    },
    climbing: {
      replaced: "socket",
      missed: "events",
      fell: "opening_socket",
      silent: "opening_socket",
      topics: "renewing_events",
    },
    refused: { due: OPENINGS, hurry: OPENINGS, topics: OPENINGS },
  };
  const ALWAYS = { stop: "off", refused: "refused" };

  /*
   * open KIND, try KIND: a stream, and one that is to take its place; promote: it has, and what it replaces is closed;
   * close and drop: the one and the other; ask: whether the server is there.
   */
  function effectsOf(from, event, to) {
    const effects = [];
    let [current, candidate] = STATES[from];
    const [wanted, wantedToo] = STATES[to];
    const outlived = candidate && (event === "replaced" || (wanted && !wantedToo && event !== "missed"));
    if (outlived) {
      effects.push("promote");
      [current, candidate] = [candidate, undefined];
    }
    const anew = event === "topics";
    if (candidate && (candidate !== wantedToo || anew)) {
      effects.push("drop");
      candidate = undefined;
    }
    if (current && (current !== wanted || (anew && !wantedToo))) {
      effects.push("close");
      current = undefined;
    }
    if (wanted && !current) effects.push(`open ${wanted}`);
    if (wantedToo && !candidate) effects.push(`try ${wantedToo}`);
    if (to === "checking" || event === "doubt" || (to === "off" && event === "due")) effects.push("ask");
    return effects;
  }

  /* Every move as docs/live.md draws it, by "from --> to"; those that every state has are not among them. */
  function arrows() {
    const found = {};
    for (const [from, moves] of Object.entries(MOVES)) {
      for (const [event, targets] of Object.entries(moves)) {
        for (const to of [].concat(targets)) (found[`${from} --> ${to}`] ??= []).push(event);
      }
    }
    return found;
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    connection: { STATES, MOVES, ALWAYS, RENEWALS, PATIENCE, effectsOf, arrows },
  });
})(window);
