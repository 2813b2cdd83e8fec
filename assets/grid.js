/* What the grids of pages need: how cells are written, the link of a thread, columns that fit, a theme of our tokens. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const NARROW = 620; // pixels of a grid below which secondary columns give way
  const WIDE = 900; // and those for wide grids

  /* Rows that a grid has already are changed, others added; each once. `has` tells by id. */
  function split(rows, has) {
    const add = [];
    const update = [];
    for (const row of rows) (has(row.id) ? update : add).push(row);
    return { add, update };
  }

  /* Whether a grid of this width shows its columns of a kind, secondary or wide, and which they are. */
  function fitting(columns, width, kind = "secondary") {
    const found = columns.filter((column) => (column.getColDef().context || {})[kind]);
    return { columns: found.map((column) => column.getColId()), visible: width >= (kind === "wide" ? WIDE : NARROW) };
  }

  function fitColumns(params) {
    const width = params.clientWidth || widthOf(params.api);
    if (!width) return;
    for (const kind of ["secondary", "wide"]) {
      const { columns, visible } = fitting(params.api.getColumns() || [], width, kind);
      params.api.setColumnsVisible(columns, visible);
    }
  }

  function widthOf(api) {
    const box = api.getGridId && window.document.querySelector(`[grid-id="${api.getGridId()}"]`);
    return box ? box.clientWidth : 0;
  }

  /* The time of day today, day and time within half a year, else the date: never more than a narrow column holds. */
  function shortTime(at, now, zone) {
    const [date, time] = dc.formats.localText(at, zone).split("T");
    if (date === dc.formats.localText(now, zone).split("T")[0]) return time.slice(0, 8);
    const [, month, day] = date.split("-").map(Number);
    if (Math.abs(now - at) < 180 * 86400000) return `${day} ${dc.formats.MONTHS[month - 1]} ${time.slice(0, 5)}`;
    return date;
  }

  /* The tokens themselves, not their values: a change of theme needs nothing more. */
  function creditpulseTheme(base) {
    return base.withParams({
      accentColor: "var(--accent)",
      backgroundColor: "var(--surface)",
      foregroundColor: "var(--text)",
      textColor: "var(--text)",
      borderColor: "var(--line)",
      chromeBackgroundColor: "var(--surface)",
      headerBackgroundColor: "var(--surface)",
      headerTextColor: "var(--muted)",
      headerFontSize: 12,
      headerFontWeight: 400,
      rowHoverColor: "var(--sunk)",
      oddRowBackgroundColor: "var(--surface)",
      fontFamily: "inherit",
      fontSize: 14,
      wrapperBorder: false,
      wrapperBorderRadius: 0,
      cellHorizontalPadding: 8,
      browserColorScheme: "inherit",
      columnBorder: false,
      headerColumnResizeHandleColor: "transparent",
      valueChangeValueHighlightBackgroundColor: "var(--accent-soft)",
    });
  }

  /* Goes to a page of ours without loading the document again; what a link with a modifier key does, stays. */
  function follow(event, href) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button > 0) return;
    event.preventDefault();
    window.history.pushState({}, "", href);
    window.dispatchEvent(new window.CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* The grid keeps the Tab key for its cells, so that a link in one is reached by Enter, a tick by the space bar. */
  function openLink(params) {
    const { key, target } = params.event || {};
    const wanted = { Enter: "a", " ": "input" }[key];
    const found = wanted && target && target.querySelector && target.querySelector(wanted);
    if (!found) return;
    if (key === " ") params.event.preventDefault(); // it would scroll
    found.click();
  }

  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  Object.assign(functions, {
    wholeNumber: (value) => (value === null || value === undefined ? "" : dc.formats.whole(value)),
    /* Of a thread's row, which has both. */
    cost: (credits, row) => (row && credits !== undefined ? dc.units.total(row.cost, credits) : ""),
    compactNumber: (value) => (value === null || value === undefined ? "" : dc.formats.compact(value)),
    asWritten: (value) => value ?? "",
    shortTime: (value) => (value ? shortTime(new Date(value), new Date()) : ""),
    localTime: (value) => (value ? dc.formats.clock(value, Date.now()) : ""),
    fitColumns,
    openLink,
    creditpulseTheme,
  });

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.ThreadLink = function ThreadLink(props) {
    const { data } = props;
    const element = window.React.createElement;
    if (!data) return element("span", { className: "skeleton cell-skeleton", "aria-hidden": "true" });
    if (data.gone) return element("span", { className: "thread-cell muted" }, `${data.title || "Thread"} (deleted)`);
    const href = `/threads/${data.id}${window.location.search}`;
    const tick = dc.threads_compare ? dc.threads_compare.tick(data) : null;
    const dot = data.running
      ? element("span", { className: "run-dot running", title: "An agent is running", role: "img", "aria-label": "running" })
      : element("span", { className: "run-dot", "aria-hidden": "true" });
    const link = { href, className: "thread-link", title: data.title, onClick: (event) => follow(event, href) };
    return element("span", { className: "thread-cell" }, tick, dot, element("a", link, data.title));
  };

  /* A project's name narrows the list to it: there is no chooser for projects. */
  components.ProjectLink = function ProjectLink({ data, value }) {
    if (!data || !value) return null;
    const { pathname, search } = window.location;
    const href = pathname + dc.threads_view.searchWith(search, { project: data.project_id });
    const narrow = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button > 0) return;
      event.preventDefault();
      dc.threads_view.choose({ project: data.project_id });
    };
    return window.React.createElement("a", { href, className: "narrow-link", title: value, tabIndex: -1, onClick: narrow }, value);
  };

  Object.assign(dc, { grid: { split, fitting, follow, openLink, shortTime } });
})(window);
