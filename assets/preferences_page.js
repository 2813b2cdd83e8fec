/* The page of preferences: its controls follow what holds, and what is chosen there is saved at once. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const PERIODS = ["running_seconds", "idle_seconds", "subscription_seconds"]; // in the order of layouts/ids.py
  const FIELDS = [...PERIODS, "live_stream", "theme", "zone", "unit", "reduced_motion"]; // of data/preferences.py
  const WORDS = {
    "": "",
    saving: "Saving",
    saved: "Saved",
    refused: "Not saved, see below",
    waiting: "Not saved yet: the server does not answer. It is tried again.",
  };

  const every = (seconds) => `every ${dc.preferences.periodText(seconds)}`;

  /* What each choice does at present, in the order of FIELDS. `here`: the browser's zone; `now`: a time. */
  function effects(held, { here, now, dark, still, rate }) {
    const { running_seconds: running, idle_seconds: idle, subscription_seconds: subscription, live_stream: stream } = held;
    const between = stream ? "Live updates come in between." : "Nothing comes in between.";
    const zone = held.zone === "browser" ? here : held.zone;
    const clock = (dc.formats.localText(now, zone) || "").slice(11, 16);
    return [
      `Figures of running agents are asked for ${every(running)}. ${between}`,
      `All other figures are asked for ${every(idle)}. ${between}`,
      `They are asked for ${every(subscription)}.`,
      stream
        ? "A change is on the screen a moment after it is committed."
        : `Cards say Paused: figures are up to ${dc.preferences.periodText(running)} old while an agent runs, else ${dc.preferences.periodText(idle)}.`,
      {
        system: `As this device has it, which is ${dark ? "dark" : "light"} now.`,
        light: "Light on every device.",
        dark: "Dark on every device.",
      }[held.theme],
      `${held.zone === "browser" ? `That of this browser, ${here}` : zone}: it is ${clock} there. Links that name a zone keep theirs.`,
      `${dc.formats.whole(rate)} credits are a dollar. Exports have both.`,
      held.reduced_motion === "reduced"
        ? "Nothing pulses, flashes or fades."
        : `As this device has it, which ${still ? "reduces" : "shows"} motion now.`,
    ];
  }

  const isDefault = (held) => FIELDS.every((name) => held[name] === dc.preferences.DEFAULTS[name]);

  /* What brings these fields back, out of what held before: a default is followed again, not chosen. */
  function backTo(before) {
    return Object.fromEntries(FIELDS.map((name) => [name, before[name] === dc.preferences.DEFAULTS[name] ? null : before[name]]));
  }

  /* The chooser's options: the browser's own, then all; what is chosen has to be among them. */
  function zoneOptions(zones, chosen, here) {
    const own = { value: "browser", label: `The browser's (${here})`, search: `browser ${here}` };
    return [own, ...(chosen === "browser" ? zones : dc.view.zonesWith(zones, chosen, false))];
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let saver = null;
  let root = null; // the page's element
  let before = null; // what a reset has replaced
  const shown = {}; // what each field of a period was last filled with, or entered as

  function theSaver() {
    if (!saver) {
      saver = dc.saver.createSaver({
        reach: () => dc.live.reach(),
        send: (request) => dc.publish.publish("preferences-request", { data: request }),
        setTimeout: (run, ms) => window.setTimeout(run, ms),
        changed: (state) => dc.publish.publish("preferences-state", { data: { ...state, undo: before !== null } }),
      });
    }
    return saver;
  }

  function choose(choices) {
    before = null;
    theSaver().choose(choices);
  }

  const elementOf = (name) => window.document.getElementById(`preferences-${name.split("_")[0]}`);

  /* Where somebody types, or has entered what cannot be saved, that stays. */
  function filled(name, held, errors, pending) {
    const text = dc.preferences.periodText(held[name]);
    const element = elementOf(name);
    const typing = element && element === window.document.activeElement && element.value !== shown[name];
    if (errors[name] || pending.includes(name) || typing) return dc.no_update;
    shown[name] = text;
    return text;
  }

  function open() {
    const found = window.document.querySelector(".preferences");
    if (found === root) return;
    root = found;
    before = null;
    for (const name of PERIODS) delete shown[name];
    theSaver().forget();
    dc.publish.publish("view-zones-asked", { data: true });
  }

  const media = (query) => window.matchMedia(query).matches;

  Object.assign(dc, {
    preferences_page: {
      effects,
      isDefault,
      backTo,
      zoneOptions,

      /* In the order of callbacks/preferences.py. */
      show(held, state, zones) {
        if (!held) return new Array(dc.callback_context.outputs_list.length).fill(dc.no_update);
        open();
        const { word = "", errors = {}, pending = [], undo = false } = state || {};
        const now = Date.now();
        const around = { here: dc.formats.HERE, now, dark: media("(prefers-color-scheme: dark)") };
        const still = media("(prefers-reduced-motion: reduce)");
        for (const name of PERIODS) elementOf(name)?.setAttribute("aria-invalid", String(Boolean(errors[name])));
        return [
          ...effects(held, { ...around, still, rate: dc.preferences.creditsPerDollar() }),
          ...FIELDS.flatMap((name) => [errors[name] || "", !errors[name]]),
          ...PERIODS.map((name) => filled(name, held, errors, pending)),
          zoneOptions(zones || [], held.zone, dc.formats.HERE),
          held.zone,
          WORDS[word],
          `label saving-${word}`,
          !undo,
          isDefault(held),
        ];
      },

      /* Which of each row of buttons is on. */
      pressed(held) {
        const outputs = [].concat(dc.callback_context.outputs_list);
        if (!held) return outputs.map(() => dc.no_update);
        return outputs.map(({ id }) => {
          const [, name, value] = /^preferences-(.+)-([a-z]+)$/.exec(id);
          return String((name === "live_stream" ? (held[name] ? "on" : "off") : held[name]) === value);
        });
      },

      press() {
        const part = (dc.callback_context.triggered || []).find(({ value }) => value);
        if (!part) return;
        const [, name, value] = /^preferences-(.+)-([a-z]+)\.n_clicks$/.exec(part.prop_id);
        choose({ [name]: name === "live_stream" ? value === "on" : value });
      },

      enter(...values) {
        PERIODS.forEach((name, at) => {
          const text = values[at];
          if (text === undefined || text === null || text === shown[name] || shown[name] === undefined) return;
          shown[name] = text;
          choose({ [name]: text });
        });
      },

      choose_zone(zone) {
        if (zone && zone !== dc.preferences.current().zone) choose({ zone });
      },

      reset(clicks) {
        if (!clicks) return;
        const held = dc.preferences.current();
        choose(Object.fromEntries(FIELDS.map((name) => [name, null])));
        before = held;
      },

      undo(clicks) {
        if (clicks && before) choose(backTo(before));
      },

      answered(answer) {
        if (!answer) return;
        dc.preferences.saved(answer.preferences);
        theSaver().answered(answer);
        dc.render.succeeded(["preferences-answer"]);
      },

      failed: () => theSaver().failed(),
    },
  });
})(window);
