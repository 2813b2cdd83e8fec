/* The overview: its parts, and how its figures are written. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const FIRST = "overview";
  const CREDITS = ["credits", "total_tokens", "calls"];
  const COUNTS = ["active_threads", "active_accounts"];
  const cardsOf = (names) => names.map((name) => `overview-card-${name}`);

  const memory = new Map(); // of figures that flash
  let made = null;

  function theParts() {
    if (!made) {
      const { RANGE, createParts } = dc.parts;
      const parts = {
        overview: { names: [...RANGE, "by", "compare"], cards: ["overview-credits", ...cardsOf(CREDITS)] },
        overview_rest: { names: RANGE, cards: ["overview-heat", "overview-models"], views: true },
        overview_activity: { names: [...RANGE, "compare"], cards: cardsOf(COUNTS) },
        overview_tops: { names: RANGE, cards: ["overview-threads", "overview-accounts"], views: true },
        overview_running: { names: ["scope"], cards: ["overview-agents"], views: true },
      };
      made = createParts({ name: "overview", first: FIRST, parts, opened: () => memory.clear() });
    }
    return made;
  }

  const view = () => theParts().view();
  const triggered = (name) => dc.parts.triggered(name);
  const figureProps = (name, figure, live) => dc.figure_card.props(memory, name, JSON.stringify(view()), figure, live);

  Object.assign(dc, {
    overview: {
      targetOf: (part, of) => theParts().targetOf(part, of),

      ask(now, hint) {
        theParts().follow(now, hint);
        return dc.no_update;
      },

      figures(answer, live) {
        if (!answer) return new Array(24).fill(dc.no_update);
        if (triggered("overview-answer.data")) theParts().answered(FIRST, answer);
        if (!theParts().isCurrent(FIRST, answer)) return new Array(24).fill(dc.no_update);
        for (const name of CREDITS) dc.figure_card.drawSpark(`overview-spark-${name}`, answer.figures[name].spark);
        return [
          ...CREDITS.flatMap((name) => figureProps(name, answer.figures[name], live)),
          answer.head,
          dc.view.clock(answer.as_of, Date.now(), view().zone),
          answer.as_of,
        ];
      },

      activity(answer, live) {
        if (!answer) return new Array(16).fill(dc.no_update);
        if (triggered("overview-activity.data")) theParts().answered("overview_activity", answer);
        if (!theParts().isCurrent("overview_activity", answer)) return new Array(16).fill(dc.no_update);
        return COUNTS.flatMap((name) => [
          ...figureProps(name, answer.figures[name], live),
          answer.figures[name].note,
        ]);
      },

      rest_answered: (answer) => theParts().answered("overview_rest", answer),
      tops_answered: (answer) => theParts().answered("overview_tops", answer),
      running_answered: (answer) => theParts().answered("overview_running", answer),

      /* What the page's own controls say of the view. */
      choices(now) {
        if (!now) return new Array(5).fill(dc.no_update);
        const on = (by) => String(now.by === by);
        return [now.scope === "all" ? "all" : "account", on("model"), on("account"), now.model ? `${now.model} ×` : "", !now.model];
      },

      choose_by() {
        const part = (dc.callback_context.triggered || []).find(({ value }) => value);
        if (part) dc.view.choose({ by: part.prop_id.startsWith("overview-by-account") ? "account" : "model" });
      },

      all_models(clicks) {
        if (clicks) dc.view.choose({ model: "" });
      },
    },
  });
})(window);
