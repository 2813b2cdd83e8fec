/*
 * Saves what a person chooses, as they choose it: one request at a time, so that the last choice of a field is the one
 * that stays, and again until it is answered.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const AGAIN_MS = 3000;
  const STUCK_MS = 15000; // a request without an answer for so long may be made again

  /*
   * `env`: reach() -> Promise<boolean>, send(request) -> sent?, setTimeout, changed(state). The state is {word, errors,
   * pending}: the word is "" before anything was chosen, saving, saved, refused or waiting; errors are sentences by
   * field, and pending are the fields of which nothing is known yet.
   */
  function createSaver(env) {
    let waiting = {}; // choices that no request has
    let flying = null; // {n, choices} of the request that has no answer yet
    let errors = {};
    let number = 0;

    const pending = () => Object.keys({ ...waiting, ...(flying && flying.choices) });
    const tell = (word) => env.changed({ word, errors: { ...errors }, pending: pending() });
    const some = (choices) => Object.keys(choices).length > 0;

    function flush() {
      if (flying || !some(waiting)) return;
      number += 1;
      const request = { n: number, choices: waiting };
      flying = request;
      waiting = {};
      tell("saving");
      env.reach().then((reachable) => {
        if (flying !== request) return;
        if (!reachable || !env.send(request)) failed();
      });
      env.setTimeout(() => flying === request && failed(), STUCK_MS);
    }

    /* Later choices of the same fields count more than those that did not get through. */
    function failed() {
      if (!flying) return;
      waiting = { ...flying.choices, ...waiting };
      flying = null;
      tell("waiting");
      env.setTimeout(flush, AGAIN_MS);
    }

    return {
      choose(choices) {
        for (const name of Object.keys(choices)) delete errors[name];
        waiting = { ...waiting, ...choices };
        flush();
      },

      answered(answer) {
        if (!flying || answer.request !== flying.n) return;
        errors = { ...errors, ...answer.errors };
        for (const name of Object.keys(waiting)) delete errors[name];
        flying = null;
        if (some(waiting)) flush();
        else tell(some(errors) ? "refused" : "saved");
      },

      failed,

      /* The page is opened anew: what was refused on the visit before is not on it. */
      forget() {
        errors = {};
        if (!flying && !some(waiting)) tell("");
      },
    };
  }

  Object.assign(dc, { saver: { createSaver } });
})(window);
