/*
 * The threads list in the page: brings blocks of rows into the grid as they come into view, and keeps those in view as
 * they are now. The order settles while a person is at the top and touches nothing; else rows stay where they are, their
 * figures move, and a line says how many threads have come to the top since.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const GRID = "threads-grid";
  const SEARCH_REST_MS = 10000; // a search reads more than a page of the list does
  const AWAY_REST_MS = 10000; // how the list begins is looked at less often where its beginning is not in view
  const STILL_MS = 2000; // since the pointer last moved over rows: what is about to be pressed does not run away
  const ROW_HEIGHT = 36; // as layouts/grids.py has it
  const STUCK_MS = 15000; // as the gate has it
  const MOST_SEEN = 200; // as callbacks/threads.py has it

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /* Whether the list's beginning may be asked for now. */
  function due({ searching, away }, now, last) {
    return now - last >= Math.max(searching ? SEARCH_REST_MS : 0, away ? AWAY_REST_MS : 0);
  }

  /* Whether a hint of the stream is about threads that this scope has spent in. */
  function concerns(hint, scope) {
    return Boolean(hint.all) || scope === "all" || (hint.accounts || []).includes(scope);
  }

  /* Which of the waiting blocks comes first: what is in view, then what was wanted last. */
  function firstOf(waiting, top, bottom) {
    const inView = waiting.find(({ startRow, endRow }) => startRow <= bottom && endRow > top);
    return inView || waiting[waiting.length - 1];
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const { document } = window;
  let root = null; // the page's element
  let api = null; // the grid's
  let query = null; // what is listed, or on its way
  let list = null;
  let lists = 0; // counts them
  let coming = false; // the list on its way is another than the one that is shown
  let changes = null;
  let waiting = []; // blocks that the grid wants
  let pending = null; // the plan that is being asked for
  let blocks = 0; // counts questions
  let newest = null; // how the list begins, where it was not shown yet
  let headAt = -Infinity; // when that was last asked for
  let movedAt = -Infinity;
  let settling = null;
  let connection = null;
  let rest = null;

  let asking = null; // the question about rows in view that is on its way: {at}
  let again = null; // what is to be asked once it is answered
  const told = new Map(); // what each component was last told

  const now = () => window.performance.now();

  /* Where it is not what is there already. */
  function publish(id, props) {
    const text = JSON.stringify(props);
    if (told.get(id) === text) return;
    told.set(id, text);
    dc.publish.publish(id, props);
  }
  const triggered = (name) => (dc.callback_context.triggered || []).some(({ prop_id }) => prop_id === name);

  /* The page is another than the last: nothing of that holds. The grid may be ready before the view is known. */
  function arrive() {
    const element = document.getElementById("threads-body");
    if (element === root) return;
    root = element;
    [api, query, list, newest, pending, waiting, asking, again] = [null, null, null, null, null, [], null, null];
    told.clear();
    [headAt, movedAt] = [-Infinity, -Infinity];
    changes = dc.threads_list.createChanges();
    connection = dc.live.connection();
    rest = dc.pace.createRest();
    dc.gate.pace("threads_live", rest);
    for (const key of ["threads", "threads_live"]) dc.gate.forget(key);
  }

  /* Once the grid is ready, it asks for its first block in dash-ag-grid's way, and from then on in ours. */
  function equip() {
    arrive();
    api = window.dash_ag_grid.getApi(GRID);
    sortGrid();
    api.setGridOption("datasource", { getRows: wanted });
    api.addEventListener("bodyScrollEnd", scrolled);
    const grid = document.getElementById(GRID);
    grid.addEventListener("pointermove", () => (movedAt = now()));
    grid.addEventListener("focusout", settleSoon);
  }

  /* The grid shows the address's order. */
  function sortGrid() {
    if (!api || !query) return;
    const sorted = dc.threads_view.sortedBy(query.sort);
    const state = api.getColumnState().find(({ sort }) => sort);
    if (same(sorted, state ? { colId: state.colId, sort: state.sort } : null)) return;
    api.applyColumnState({ state: sorted ? [sorted] : [], defaultState: { sort: null } });
  }

  /* ---- which list ------------------------------------------------------------------------------------------ */

  /* Another account, filter or order: the list begins anew. */
  function look() {
    const wish = dc.threads_view.query();
    if (!wish.scope || same(query, wish)) return;
    publish("threads-body", { "data-state": query && query.scope === wish.scope ? "stale" : "loading" });
    query = wish;
    lists += 1;
    list = dc.threads_list.createList();
    [coming, newest, pending] = [true, null, null];
    showNewer(0);
    sortGrid();
    askFor(0);
  }

  function askFor(start) {
    const plan = list.plan(start);
    blocks += 1;
    pending = { ...plan, block: blocks };
    dc.gate.ask("threads", { ...query, ...pending }, { force: true });
  }

  /* ---- blocks ---------------------------------------------------------------------------------------------- */

  function wanted(params) {
    sortWished(params.sortModel);
    waiting.push(params);
    serve();
  }

  function sortWished(model) {
    const wish = dc.threads_view.sortOf(model);
    if (query && wish !== query.sort && (model.length || dc.threads_view.sortedBy(query.sort))) dc.threads_view.choose({ sort: wish });
  }

  /* Hands over what is here, and asks for the first of what is not. */
  function serve() {
    if (!list || coming) return;
    waiting = waiting.filter((params) => !handOver(params));
    fitCount();
    if (pending || !api) return;
    const [top, bottom] = rowsInView();
    if (waiting.length) askFor(firstOf(waiting, top, bottom).startRow);
    else if (top > 0) readAhead(bottom);
  }

  function rowsInView() {
    const { top, bottom } = api.getVerticalPixelRange();
    return [Math.floor(top / ROW_HEIGHT), Math.floor(bottom / ROW_HEIGHT)];
  }

  /* What comes next, before it is in view: who has scrolled goes on. */
  function readAhead(bottom) {
    const next = (Math.floor(bottom / dc.threads_list.BLOCK) + 1) * dc.threads_list.BLOCK;
    if (next < list.count().rows && !list.rowsFrom(next)) askFor(next);
  }

  function handOver({ startRow, successCallback }) {
    const rows = list.rowsFrom(startRow);
    if (!rows) return false;
    const { rows: count, known } = list.count();
    successCallback(rows, known ? count : undefined);
    return true;
  }

  function fitCount() {
    if (!api || !list || !list.isRead()) return;
    const { rows, known } = list.count();
    if (api.getDisplayedRowCount() !== rows || api.isLastRowIndexKnown() !== known) api.setRowCount(rows, known);
  }

  function answered(answer) {
    if (!answer) return;
    dc.gate.answered("threads", answer.request);
    dc.render.succeeded(["threads-answer"]);
    if (!pending || answer.block !== pending.block) return; // of a list that is not looked at any more
    const plan = pending;
    pending = null;
    dc.gate.forget("threads");
    const began = coming;
    coming = false;
    list.take(plan, answer);
    if (began) startOver(answer);
    else serve();
    if (plan.start % dc.threads_list.BLOCK) api.refreshInfiniteCache(); // the grid has the block as it was before
    say(answer);
  }

  /* Another list is here: what is shown of the one before gives way. */
  function startOver(answer) {
    headAt = now();
    publish("threads-empty", { children: answer.nothing });
    if (!api) return;
    toTop();
    api.setRowCount(Math.min(dc.threads_list.BLOCK, list.count().rows), true);
    fitCount();
    serve();
    api.refreshInfiniteCache();
  }

  /* What stands below the grid, and what there is to see. */
  function say({ as_of }) {
    const cut = list.cutAt() !== null;
    const { rows } = list.count();
    publish("threads-body", { "data-state": list.isEmpty() && !cut ? "empty" : "rows" });
    publish("threads-count", { children: dc.threads_list.countText(list.totals(), cut) });
    publish("threads-cut", { children: cut ? `Enough threads were looked at; others may fit${rows ? "" : ", but none of those did"}.` : "" });
    publish("threads-more", { hidden: !cut });
    const [first] = list.rowsFrom(0) || [];
    publish("threads-project", { children: `${(first && first.project) || "One project"} ×`, hidden: !query.project });
    publish("threads-updated", { children: dc.formats.clock(as_of, Date.now()), dateTime: as_of });
  }

  /* ---- rows as they are now ---------------------------------------------------------------------------------- */

  const shownRows = () => (api ? api.getRenderedNodes().map(({ data }) => data).filter(Boolean) : []);
  const toTop = () => api.getDisplayedRowCount() > 0 && api.ensureIndexVisible(0, "top");
  const atTop = () => !api || api.getVerticalPixelRange().top < ROW_HEIGHT / 2;

  /* Whether a person is at a row: it stays under their hand. */
  function held() {
    const focus = document.activeElement && document.activeElement.closest && document.activeElement.closest(`#${GRID} .ag-row`);
    return Boolean(focus) || now() - movedAt < STILL_MS;
  }

  /* Asks for the rows in view, if one of them is known to be outdated or all may be, and for how the list begins. */
  function follow({ all = false, head = true } = {}) {
    if (!query || coming) return;
    if (asking && now() - asking.at < STUCK_MS) {
      again = { all: all || Boolean(again && again.all), head: head || Boolean(again && again.head) };
      return; // another question would make that one void
    }
    const shown = shownRows();
    const outdated = all || shown.some(changes.outdates);
    const first = head && due({ searching: Boolean(query.q), away: !atTop() }, now(), headAt);
    if (!outdated && !first) return;
    if (first) headAt = now();
    const ids = outdated ? shown.map(({ id }) => id).slice(0, MOST_SEEN) : [];
    dc.gate.ask("threads_live", { ...query, ids, head: first, list: lists }, { must: true });
  }

  function refreshed(answer) {
    if (!answer) return;
    asking = null;
    rest.answered(answer.took_ms);
    dc.gate.answered("threads_live", answer.request);
    dc.render.succeeded(["threads-live"]);
    if (list && !coming && answer.list === lists) show(answer);
    const next = again;
    again = null;
    if (next) follow(next);
  }

  function show(answer) {
    const gone = answer.gone.map((id) => ({ id, gone: true }));
    const before = new Map(shownRows().map((row) => [row.id, row]));
    const known = gone.map(({ id }) => ({ ...before.get(id), id, running: false, gone: true }));
    const head = answer.head ? answer.head.rows : [];
    paint(list.update([...answer.rows, ...head, ...known], answer.version));
    if (answer.head) {
      newest = { ...answer.head, version: answer.version, as_of: answer.as_of };
      settle();
      if (list.recount(answer.head) && api) api.refreshInfiniteCache();
      fitCount();
    }
    say(answer);
  }

  /* In their cells, without drawing the grid anew. */
  function paint(rows) {
    if (!api || !rows.length) return;
    const fresh = new Map(rows.map((row) => [row.id, row]));
    const marked = [];
    for (const node of api.getRenderedNodes()) {
      const row = node.data && fresh.get(node.data.id);
      if (!row) continue;
      if (Boolean(node.data.running) !== Boolean(row.running) || node.data.gone !== row.gone) marked.push(node);
      node.updateData(row);
    }
    if (marked.length) api.refreshCells({ rowNodes: marked, columns: ["title"], force: true });
  }

  /* The list's beginning as it is now, at once or as soon as nobody is at a row. */
  function settle() {
    if (!newest || !list || coming || !root.isConnected) return;
    if (list.sameOrder(newest.rows)) {
      list.update(newest.rows, newest.version);
      showNewer(0);
      newest = null;
      return;
    }
    if (!atTop() || held()) {
      showNewer(list.newer(newest.rows));
      settleSoon();
      return;
    }
    const { nothing } = newest;
    list.begin(newest);
    say(newest);
    newest = null;
    showNewer(0);
    publish("threads-empty", { children: nothing });
    if (!api) return;
    api.setRowCount(Math.min(dc.threads_list.BLOCK, list.count().rows), true); // drops the blocks below
    fitCount();
    api.refreshInfiniteCache();
  }

  function settleSoon() {
    if (settling || !newest) return;
    settling = window.setTimeout(() => {
      settling = null;
      if (newest && root.isConnected && atTop()) settle();
    }, STILL_MS);
  }

  function showNewer(count) {
    publish("threads-newer", { children: `${dc.formats.whole(count)} newer`, hidden: count === 0 });
  }

  /* Rows that come into view may have changed since they were read. */
  function scrolled() {
    serve();
    follow({ head: atTop() });
    if (newest && atTop()) settle();
  }

  Object.assign(dc, {
    threads: {
      equip,
      due,
      concerns,
      firstOf,
      look,
      answered,
      refreshed,

      /* The gate has asked about the rows in view, maybe later than it was told to. */
      sent(request) {
        if (request) asking = { at: now() };
      },

      /* At every change of the view and the address, at a hint of the stream, and every so often without one. */
      ask(_view, _search, hint) {
        arrive();
        if (!root) return dc.no_update;
        look();
        if (triggered("threads-changed.data") && hint) {
          changes.note(hint);
          follow({ head: Boolean(query) && concerns(hint, query.scope) });
        } else if (triggered("threads-interval.n_intervals")) {
          if (pending) dc.gate.ask("threads", { ...query, ...pending }, { must: true });
          follow({ all: true });
        }
        return dc.no_update;
      },

      /* The class of the list: figures that may not be up to date look so. A new connection may have missed changes. */
      tone(live) {
        if (list && connection !== dc.live.connection()) {
          connection = dc.live.connection();
          changes = dc.threads_list.createChanges();
          list.distrust();
          if (live.state === "live") follow({ all: true });
        }
        return `threads-body${live.state === "offline" ? " stale" : ""}${live.history !== "complete" ? " provisional" : ""}`;
      },

      look_further(clicks) {
        if (clicks && list && list.cutAt() !== null && !pending) askFor(list.cutAt());
      },

      show_newer(clicks) {
        if (!clicks || !api) return;
        if (document.activeElement && document.activeElement.closest(`#${GRID}`)) document.activeElement.blur();
        movedAt = -Infinity;
        toTop();
        settle();
      },
    },
  });
})(window);
