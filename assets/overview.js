/*
 * The overview: what it asks for and when, and how its figures are written. The first figures and the chart come first;
 * counts, lists and the heat map are asked for once those are drawn, and block nothing.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const SHARE = 0.2; // of the server's time, at most, goes to one page's part
  const LEAST_MS = 1000; // between two questions
  const CLOSED_MS = 10000; // a range that is over changes rarely, though all the world does
  const SLOW_TICKS = 3; // of ten seconds, where no agent runs

  /* What each part asks for; `cards` are those that it fills, `views` what has to be in view for it to follow a hint. */
  const RANGE = ["scope", "range", "from", "to", "zone", "model"];
  const CREDITS = ["credits", "total_tokens", "calls"].map((name) => `overview-card-${name}`);
  const COUNTS = ["active_threads", "active_accounts"].map((name) => `overview-card-${name}`);
  const PARTS = {
    overview: { names: [...RANGE, "by", "compare"], cards: ["overview-credits", ...CREDITS] },
    overview_rest: { names: RANGE, cards: ["overview-heat", "overview-models"], views: true },
    overview_activity: { names: [...RANGE, "compare"], cards: COUNTS },
    overview_tops: { names: RANGE, cards: ["overview-threads", "overview-accounts"], views: true },
    overview_running: { names: ["scope"], cards: ["overview-agents"], views: true },
  };
  const FIRST = "overview";
  const LATER = Object.keys(PARTS).filter((name) => name !== FIRST);

  const targetOf = (part, view) => Object.fromEntries(PARTS[part].names.map((name) => [name, view[name]]));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /* How long a part rests after an answer: by what it cost the server, and how long drawing it blocked the page. */
  function createRest(leastMs) {
    const answering = dc.pace.createPace({ share: SHARE, leastMs, mostMs: Infinity });
    const drawing = dc.pace.createPace();
    return { answering, drawing, waitMs: (now) => Math.max(answering.waitMs(now), drawing.waitMs(now)) };
  }

  /* Whether a hint of the stream is about what this scope spent. */
  function concerns(hint, scope) {
    return Boolean(hint.all) || scope === "all" || (hint.accounts || []).includes(scope);
  }

  /* Points of a line over its box of 100 × 100, the highest at the top; null where there is no line to draw. */
  function sparkPoints(numbers) {
    const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
    if (numbers.length < 2 || high === low) return null;
    const round = (number) => Math.round(number * 100) / 100;
    return numbers
      .map((number, at) => `${round((100 * at) / (numbers.length - 1))},${round(100 - (100 * (number - low)) / (high - low))}`)
      .join(" ");
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const memory = new Map(); // of figures that flash
  const rests = {};
  let page = null; // its element
  let view = null; // that it was last asked for
  let waiting = new Set(); // parts that are to be asked for once the first figures are drawn
  let pending = false; // these are on their way
  let hidden = new Set(); // parts that changed out of sight
  let observer = null;
  let open = true; // the range goes on

  const triggered = (name) => (dc.callback_context.triggered || []).some(({ prop_id }) => prop_id === name);

  function rest(part, leastMs = LEAST_MS) {
    rests[part] = createRest(leastMs);
    dc.gate.pace(part, rests[part]);
    return rests[part];
  }

  const ask = (part) => dc.gate.ask(part, targetOf(part, view), { must: true });

  function mark(part, state) {
    for (const card of PARTS[part].cards) dc.publish.publish(card, { "data-state": state });
  }

  function inSight(part) {
    if (!PARTS[part].views) return true;
    return PARTS[part].cards.some((card) => {
      const box = window.document.getElementById(card)?.getBoundingClientRect();
      return box && box.width > 0 && box.bottom > 0 && box.top < window.innerHeight;
    });
  }

  function want(part) {
    if (pending && part !== FIRST) waiting.add(part);
    else if (inSight(part)) ask(part);
    else hidden.add(part);
  }

  /* What changed out of sight is asked for when it comes into sight. */
  function watch() {
    if (observer) observer.disconnect();
    observer = new window.IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      for (const part of [...hidden].filter(inSight)) {
        hidden.delete(part);
        ask(part);
      }
    });
    for (const { cards } of Object.values(PARTS)) {
      for (const card of cards) {
        const element = window.document.getElementById(card);
        if (element) observer.observe(element);
      }
    }
  }

  /* The page is another than the last that was asked for: nothing of that holds. */
  function opened(root) {
    page = root;
    for (const part of Object.keys(PARTS)) dc.gate.forget(part);
    view = null;
    waiting = new Set();
    pending = false;
    hidden = new Set();
    memory.clear();
    watch();
    dc.view.watch((now) => {
      if (view && page && page.isConnected) look(now);
    });
  }

  /* Another view: the first figures at once, whatever else has changed after them. */
  function look(now) {
    const before = view;
    view = now;
    const other = Object.keys(PARTS).filter((part) => !before || !same(targetOf(part, before), targetOf(part, now)));
    for (const part of other) {
      mark(part, !before || before.scope !== now.scope ? "loading" : "stale");
      rest(part);
    }
    for (const part of other.filter((name) => LATER.includes(name))) {
      waiting.add(part);
      hidden.delete(part);
    }
    if (!other.includes(FIRST)) return;
    pending = true;
    ask(FIRST);
  }

  /* The answer is in the page; it is drawn a frame later, and only then come the others. */
  function answered(part, answer) {
    if (!answer) return;
    const { answering, drawing } = rest(part, open ? LEAST_MS : CLOSED_MS);
    const now = window.performance.now();
    answering.took(now - answer.took_ms, now);
    dc.pace.time(drawing);
    dc.gate.answered(part, answer.request);
    dc.render.succeeded([part === FIRST ? "overview-answer" : part.replace("_", "-")]);
    if (part !== FIRST) return;
    window.requestAnimationFrame(() => window.setTimeout(askOthers));
  }

  function askOthers() {
    pending = false;
    waiting.forEach(ask);
    waiting.clear();
  }

  function drawSpark(id, numbers) {
    const box = window.document.getElementById(id);
    if (!box) return;
    const points = sparkPoints(numbers);
    if (!points) {
      box.replaceChildren();
      return;
    }
    let line = box.querySelector("polyline");
    if (!line) {
      const make = (tag) => window.document.createElementNS("http://www.w3.org/2000/svg", tag);
      const picture = make("svg");
      picture.setAttribute("viewBox", "0 0 100 100");
      picture.setAttribute("preserveAspectRatio", "none");
      picture.setAttribute("aria-hidden", "true");
      line = make("polyline");
      picture.append(line);
      box.replaceChildren(picture);
    }
    line.setAttribute("points", points);
  }

  function tone(live) {
    return (live.state === "offline" ? " stale" : "") + (live.history !== "complete" ? " provisional" : "");
  }

  /* In the order of callbacks/overview.py. */
  function figureProps(name, figure, live) {
    const flash = dc.render.flashOf(memory, name, JSON.stringify(view), figure.text, Date.now());
    return [figure.text, figure.exact, figure.title, `figure${tone(live)}${flash}`, figure.change, figure.change_title, "ready"];
  }

  Object.assign(dc, {
    overview: {
      concerns,
      sparkPoints,
      targetOf,

      ask(now, hint, _ticks, status) {
        const root = window.document.getElementById("overview");
        if (root !== page) opened(root);
        if (!now || !now.scope) return dc.no_update;
        if (!view || !same(view, now)) look(now);
        else if (triggered("overview-changed.data")) {
          if (concerns(hint, now.scope)) Object.keys(PARTS).forEach(want);
        } else if (triggered("overview-interval.n_intervals") && (status === "running" || _ticks % SLOW_TICKS === 0)) {
          Object.keys(PARTS).forEach(want);
        }
        return dc.no_update;
      },

      figures(answer, live) {
        if (!answer) return new Array(24).fill(dc.no_update);
        if (triggered("overview-answer.data")) {
          open = answer.open;
          answered(FIRST, answer);
        }
        const names = ["credits", "total_tokens", "calls"];
        for (const name of names) drawSpark(`overview-spark-${name}`, answer.figures[name].spark);
        return [
          ...names.flatMap((name) => figureProps(name, answer.figures[name], live)),
          answer.head,
          dc.view.clock(answer.as_of, Date.now(), view.zone),
          answer.as_of,
        ];
      },

      activity(answer, live) {
        if (!answer) return new Array(16).fill(dc.no_update);
        if (triggered("overview-activity.data")) answered("overview_activity", answer);
        return ["active_threads", "active_accounts"].flatMap((name) => [
          ...figureProps(name, answer.figures[name], live),
          answer.figures[name].note,
        ]);
      },

      rest_answered: (answer) => answered("overview_rest", answer),
      tops_answered: (answer) => answered("overview_tops", answer),
      running_answered: (answer) => answered("overview_running", answer),

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

      /* A drag over the chart chooses the steps that it covers. */
      brush(moved, figure) {
        const [from, to] = [moved?.["xaxis.range[0]"], moved?.["xaxis.range[1]"]];
        if (from === undefined || to === undefined || !figure || !view) return;
        const { meta } = figure.layout;
        const [first, last] = dc.view.stepsWithin(from, to, meta.steps.length);
        dc.view.choose(dc.view.brushed(meta, first, last, view.zone));
      },
    },
  });
})(window);
