/* The list of accounts: its order, search and state are the address's; cells of its grid. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const USUAL = "-last";
  const STATES = ["", "ending", "ended", "spending", "planned"]; // in the order of layouts/accounts.py
  const NAMES = ["q", "sort", "state"];

  let blocks = null;
  let page = null; // its element
  let typed = ""; // into the search
  let wasLive = false;

  const triggered = (name) => dc.parts.triggered(name);

  /* What the address says of the list. */
  function queryOf(search) {
    const query = new URLSearchParams(search || "");
    return Object.fromEntries(NAMES.map((name) => [name, query.get(name) || ""]));
  }

  /* The address's query with these of the list's; whatever else it says stays. */
  function searchWith(search, changes) {
    const query = new URLSearchParams(search || "");
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    return dc.scope.textOf(query);
  }

  /* An account's page has a view, but neither the list's order nor its search. */
  const pageOf = (id, search) => `/accounts/${id}${searchWith(search, { q: "", sort: "", state: "" })}`;

  /* The file has every account that fits, whatever the order. */
  function exportOf({ q, state, zone }) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ q, state, zone })) if (value) query.set(name, value);
    return `/export/accounts.csv${dc.scope.textOf(query)}`;
  }

  function write(changes, { push = true } = {}) {
    const { pathname, search, hash } = window.location;
    const wanted = searchWith(search, changes);
    if (wanted === search) return;
    window.history[push ? "pushState" : "replaceState"]({}, "", pathname + wanted + hash);
    window.dispatchEvent(new window.CustomEvent("_dashprivate_pushstate"));
  }

  function theBlocks() {
    if (!blocks) {
      blocks = dc.blocks.createBlocks({ key: "accounts", grid: "accounts-grid", usual: USUAL, sorted: (sort) => write({ sort }) });
    }
    return blocks;
  }

  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const text = (value) => dc.units.drawn(Math.abs(value), dc.units.name(), dc.units.inDollars() ? 2 : 0);
  functions.amount = (value) => (value === null || value === undefined ? "" : `${value < 0 ? "−" : ""}${text(value)}`);

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const made = (...parts) => window.React.createElement(...parts);

  components.AccountLink = function AccountLink({ data }) {
    if (!data) return made("span", { className: "account-cell" }, made("span", { className: "skeleton", style: { width: "60%" } }));
    const href = pageOf(data.id, window.location.search);
    const running = data.agents ? { title: "An agent is running", role: "img", "aria-label": "running" } : { "aria-hidden": "true" };
    const dot = made("span", { className: `run-dot${data.agents ? " running" : ""}`, ...running });
    const link = made("a", { href, className: "thread-link", title: data.name, onClick: (event) => dc.grid.follow(event, href) }, data.name);
    const email = data.email ? made("span", { className: "label", title: data.email }, data.email) : null;
    return made("span", { className: "account-cell" }, dot, made("span", { className: "account-names" }, link, email));
  };

  /* How much of the allowance is used: amber from 90 %, red from all of it. */
  components.ShareBar = function ShareBar({ data }) {
    if (!data || data.share === null) return null;
    const words = `${Math.round(data.share)} %`;
    const style = dc.render.barStyle(Math.max(0, Math.min(100, data.share)));
    const title = `${words} of ${dc.units.counted(text(data.allowance))}, ${data.period}`;
    const bar = made("span", { className: "bar", "aria-hidden": "true" }, made("i", { style }));
    return made("span", { className: "share-cell", title }, bar, made("span", { className: "share-text" }, words));
  };

  components.RunsOut = function RunsOut({ data }) {
    if (!data || !data.out) return null;
    const range = data.out_range ? made("span", { className: "label" }, data.out_range) : null;
    const title = "Projected from the last 28 days; the range holds four times out of five";
    return made("span", { className: "account-cell", title }, made("span", { className: "account-names" }, made("span", null, data.out), range));
  };

  Object.assign(dc, {
    accounts: {
      queryOf,
      searchWith,
      exportOf,
      pageOf,

      /* The address, a hint or a tick; in the order of callbacks/accounts.py. */
      follow(_search, view) {
        const root = window.document.getElementById("accounts-body");
        const same = new Array(3 + STATES.length).fill(dc.no_update);
        if (!root || !view) return same;
        const query = { ...queryOf(window.location.search), zone: view.zone };
        if (root !== page) {
          page = root;
          typed = "";
          theBlocks().open(query);
        } else if (triggered("accounts-changed.data") || triggered("accounts-interval.n_intervals")) {
          theBlocks().changed();
          return same;
        } else if (theBlocks().show(query)) {
          dc.publish.publish("accounts-body", { "data-state": "stale" });
        }
        const text = query.q === typed ? dc.no_update : query.q; // who types on is not interrupted
        return [dc.no_update, text, exportOf(query), ...STATES.map((state) => String(state === query.state))];
      },

      answered(answer) {
        if (!answer || !theBlocks().answered(answer)) return new Array(5).fill(dc.no_update);
        dc.render.succeeded(["accounts-answer"]);
        const { total, count, note, as_of, of, complete } = answer;
        const time = as_of ? [dc.view.clock(as_of, Date.now(), of.zone), as_of] : [dc.no_update, dc.no_update];
        return [total === 0 && complete ? "empty" : "rows", count ?? dc.no_update, note, ...time];
      },

      /* The class of the list: figures that may not be up to date look so. What was missed is asked for. */
      tone(live) {
        if (live.state === "live" && !wasLive && page && page.isConnected) theBlocks().changed();
        wasLive = live.state === "live";
        return `accounts-body${dc.render.toneOf(live)}`;
      },

      choose_state() {
        const part = (dc.callback_context.triggered || []).find(({ value }) => value);
        if (!part) return;
        const name = part.prop_id.replace(/^accounts-state-|\.n_clicks$/g, "");
        write({ state: name === "all" ? "" : name });
      },

      /* Letters follow each other: Back goes to before the search, not through it. */
      find(text) {
        typed = text || "";
        const { q } = queryOf(window.location.search);
        if (typed !== q) write({ q: typed }, { push: !q });
      },
    },
  });
})(window);
