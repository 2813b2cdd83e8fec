/*
 * Pages that are made of parts, each asked for by itself. The first figures and the chart come first; what comes after
 * is asked for once those are drawn, and blocks nothing. Here is when each is asked for again.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const LEAST_MS = 1000; // between two questions
  const CLOSED_MS = 10000; // a range that is over changes rarely, though all the world does
  const RANGE = ["scope", "range", "from", "to", "zone", "model"]; // what says which usage is looked at

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const triggered = (name) => (dc.callback_context.triggered || []).some(({ prop_id }) => prop_id === name);

  /* Whether a hint of the stream is about what this scope spent. */
  function concerns(hint, scope) {
    return Boolean(hint.all) || scope === "all" || (hint.accounts || []).includes(scope);
  }

  /*
   * `name` is the page's root element, and what its stores begin with. `parts`, by their key in the gate: the `names`
   * of the view that each depends on, the `cards` that it fills, `views` where one of these has to be in view for it to
   * follow a hint, and `prompt` where it waits for no other. `first` is the part that the others wait for; `opened` is
   * told that the page is a new one.
   */
  function createParts({ name: page, first, parts, opened = () => {} }) {
    const keys = Object.keys(parts);
    const rests = {};
    let root = null;
    let view = null; // that it was last asked for
    let waiting = new Set(); // parts that are to be asked for once the first figures are drawn
    let pending = false; // these are on their way
    let hidden = new Set(); // parts that changed out of sight
    let observer = null;
    let open = true; // the range goes on

    /* Whether it is of what is looked at now: one of another view may come late, before this one's is asked for. */
    function isCurrent(part, { target = {} }) {
      return view !== null && parts[part].names.every((name) => (view[name] ?? "") === (target[name] ?? ""));
    }

    const targetOf = (part, of) => Object.fromEntries(parts[part].names.map((name) => [name, of[name]]));
    const ask = (part, options) => dc.gate.ask(part, targetOf(part, view), { must: true, ...options });

    function rest(part, ms = LEAST_MS) {
      rests[part] = dc.pace.createRest(ms);
      dc.gate.pace(part, rests[part]);
      return rests[part];
    }

    function mark(part, state) {
      for (const card of parts[part].cards) dc.publish.publish(card, { "data-state": state });
    }

    function inSight(part) {
      if (!parts[part].views) return true;
      return parts[part].cards.some((card) => {
        const box = window.document.getElementById(card)?.getBoundingClientRect();
        return box && box.width > 0 && box.bottom > 0 && box.top < window.innerHeight;
      });
    }

    const waits = (part) => part !== first && !parts[part].prompt;
    /* A range that is over changes rarely; what goes by no range, as ever. */
    const leastMs = (part) => (open || !parts[part].names.includes("range") ? LEAST_MS : CLOSED_MS);

    function want(part) {
      if (pending && waits(part)) waiting.add(part);
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
      for (const { cards } of Object.values(parts)) {
        for (const card of cards) {
          const element = window.document.getElementById(card);
          if (element) observer.observe(element);
        }
      }
    }

    /* The page is another than the last that was asked for: nothing of that holds. */
    function begin(found, scoped) {
      root = found;
      for (const part of keys) dc.gate.forget(part);
      view = null;
      waiting = new Set();
      pending = false;
      hidden = new Set();
      opened();
      watch();
      dc.view.watch((now) => {
        if (view && root && root.isConnected) look(scoped(now));
      });
    }

    /* Another view: the first figures at once, whatever else has changed after them. */
    function look(now) {
      const before = view;
      view = now;
      const other = keys.filter((part) => !before || !same(targetOf(part, before), targetOf(part, now)));
      for (const part of other) {
        mark(part, !before || before.scope !== now.scope ? "loading" : "stale");
        rest(part);
      }
      for (const part of other) {
        hidden.delete(part);
        if (waits(part)) waiting.add(part);
        else ask(part);
      }
      if (other.includes(first)) pending = true;
      else if (!pending) askOthers();
    }

    function askOthers() {
      pending = false;
      waiting.forEach((part) => ask(part));
      waiting.clear();
    }

    return {
      targetOf,
      view: () => view,

      /*
       * What a page's view, a hint or a tick asks for. `scoped` makes the page's own view of the bar's, whose scope is
       * that of the navigation.
       */
      follow(now, hint, scoped = (shown) => shown) {
        const found = window.document.getElementById(page);
        if (found !== root) begin(found, scoped);
        if (!now || !now.scope) return;
        const mine = scoped(now);
        if (!view || !same(view, mine)) look(mine);
        else if (triggered(`${page}-changed.data`)) {
          if (concerns(hint, mine.scope)) keys.forEach(want);
        } else if (triggered(`${page}-interval.n_intervals`)) keys.forEach(want);
      },

      /* Something may have been missed. */
      again() {
        if (view && root && root.isConnected) keys.forEach(want);
      },

      /* Past every cache: a person asks for it. */
      refresh() {
        if (view) dc.gate.refresh(keys.map((part) => [part, targetOf(part, view)]));
      },

      isCurrent,

      /*
       * The answer is in the page; it is drawn a frame later, and only after the first come the others. What a late one
       * has written is nobody's: it is hidden until the right one is here.
       */
      answered(part, answer) {
        if (!answer) return;
        if (!isCurrent(part, answer)) {
          dc.gate.answered(part, answer.request);
          mark(part, "loading");
          return;
        }
        if (part === first && answer.open !== undefined) open = answer.open;
        rest(part, leastMs(part)).answered(answer.took_ms);
        dc.gate.answered(part, answer.request);
        dc.render.succeeded([dc.gate.sourceOf(part)]);
        if (part !== first) return;
        window.requestAnimationFrame(() => window.setTimeout(askOthers));
      },
    };
  }

  Object.assign(dc, { parts: { RANGE, concerns, createParts, triggered } });
})(window);
