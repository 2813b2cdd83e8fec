/*
 * The one renderer of live cards: from the stores to what stands on the page. Dash runs it as a callback of the stores,
 * which takes a frame or two; a pushed value is painted at once with the same figures, and Dash then finds them there.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const FLASH_MS = 2000;
  const WORDS = { live: "Live", polling: "Polling", offline: "Offline", paused: "Paused" };

  const periodOf = (status) => dc.periods.periodMs(dc.periods.kindOf(status));

  /*
   * A figure that changed flashes once: the class alternates, so that the animation starts anew. One that changes all
   * the time does so every two seconds.
   */
  function flashOf(memory, key, topic, value, now) {
    const found = memory.get(key);
    const shown = found && found.topic === topic ? found : { topic, value, name: "", at: -Infinity };
    if (shown.value !== value && now - shown.at >= FLASH_MS) {
      shown.name = shown.name === " flash-0" ? " flash-1" : " flash-0";
      shown.at = now;
    }
    shown.value = value;
    memory.set(key, shown);
    return shown.name;
  }

  function frequencyOf(live, status, words) {
    if (live.state === "paused" && !live.asking) return "paused"; // without a stream it still asks
    if (live.state === "offline") return words ? "waiting for the server" : "retrying";
    const period = dc.periods.words(dc.periods.kindOf(status));
    if (!words) return period;
    return `${period} while the agent ${status === "running" ? "runs" : "is idle"}`;
  }

  function toneOf(live) {
    return (live.state === "offline" ? " stale" : "") + (live.history !== "complete" ? " provisional" : "");
  }

  const skeleton = (width) => ({
    namespace: "dash_html_components",
    type: "Span",
    props: { className: "skeleton", style: { width } },
  });

  /* Nothing is said of a plan before the answer about this scope's is in. */
  function planText(subscription, scope) {
    if (scope === "all") return "All accounts, month to date";
    if (!subscription || subscription.scope !== scope) return skeleton("14ch");
    if (!subscription.plan) return "No plan, month to date";
    const plan = `${subscription.plan} plan`;
    if (!subscription.current) return `${plan} (${subscription.status}), month to date`;
    if (subscription.credits_included === null) return `${plan}, no allowance`;
    return `of ${dc.units.ofCredits(subscription.credits_included)} · ${plan}`;
  }

  /* In percent of the allowance, from the exact cost; null without one. */
  function shareOf(usage, subscription) {
    if (!subscription || subscription.scope !== usage.scope || !(subscription.credits_included > 0)) return null;
    const used = usage.cost && subscription.credits_per_dollar ? usage.cost * subscription.credits_per_dollar : usage.credits;
    return Math.max(0, Math.min(100, (100 * used) / subscription.credits_included));
  }

  function barStyle(share) {
    if (share === null) return { display: "none" };
    return { width: `${share.toFixed(1)}%`, background: share >= 100 ? "var(--bad)" : share >= 90 ? "var(--warn)" : undefined };
  }

  const memory = new Map();
  const last = {}; // what Dash gave each card's renderer besides the figures
  let lastConfig = null;

  /* Text and attributes only, and no text where React has put an element: the rest comes with Dash's own pass. */
  function paintOne(element, property, value) {
    if (value === dc.no_update) return;
    if (property === "children") {
      if (typeof value === "string" && !element.firstElementChild && element.textContent !== value) {
        element.textContent = value;
      }
    } else if (property === "className") element.className = value;
    else if (property === "dateTime") element.setAttribute("datetime", value);
    else if (property.startsWith("data-")) element.setAttribute(property, value);
  }

  function paintAll(outputs, values) {
    outputs.forEach(({ id, property }, index) => {
      const element = window.document.getElementById(id);
      if (element) paintOne(element, property, values[index]);
    });
  }

  function logConfig(thread, status) {
    const periodMs = periodOf(status);
    const config = `${thread} ${status} ${periodMs}`;
    if (config === lastConfig) return;
    lastConfig = config;
    const staleMs = Math.min(status === "running" ? 5000 : 10000, periodMs / 2); // as data/queries.py has it
    window.console.info(
      `[useThreadTokenUsage] Hook config for thread ${thread}: ` +
        `{ agentStatus: '${status}', staleTime: '${staleMs / 1000}s', refetchInterval: '${periodMs / 1000}s' }`,
    );
  }

  /* The figures of the navigation card, in the order of callbacks/navigation.py. */
  function navFigures(usage, subscription, scope, live, now, flash) {
    const { whole, compact, clock } = dc.formats;
    const { total, ofCredits, word } = dc.units;
    const counting = live.history !== "complete";
    const share = shareOf(usage, subscription);
    return [
      total(usage.cost, usage.credits),
      usage.cost,
      `usage-credits figure${toneOf(live)}${flash}`,
      counting ? `${word()} so far: history is being counted` : `${word()}, ${usage.period_label}`,
      barStyle(counting ? null : share),
      planText(subscription, scope),
      `${compact(usage.total_tokens)} tokens`,
      `${whole(usage.total_tokens)} tokens`,
      usage.purchased_credits ? ` · ${ofCredits(usage.purchased_credits)} purchased` : "",
      clock(usage.as_of, now),
      usage.as_of,
      usage.agent_status,
      periodOf(usage.agent_status),
      frequencyOf(live, usage.agent_status, false),
    ];
  }

  /* Before there are figures; `usual` is empty, not missing, for a person whom no account belongs to. */
  function navWithout(subscription, scope, live, usual) {
    const none = !scope && usual === "";
    return [
      none ? "–" : skeleton("6ch"),
      "",
      "usage-credits figure",
      dc.units.word(),
      barStyle(null),
      none ? "No account is yours yet" : planText(subscription, scope),
      none ? "" : skeleton("9ch"),
      "",
      "",
      "–",
      "",
      "idle",
      periodOf("idle"),
      frequencyOf(live, "idle", false),
    ];
  }

  const AGENT = { running: ["Agent running", "pill pill-running"], idle: ["Agent idle", "pill pill-idle"] };

  /* The figures of the thread header, in the order of callbacks/thread_header.py. */
  function threadFigures(usage, live, now, flash) {
    const { whole, dollars, clock } = dc.formats;
    const { total, word } = dc.units;
    const counting = live.history !== "complete";
    const [agent, pill] = AGENT[usage.agent_status] || AGENT.idle;
    return [
      total(usage.cost, usage.credits),
      usage.cost,
      `thread-credits figure${toneOf(live)}${flash}`,
      counting ? `${word()} so far: history is being counted` : dc.units.inDollars() ? word() : "Credits used",
      dollars(usage.cost),
      whole(usage.total_tokens),
      whole(usage.prompt_tokens),
      whole(usage.completion_tokens),
      whole(usage.calls),
      clock(usage.as_of, now),
      usage.as_of,
      usage.agent_status,
      agent,
      pill,
      usage.agent_status,
      periodOf(usage.agent_status),
      frequencyOf(live, usage.agent_status, true),
      true,
    ];
  }

  function navOf(usage, { subscription, scope, live }) {
    const now = Date.now();
    return navFigures(usage, subscription, scope, live, now, flashOf(memory, "nav", scope, usage.credits, now));
  }

  function threadOf(usage, { thread, live }) {
    const now = Date.now();
    return threadFigures(usage, live, now, flashOf(memory, "thread", thread, usage.credits, now));
  }

  Object.assign(dc, {
    render: {
      navFigures,
      threadFigures,
      planText,
      shareOf,
      flashOf,
      frequencyOf,
      toneOf,
      barStyle,

      /* Paints a value that is on its way into its store. */
      paint(usage, store = usage.type) {
        const { nav, thread, account } = last;
        if (store === "account-usage") {
          if (account && account.account === usage.scope) paintAll(account.outputs, account.of(usage));
        } else if (usage.type === "nav-usage" && nav && nav.scope === usage.scope) {
          paintAll(nav.outputs, navOf(usage, nav));
        } else if (usage.type === "thread-usage" && thread && thread.thread === usage.thread_id && !usage.gone) {
          paintAll(thread.outputs, threadOf(usage, thread));
        }
      },

      /* The open account's card: `of` makes of a usage what its outputs show. */
      keep_account(account, outputs, of) {
        last.account = { account, outputs, of };
      },

      nav(stored, subscription, scope, live, _held, usual) {
        const usage = dc.live.newest(stored);
        last.nav = { subscription, scope, live, outputs: dc.callback_context.outputs_list };
        if (!usage || usage.scope !== scope) return navWithout(subscription, scope, live, usual);
        return navOf(usage, last.nav);
      },

      thread(stored, thread, live) {
        const usage = dc.live.newest(stored);
        last.thread = { thread, live, outputs: dc.callback_context.outputs_list };
        const none = new Array(18).fill(dc.no_update);
        if (!usage || usage.thread_id !== thread) {
          lastConfig = null; // a page that was just opened
          return none;
        }
        if (usage.gone) {
          none[17] = false;
          return none;
        }
        logConfig(thread, usage.agent_status);
        return threadOf(usage, last.thread);
      },

      dot(live, status) {
        const pulsing = live.state === "live" && status === "running" ? " pulsing" : "";
        return [live.state, `live${pulsing}`, WORDS[live.state]];
      },

      sections(shown) {
        const section = shown && shown.section;
        const classOf = (output) =>
          section && output.id === `nav-link-${section.slice(1) || "overview"}` ? "nav-link on" : "nav-link";
        return [].concat(dc.callback_context.outputs_list).map(classOf);
      },

      usage_card(taps) {
        const open = taps % 2 === 1;
        return [`card usage-card${open ? " open" : ""}`, String(open)];
      },

      /* The time is that of the first failure of its kind, until something succeeds. */
      failure(found) {
        if (!found) {
          memory.delete("failure");
          return [true, "", "", "", ""];
        }
        dc.gate.failed(found.source);
        const first = memory.get("failure");
        const since = first && first.title === found.title ? first : found;
        memory.set("failure", since);
        return [false, found.title, found.text, `Since ${dc.formats.clock(since.at, Date.now())}`, since.at];
      },

      /* An answer came: what failed of its kind is over, and whatever else failed is asked for again. */
      succeeded(sources) {
        const failed = memory.get("failure");
        if (failed && sources.includes(failed.source)) dc.publish.publish("failure", { data: null });
        dc.gate.askFailed();
      },
    },
  });
})(window);
