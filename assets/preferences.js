/*
 * What this person has chosen of how pages look and how often they ask. The document brings it, so that the first paint
 * is right; the stream tells of every change, whichever device it was made on, and answers to polls do where there is
 * no stream. Of two states the one with the higher version is the later.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const DEFAULTS = {
    running_seconds: 10,
    idle_seconds: 30,
    subscription_seconds: 120,
    live_stream: true,
    theme: "system",
    zone: "browser",
    unit: "credits",
    reduced_motion: "system",
    version: 0,
  };
  const NAMES = Object.keys(DEFAULTS);

  /* Of a message or a document: every field, and nothing else. */
  const fieldsOf = (given) => Object.fromEntries(NAMES.map((name) => [name, given?.[name] ?? DEFAULTS[name]]));

  const periodText = (seconds) => dc.periods.textOf(1000 * seconds);

  const every = (seconds) => `every ${periodText(seconds)}`;

  /* How often a card's figures are asked for, at length. */
  function frequencyWords(held, [runs, figures], plans) {
    const begin = held.live_stream ? `Besides live updates, ${figures}` : figures[0].toUpperCase() + figures.slice(1);
    const plan = plans ? `; plan and allowance ${plans}` : "";
    const end = held.live_stream ? "" : " Live updates are switched off.";
    return `${begin} asked for ${every(held.running_seconds)} while ${runs}, else ${periodText(held.idle_seconds)}${plan}.${end} Click to choose.`;
  }

  /* Keeps the latest, and tells its listeners of each with what was before. */
  function createKeeper(first) {
    let kept = Object.freeze(fieldsOf(first));
    const listeners = new Set();
    return {
      current: () => kept,

      /* Whether it was news. */
      take(given) {
        if (!given || !(given.version > kept.version)) return false;
        const before = kept;
        kept = Object.freeze(fieldsOf(given));
        for (const listener of [...listeners]) listener(kept, before);
        return true;
      },

      /* Returns what ends it. */
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  /* What CSS goes by, on the document's root. */
  function applyTo(root, { theme, reduced_motion }) {
    const set = (name, value) => {
      if (value) root.dataset[name] = value;
      else delete root.dataset[name];
    };
    set("theme", theme === "system" ? "" : theme);
    set("motion", reduced_motion === "reduced" ? "reduced" : "");
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const CHANNEL = "creditpulse-preferences";

  /* What the server has put into the document; nothing where it could not. */
  function readDocument() {
    try {
      return JSON.parse(window.document.getElementById("preferences").textContent);
    } catch {
      return {};
    }
  }

  const said = readDocument(); // {preferences, person, credits_per_dollar}
  const keeper = createKeeper(said.preferences);
  let channel = null;
  let started = false;

  /* Tabs of this browser tell each other: one of them may have no stream. Not those of who was signed in before. */
  function share(given) {
    if (channel) channel.postMessage({ person: said.person, given });
  }

  function listen() {
    if (!window.BroadcastChannel || !said.person) return;
    channel = new window.BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => data && data.person === said.person && keeper.take(data.given);
  }

  dc.formats.prefer(keeper.current().zone);

  keeper.onChange((now, was) => {
    if (window.document) applyTo(window.document.documentElement, now);
    const before = dc.formats.usualZone();
    const zone = dc.formats.prefer(now.zone);
    if (zone !== before) dc.view.rezone(before, zone);
    if (now.unit !== was.unit) dc.address.reopen();
    dc.publish.publish("preferences-store", { data: now });
  });
  listen();

  Object.assign(dc, {
    preferences: {
      DEFAULTS,
      createKeeper,
      applyTo,
      periodText,
      frequencyWords,

      current: keeper.current,
      onChange: keeper.onChange,

      /* Of the stream, or of an answer to a poll. */
      take: keeper.take,

      /* Of an answer to what this tab has saved. */
      saved(given) {
        if (keeper.take(given)) share(given);
      },

      creditsPerDollar: () => said.credits_per_dollar || 100,

      /* The store that Dash's callbacks go by, once it is there. */
      start() {
        if (started) return dc.no_update;
        started = true;
        return { ...keeper.current() };
      },

      nav_words: (now) => (now ? frequencyWords(now, ["an agent runs", "the credits are"], every(now.subscription_seconds)) : dc.no_update),
      thread_words: (now) => (now ? frequencyWords(now, ["the agent runs", "the figure is"]) : dc.no_update),
      account_words: (now) => (now ? frequencyWords(now, ["one of its agents runs", "the figures are"]) : dc.no_update),
    },
  });
})(window);
