/*
 * How often the page asks. The interval that ticks and the words that name it come from here, so that what a person
 * reads is what happens.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const SECONDS = { running: 10, idle: 30, subscription: 120 };
  const MINUTES_FROM = 120; // shorter ones read better in seconds

  const kindOf = (status) => (status === "running" ? "running" : "idle");

  function preferredSeconds(kind) {
    const preferred = dc.preferences && dc.preferences.current();
    return (preferred && preferred[`${kind}_seconds`]) || SECONDS[kind];
  }

  const stretch = () => (dc.activity ? dc.activity.stretch() : 1);

  /* `kind` is running, idle or subscription: what the person prefers, stretched as dc.activity says. */
  function periodMs(kind) {
    return preferredSeconds(kind) * 1000 * stretch();
  }

  function textOf(ms) {
    const seconds = ms / 1000;
    if (seconds < MINUTES_FROM || seconds % 30) return `${seconds} s`;
    return `${seconds / 60} min`;
  }

  const words = (kind) => `every ${textOf(periodMs(kind))}`;

  Object.assign(dc, {
    periods: {
      kindOf,
      periodMs,
      textOf,
      words,

      /* Another name means other periods: what shows or uses one is drawn anew. */
      name: () => Object.keys(SECONDS).map(periodMs).join(" "),

      /* For the intervals of pages: by the agents' status, drawn anew with the live state, which tells of new periods. */
      by_status: (_live, status) => periodMs(kindOf(status)),
      idle: () => periodMs("idle"),
      subscription: () => periodMs("subscription"),
    },
  });
})(window);
