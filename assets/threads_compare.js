/* Threads that are compared: ticked in the list, named in the address, shown side by side below it. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  let root = null; // the section
  let chosen = []; // what is shown, or on its way
  let watched = false;

  const triggered = (name) => (dc.callback_context.triggered || []).some(({ prop_id }) => prop_id === name);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /* Whether a hint of the stream is about one of these threads. */
  function concerns(hint, threads) {
    return Boolean(hint.all) || threads.some((id) => (hint.threads || []).includes(id));
  }

  function note(count, most) {
    return count === 1 ? "Tick another thread to compare" : `${count} of at most ${most} threads`;
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  function ask(options) {
    dc.gate.ask("threads_compare", { threads: chosen }, options);
  }

  function opened(element) {
    root = element;
    chosen = [];
    dc.gate.pace("threads_compare", dc.pace.createRest());
    dc.gate.forget("threads_compare");
    if (watched) return;
    watched = true;
    window.document.addEventListener("click", (event) => {
      const button = event.target.closest && event.target.closest("[data-uncompare]");
      if (button) dc.threads_view.toggle(button.dataset.uncompare);
    });
  }

  function look() {
    const now = dc.threads_view.chosen();
    if (same(now, chosen)) return;
    const state = chosen.length ? "stale" : "loading";
    chosen = now;
    for (const id of ["threads-compare-table", "threads-course"]) dc.publish.publish(id, { "data-state": state });
    redrawTicks();
    if (chosen.length) ask({ force: true });
  }

  function redrawTicks() {
    try {
      window.dash_ag_grid.getApi("threads-grid").refreshCells({ columns: ["title"], force: true });
    } catch {
      // no grid yet: its cells are drawn with the ticks that the address has
    }
  }

  /* The tick of a row's thread. */
  function tick({ id, title }) {
    const picked = dc.threads_view.chosen();
    const on = picked.includes(id);
    const full = !on && picked.length >= dc.threads_view.MOST_CHOSEN;
    return window.React.createElement("input", {
      type: "checkbox",
      className: "tick",
      checked: on,
      disabled: full,
      tabIndex: -1,
      title: full ? `At most ${dc.threads_view.MOST_CHOSEN} threads are compared` : "Compare",
      "aria-label": `Compare ${title}`,
      onChange: () => dc.threads_view.toggle(id),
    });
  }

  Object.assign(dc, {
    threads_compare: {
      concerns,
      tick,
      note,

      /* Whether the section is hidden, what it says, and the file with its figures. */
      section(_search, hint, view) {
        const element = window.document.getElementById("threads-compare");
        if (element !== root) opened(element);
        if (!root) return new Array(3).fill(dc.no_update);
        look();
        if (chosen.length && triggered("threads-changed.data") && hint && concerns(hint, chosen)) ask({ must: true });
        const zone = view ? view.zone : "";
        const file = `/export/compare.csv${dc.threads_view.searchWith("", { threads: chosen.join(","), zone })}`;
        return [!chosen.length, note(chosen.length, dc.threads_view.MOST_CHOSEN), file];
      },

      answered(answer) {
        if (!answer) return ["", ""];
        const rest = dc.pace.createRest();
        dc.gate.pace("threads_compare", rest);
        rest.answered(answer.took_ms);
        dc.gate.answered("threads_compare", answer.request);
        dc.render.succeeded(["threads-compared"]);
        return [`· as of ${dc.formats.clock(answer.as_of, Date.now())}`, answer.as_of];
      },

      clear(clicks) {
        if (clicks) dc.threads_view.chooseNone();
      },
    },
  });
})(window);
