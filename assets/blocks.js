/*
 * Grids whose rows stay with the server. A block of them is asked for, through the gate, when it comes into sight; the
 * blocks that the grid keeps are asked for again when something changed. Rows stay where they are meanwhile: only cells
 * that have changed are drawn anew.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const READY_MS = 10;
  const UNKNOWN = -1; // where the rows end, in the grid's words

  const same = (one, other) => Object.keys(one).every((name) => one[name] === (other || {})[name]);

  /* The grid's order as an address has it: `-used` is the dearest first; nothing for the usual order. */
  function sortOf(model, usual) {
    const [first] = model || [];
    if (!first) return "";
    const sort = `${first.sort === "desc" ? "-" : ""}${first.colId}`;
    return sort === usual ? "" : sort;
  }

  /* The state of the columns that gives that order. */
  function columnsOf(sort, usual) {
    const wanted = sort || usual;
    return [{ colId: wanted.replace(/^-/, ""), sort: wanted.startsWith("-") ? "desc" : "asc", sortIndex: 0 }];
  }

  /* dash-ag-grid gives each grid a datasource of its own as soon as it is ready, and would put it over ours. */
  function whenReady(api, run) {
    if (api.isDestroyed()) return;
    if (api.getGridOption("datasource")) run();
    else window.setTimeout(() => whenReady(api, run), READY_MS);
  }

  /*
   * `key` is the gate's, `grid` the grid's id, `usual` its order in an address that names none, `sorted` is told of an
   * order that was chosen in the grid's head. The query of the rows is what `show` was given last.
   */
  function createBlocks({ key, grid, usual, sorted }) {
    let api = null;
    let query = null;
    let waiting = []; // what the grid waits for: {params, target}; some of it for blocks that it has given up
    let asked = null; // the target that is being asked for
    let again = null; // the timer of asking again
    let missed = false; // something changed while nothing could be asked
    let total = null;
    let uncounted = false; // the last answer did not know the total
    let size = 0; // of a block
    let rest = null;
    let opened = 0; // counts pages

    const hidden = () => window.document.visibilityState === "hidden";
    const there = () => Boolean(api && !api.isDestroyed());

    function getRows(params) {
      const sort = sortOf(params.sortModel, usual);
      if (sort !== query.sort) {
        drop({ ...query, sort });
        sorted(sort);
      }
      size = params.endRow - params.startRow;
      waiting.push({ params, target: { ...query, offset: params.startRow, limit: size } });
      askNext();
    }

    /* One at a time; what came into sight last is asked for first, and how many rows there are after all of it. */
    function askNext() {
      if (asked) return;
      if (waiting.length) askFor(waiting[waiting.length - 1].target);
      else if (uncounted) askFor({ ...query, offset: 0, limit: 0 });
    }

    /* `alone`: no block came with it, whose end the grid would have taken it for. */
    function count(now, alone) {
      if (alone && total === 0 && now) api.purgeInfiniteCache();
      else if (alone && now) api.setRowCount(now, true);
      total = now;
      uncounted = false;
    }

    function askFor(target) {
      asked = target;
      dc.gate.ask(key, target, { force: true });
    }

    /* Nothing of another query is waited for. */
    function drop(now) {
      query = now;
      waiting = [];
      asked = null;
      total = null;
      uncounted = false;
    }

    function refresh() {
      again = null;
      if (!there()) return;
      if (hidden()) missed = true;
      else if (asked) dc.gate.ask(key, asked, { must: true }); // as long as it gets no answer
      else if (total === 0) askFor({ ...query, offset: 0, limit: size }); // a grid without rows asks for none
      else api.refreshInfiniteCache();
    }

    /* As soon as the pace allows it: changes that come meanwhile are seen with it. */
    function changed() {
      if (again !== null || !there()) return;
      const waitMs = rest.waitMs(window.performance.now());
      if (waitMs > 0) again = window.setTimeout(refresh, waitMs);
      else refresh();
    }

    function sort() {
      api.applyColumnState({ state: columnsOf(query.sort, usual), defaultState: { sort: null } });
    }

    function start(found) {
      api = found;
      sort();
      api.setGridOption("datasource", { getRows });
    }

    /* Other rows than before: from the top, whatever was scrolled to. */
    function anew(before) {
      if (query.sort !== before.sort) sort();
      else {
        if (api.getDisplayedRowCount()) api.ensureIndexVisible(0, "top");
        api.purgeInfiniteCache();
      }
    }

    return {
      /* The page was just opened: its grid is a new one. */
      open(now) {
        api = null;
        rest = dc.pace.createRest();
        drop(now);
        window.clearTimeout(again);
        again = null;
        dc.gate.forget(key);
        const mine = (opened += 1);
        window.dash_ag_grid.getApiAsync(grid).then((found) => whenReady(found, () => mine === opened && start(found)));
      },

      /* The rows that are to be seen; says whether they are others than before. */
      show(now) {
        if (same(now, query)) return false;
        const before = query;
        drop(now);
        if (there()) anew(before);
        return true;
      },

      changed,

      /*
       * `answer`: request, of (its target), rows, total (null where it is yet to be counted: it is asked for, once
       * there are rows, with a block of none). Says whether it was what the grid waits for. One that it does not wait
       * for was asked for by the gate itself, as the tab came back: then all are asked for again.
       */
      answered(answer) {
        rest.answered(answer.took_ms);
        dc.gate.answered(key, answer.request);
        if (!asked || !same(asked, answer.of)) {
          if (!asked) changed();
          return false;
        }
        asked = null;
        const served = waiting.filter(({ target }) => same(target, answer.of));
        waiting = waiting.filter((one) => !served.includes(one));
        for (const { params } of served) params.successCallback(answer.rows, answer.total ?? total ?? UNKNOWN);
        if (answer.total === null) uncounted = true;
        else count(answer.total, !served.length);
        askNext();
        if (missed || answer.complete === false) changed();
        missed = false;
        return true;
      },
    };
  }

  Object.assign(dc, { blocks: { sortOf, columnsOf, createBlocks } });
})(window);
