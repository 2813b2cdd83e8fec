/* One thread's page: its log of calls, when its details are asked for, and what it says once the thread is gone. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const LOG = "thread-log";

  /* What goes into the log: everything anew, or what it has not yet; newer calls above, older ones below. */
  function change(page, has) {
    if (page.mode === "replace") return { rows: page.rows };
    const { add } = dc.grid.split(page.rows, has);
    if (!add.length) return {};
    return { transaction: page.mode === "grow" ? { add, addIndex: 0, async: false } : { add, async: false } };
  }

  const counted = (number, noun) => `${dc.formats.whole(number)} ${noun}${number === 1 ? "" : "s"}`;

  /* How many calls the log has, in words. */
  function note(shown, total) {
    const { whole } = dc.formats;
    if (!total) return "No calls yet. They appear here as they are made.";
    if (shown >= total) return counted(total, "call");
    return `${whole(shown)} of ${whole(total)} calls`;
  }

  /* Whether the totals say that there is more to read than the page has. */
  function behind(usage, seen) {
    if (!usage || usage.gone || usage.calls === undefined) return false;
    return !seen || seen.of !== usage.thread_id ? usage.calls > 0 : usage.calls !== seen.calls || Number(usage.cost) !== Number(seen.cost);
  }

  function grid() {
    try {
      return window.dash_ag_grid.getApi(LOG);
    } catch {
      return null; // not ready yet
    }
  }

  const ROW_HEIGHT = 36; // as layouts/grids.py has it

  /* Who has scrolled down goes on reading the same rows while new ones come in above. */
  function keepPlace(api, added) {
    const viewport = window.document.querySelector(`#${LOG} .ag-body-viewport`);
    if (!viewport || viewport.scrollTop < ROW_HEIGHT) return;
    const moved = () => {
      api.removeEventListener("rowDataUpdated", moved);
      viewport.scrollTop += added * ROW_HEIGHT;
    };
    api.addEventListener("rowDataUpdated", moved);
  }

  function triggered(name) {
    return (dc.callback_context.triggered || []).some((part) => part.prop_id === name);
  }

  function oldest(api) {
    const last = api && api.getDisplayedRowAtIndex(api.getDisplayedRowCount() - 1);
    return last ? last.data : null;
  }

  function lastKnown(usage, thread, now) {
    if (!usage || usage.thread_id !== thread) return "";
    const { clock } = dc.formats;
    const spent = dc.units.inDollars() ? dc.units.cents(usage.cost) : counted(usage.credits, "credit");
    const figures = `${spent}, ${counted(usage.calls, "call")}, ${counted(usage.total_tokens, "token")}`;
    return `Last known figures, of ${clock(usage.as_of, now)}: ${figures}.`;
  }

  let requests = 0;
  let last = null; // what the card showed
  let known = null; // the agent's status that an outlook was asked for with
  let beside = {}; // what stands beside the log, as JSON: drawing a long list anew takes the page a while

  /* The new value of each part, and `same` for one that is shown already. */
  function fresh(shown, parts, same) {
    return Object.entries(parts).map(([name, part]) => {
      const text = JSON.stringify(part);
      if (part === undefined || shown[name] === text) return same;
      shown[name] = text;
      return part;
    });
  }

  /* What the cards of an outlook show, in the order of callbacks/thread_outlook.py. */
  function outlookFigures({ rate, rate_cost, run, runaway, debits }) {
    return [rate, rate_cost, run.label, run.figure, run.cost, run.note, runaway, !runaway, debits, !debits];
  }

  Object.assign(dc, {
    thread: {
      change,
      note,
      behind,
      lastKnown,
      fresh,
      outlookFigures,

      log(page, older, thread) {
        const came = triggered("thread-older-page.data") ? older : page;
        if (!came || came.thread_id !== thread) return new Array(5).fill(dc.no_update);
        const api = grid();
        const { rows, transaction } = change(came, (id) => Boolean(api && api.getRowNode(id)));
        if (transaction && came.mode === "grow" && api) keepPlace(api, transaction.add.length);
        const had = api ? api.getDisplayedRowCount() : 0;
        const shown = rows ? rows.length : had + (transaction ? transaction.add.length : 0);
        const all = came.mode === "older" && !came.rows.length ? shown : came.total;
        const hidden = shown >= all;
        return [rows || dc.no_update, transaction || dc.no_update, shown, note(shown, came.total), hidden];
      },

      /* Runs, models, what a bar stands for, the body's state: this thread's alone, and only what has changed. */
      detail(answer, thread) {
        if (!answer) beside = {}; // the page has just opened
        if (!answer || answer.of !== thread) return new Array(4).fill(dc.no_update);
        const { runs, models, per, state } = answer;
        return fresh(beside, { runs, models, per, state }, dc.no_update);
      },

      outlook(answer, thread) {
        if (!answer) {
          known = null; // the page has just opened
          dc.gate.forget("thread_outlook");
        }
        if (!answer || answer.of !== thread) return new Array(10).fill(dc.no_update);
        dc.gate.answered("thread_outlook", answer.request);
        dc.render.succeeded(["thread-outlook"]);
        return outlookFigures(answer);
      },

      /* Once the agent's status is known, whenever it changes, and as often as the figures are asked for. */
      ask_outlook(status, _ticks, _clicks, thread_id) {
        if (!status || !thread_id) return;
        const changed = known !== status; // it is set anew with every figure
        known = status;
        const force = triggered("thread-refresh.n_clicks");
        if (!changed && !force && !triggered("thread-interval.n_intervals")) return;
        dc.gate.ask("thread_outlook", { thread_id }, { force, must: changed });
      },

      older(_clicks, thread) {
        const row = oldest(grid());
        if (!row) return dc.no_update;
        requests += 1;
        return { n: requests, thread_id: thread, at: row.at, id: row.id };
      },

      /* A new figure on the card means new calls; a tick, that a running run may have gone quiet. */
      follow(usage, _ticks, thread, seen) {
        if (!usage || usage.thread_id !== thread || usage.gone) return;
        const ticked = triggered("thread-interval.n_intervals") && usage.agent_status === "running";
        // Before the first answer, a request that is on its way brings everything.
        if (ticked || behind(usage, seen)) dc.gate.thread_detail(thread, seen);
      },

      /* The body's class, and the last figures of a thread that is gone. */
      gone(usage, thread) {
        if (!usage || usage.thread_id !== thread) return ["thread-body stack", ""];
        if (usage.gone) return ["thread-body stack gone", lastKnown(last, thread, Date.now())];
        last = usage;
        return ["thread-body stack", ""];
      },

      /* Times that the server wrote, in the zone of this place. */
      local_times() {
        window.requestAnimationFrame(() => {
          for (const time of window.document.querySelectorAll("time.local-time")) {
            const at = time.getAttribute("datetime");
            if (at) time.textContent = dc.formats.clock(at, Date.now());
            time.dataset.local = "true";
          }
        });
      },
    },
  });
})(window);
