/* One account's page: its parts, and the renderer of its header. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const FIRST = "account_range";
  const NAMES = ["credits", "total_tokens", "calls"];
  const memory = new Map(); // of figures that flash
  let made = null;
  let wasLive = false;
  let last = { answer: null, live: null }; // what Dash gave the header's renderer besides the usage

  function theParts() {
    if (!made) {
      const { RANGE, createParts } = dc.parts;
      const parts = {
        account: { names: ["scope", "zone"], cards: ["account-card"], prompt: true },
        account_range: { names: [...RANGE, "compare"], cards: ["account-spending", ...NAMES.map((name) => `account-card-${name}`)] },
        account_tops: { names: RANGE, cards: ["account-threads", "account-models"], views: true },
        account_running: { names: ["scope"], cards: ["account-agents"], views: true },
      };
      made = createParts({ name: "account", first: FIRST, parts, opened: () => memory.clear() });
    }
    return made;
  }

  const agentsText = (count) => (count ? `${dc.formats.whole(count)} agent${count === 1 ? "" : "s"} running` : "No agent running");

  /* The allowance that a usage is measured by: of the same period, or none that is known. */
  function allowanceOf(answer, usage) {
    return answer && answer.period_label === usage.period_label ? answer.allowance : undefined;
  }

  /* An allowance is in credits, whatever it is shown in. */
  function allowanceText(allowance, credits) {
    if (allowance === undefined) return "";
    if (allowance === null) return "No allowance in this period";
    const share = allowance > 0 ? `, ${dc.formats.whole(Math.round((100 * credits) / allowance))} % used` : "";
    return `of ${dc.units.counted(dc.units.ofCredits(allowance))}${share}`;
  }

  /* In percent; of an allowance of nothing, whatever is used is all of it. */
  function shareOf(allowance, credits) {
    if (allowance === undefined || allowance === null) return null;
    if (allowance <= 0) return credits > 0 ? 100 : 0;
    return Math.max(0, Math.min(100, (100 * credits) / allowance));
  }

  /* What is left adds up with what is used, as both are shown. */
  function leftText(allowance, { cost, credits }) {
    if (allowance === undefined || allowance === null) return "–";
    const { inDollars, ofCredits, drawn, rounded } = dc.units;
    const { minus, number } = rounded(cost, 2);
    const cents = Number(`${minus}${number.replace(/,/g, "")}`);
    const left = inDollars() ? allowance / dc.preferences.creditsPerDollar() - cents : allowance - credits;
    return `${left < 0 ? "−" : ""}${inDollars() ? drawn(Math.abs(left), "dollars", 2) : ofCredits(Math.abs(left))}`;
  }

  /* In the order of callbacks/account.py. */
  function headerProps(answer, usage, live, now, flash) {
    const { dollars, clock } = dc.formats;
    const counting = live.history !== "complete";
    const allowance = counting ? undefined : allowanceOf(answer, usage);
    const tone = dc.render.toneOf(live);
    const medium = `figure medium${tone}`;
    return [
      dc.units.total(usage.cost, usage.credits),
      usage.cost,
      `thread-credits figure${tone}${flash}`,
      counting ? `${dc.units.word()} so far: history is being counted` : `${dc.units.inDollars() ? "Cost" : "Credits used"}, ${usage.period_label}`,
      dc.render.barStyle(shareOf(allowance, usage.credits)),
      allowanceText(allowance, usage.credits),
      dollars(usage.cost),
      clock(usage.as_of, now),
      usage.as_of,
      dc.render.frequencyOf(live, usage.agent_status, false),
      agentsText(usage.agents_running),
      usage.agents_running ? "pill pill-running" : "pill pill-idle",
      dc.units.ofCredits(usage.purchased_credits),
      leftText(allowance, usage),
      medium,
      answer ? answer.plan : dc.no_update,
      answer ? answer.rate : dc.no_update,
      answer ? answer.rate_cost : dc.no_update,
      medium,
      answer ? (answer.last_at ? clock(answer.last_at, now) : "never") : dc.no_update,
      answer ? (counting ? "–" : answer.out) : dc.no_update,
      medium,
      answer ? (counting ? "" : answer.out_range) : dc.no_update,
      answer ? (counting ? "History is being counted; a projection follows once it is complete." : answer.words) : dc.no_update,
      `account-words${tone}`,
      dc.periods.periodMs(dc.periods.kindOf(usage.agent_status)),
    ];
  }

  function headerOf(usage, account) {
    const now = Date.now();
    const { answer, live } = last;
    const mine = answer && answer.of === account ? answer : null;
    return headerProps(mine, usage, live, now, dc.render.flashOf(memory, "header", account, usage.credits, now));
  }

  Object.assign(dc, {
    account: {
      allowanceOf,
      shareOf,
      headerProps,

      ask(now, account, hint) {
        const scoped = (shown) => ({ ...shown, scope: account, by: "model" });
        if (account) theParts().follow(now, hint, scoped);
        return dc.no_update;
      },

      refresh(clicks) {
        if (!clicks) return;
        window.console.info(`[useUsageRealtime] Refresh: invalidated nav-usage ${theParts().view().scope}`);
        theParts().refresh();
      },

      answered(answer) {
        if (!answer) return;
        theParts().answered("account", answer);
        dc.live.account_answered(answer.usage);
      },

      header(answer, stored, account, live) {
        const usage = dc.live.newest(stored, "account-usage");
        last = { answer, live };
        dc.render.keep_account(account, dc.callback_context.outputs_list, (pushed) => headerOf(pushed, account));
        if (!usage || usage.scope !== account) return new Array(26).fill(dc.no_update);
        return headerOf(usage, account);
      },

      /* Live again: hints of the meantime went to nobody. */
      dot(live, usage) {
        if (live.state === "live" && !wasLive) theParts().again();
        wasLive = live.state === "live";
        return dc.render.dot(live, usage ? usage.agent_status : "idle");
      },

      figures(answer, live) {
        if (!answer) return new Array(24).fill(dc.no_update);
        if (dc.parts.triggered("account-range.data")) theParts().answered(FIRST, answer);
        if (!theParts().isCurrent(FIRST, answer)) return new Array(24).fill(dc.no_update);
        const view = theParts().view();
        for (const name of NAMES) dc.figure_card.drawSpark(`account-spark-${name}`, answer.figures[name].spark);
        return [
          ...NAMES.flatMap((name) => dc.figure_card.props(memory, name, JSON.stringify(view), answer.figures[name], live)),
          answer.head,
          dc.view.clock(answer.as_of, Date.now(), view.zone),
          answer.as_of,
        ];
      },

      tops_answered: (answer) => theParts().answered("account_tops", answer),
      running_answered: (answer) => theParts().answered("account_running", answer),

      model: (view) => (view ? [view.model ? `${view.model} ×` : "", !view.model] : [dc.no_update, dc.no_update]),

      all_models(clicks) {
        if (clicks) dc.view.choose({ model: "" });
      },
    },
  });
})(window);
