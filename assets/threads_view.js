/*
 * What the threads list is narrowed to and sorted by, and which threads are compared: the address says it, as it says the
 * rest of the view, so that a link shows a colleague the same and Back works. Every control writes a new address.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const NAMES = ["q", "sort", "running", "active", "model", "project", "least", "most"];
  const FILTERS = NAMES.filter((name) => name !== "sort");
  const CHOSEN = "threads"; // those that are compared
  const MOST_CHOSEN = 6; // as data/thread_compare.py has it
  const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  /* The orders by their columns. */
  const SORTED = { credits: "cost", calls: "calls", total_tokens: "tokens", last_at: "last" };

  /* What an address asks of the list, each as a text. */
  function queryOf(search, scope) {
    const query = new URLSearchParams(search || "");
    return { scope: scope || "", ...Object.fromEntries(NAMES.map((name) => [name, query.get(name) || ""])) };
  }

  function chosenIn(search) {
    const named = new URLSearchParams(search || "").get(CHOSEN) || "";
    return [...new Set(named.toLowerCase().split(",").filter((id) => ID.test(id)))].slice(0, MOST_CHOSEN);
  }

  /* The address's query with these changes; what is empty is not written. */
  function searchWith(search, changes) {
    const query = new URLSearchParams(search || "");
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    return dc.scope.textOf(query);
  }

  /* With one thread more, or one less. */
  function toggled(chosen, id) {
    if (chosen.includes(id)) return chosen.filter((one) => one !== id);
    return chosen.length < MOST_CHOSEN ? [...chosen, id] : chosen;
  }

  const sortOf = ([first]) => (first && SORTED[first.colId] ? (first.sort === "desc" ? "-" : "") + SORTED[first.colId] : "");

  /* The grid's sorting of an address's; null where no column has it. */
  function sortedBy(sort) {
    const found = Object.entries(SORTED).find(([, name]) => name === sort.replace(/^-/, ""));
    return found ? { colId: found[0], sort: sort.startsWith("-") ? "desc" : "asc" } : null;
  }

  /* The file with every row of the list. */
  function exportOf(query, zone) {
    const { sort: _sort, ...filters } = query;
    return `/export/threads.csv${searchWith("", { ...filters, zone })}`;
  }

  /* A bound of the address, which is in credits, as its field has it, and back: a link means the same in either unit. */
  function boundText(credits) {
    if (!dc.units.inDollars() || credits === "" || !Number.isFinite(Number(credits))) return credits;
    return String(Number((Number(credits) / dc.preferences.creditsPerDollar()).toFixed(6)));
  }

  function boundCredits(text) {
    const number = Number(text.replace(/[$,\s]/g, ""));
    if (!dc.units.inDollars() || text === "" || !Number.isFinite(number)) return text;
    return String(Number((number * dc.preferences.creditsPerDollar()).toFixed(6)));
  }

  const optionsWith = (models, model) =>
    [...new Set([...(model ? [model] : []), ...(models || [])])].map((name) => ({ value: name, label: name }));

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const { document } = window;
  const here = () => Boolean(document.getElementById("threads-body"));

  /* `push`: a step that Back undoes. */
  function write(changes, { push = true } = {}) {
    const { pathname, search, hash } = window.location;
    const wanted = searchWith(search, changes);
    if (!here() || wanted === searchWith(search, {})) return;
    window.history[push ? "pushState" : "replaceState"]({}, "", pathname + wanted + hash);
    window.dispatchEvent(new window.CustomEvent("_dashprivate_pushstate"));
    dc.threads.look();
  }

  /* The view has it, too: the rest of the app keeps to the model. */
  function chooseModel(model) {
    if (here() && (queryOf(window.location.search).model || "") !== model) dc.view.choose({ model });
    dc.threads.look();
  }

  function choose(changes, options) {
    const { model, ...rest } = changes;
    write(rest, options);
    if (model !== undefined) chooseModel(model);
  }

  const focused = (id) => document.activeElement && document.activeElement.id === id;
  let typing = null; // what the search box was last given by hand

  /* Text fields follow the address, but for the one that is being typed into. */
  const field = (id, value) => (focused(id) ? dc.no_update : value);

  /* The models are asked for when their chooser is first used, of whichever scope. */
  function askModels() {
    const view = dc.view.current();
    if (view && view.scope) dc.publish.publish("threads-models-asked", { data: view.scope });
  }

  function watchModels() {
    const box = document.getElementById("threads-model");
    if (!box || box.dataset.watched) return;
    box.dataset.watched = "true";
    for (const name of ["pointerenter", "focusin", "click"]) box.addEventListener(name, askModels);
  }

  const clicked = () => (dc.callback_context.triggered || []).some(({ value }) => value);

  Object.assign(dc, {
    threads_view: {
      MOST_CHOSEN,
      queryOf,
      chosenIn,
      searchWith,
      toggled,
      sortOf,
      sortedBy,
      exportOf,
      optionsWith,
      boundText,
      boundCredits,
      choose,

      query: () => queryOf(window.location.search, (dc.view.current() || {}).scope),
      chosen: () => chosenIn(window.location.search),
      toggle: (id) => write({ [CHOSEN]: toggled(chosenIn(window.location.search), id).join(",") }, { push: false }),
      chooseNone: () => write({ [CHOSEN]: "" }),

      /* In the order of callbacks/thread_filters.py. */
      show(view, _search, models) {
        if (!view) return new Array(10).fill(dc.no_update);
        watchModels();
        const query = queryOf(window.location.search, view.scope);
        if (query.q !== typing && !focused("threads-search")) {
          typing = query.q;
          dc.publish.publish("threads-search", { value: query.q });
        }
        const on = ["", "yes", "no"].map((state) => String(query.running === state));
        return [
          ...on,
          query.active || null,
          optionsWith(models, query.model),
          query.model || null,
          field("threads-least", boundText(query.least)),
          field("threads-most", boundText(query.most)),
          !FILTERS.some((name) => query[name]),
          exportOf(query, view.zone),
        ];
      },

      choose_running() {
        const part = (dc.callback_context.triggered || []).find(({ value }) => value);
        if (part) choose({ running: { "threads-running-yes": "yes", "threads-running-no": "no" }[part.prop_id.split(".")[0]] || "" });
      },

      /* What is typed is one step back, not one for each letter. */
      choose_q(value) {
        if (value === undefined || value === null || value === typing) return;
        const began = !queryOf(window.location.search).q;
        typing = value;
        write({ q: value.trim() }, { push: began });
      },
      choose_active: (value) => choose({ active: value || "" }),
      choose_model: (value) => chooseModel(value || ""),
      choose_least: (value) => choose({ least: boundCredits((value || "").trim()) }),
      choose_most: (value) => choose({ most: boundCredits((value || "").trim()) }),

      all_projects(clicks) {
        if (clicks) choose({ project: "" });
      },

      clear() {
        if (!clicked()) return;
        typing = "";
        dc.publish.publish("threads-search", { value: "" });
        choose(Object.fromEntries(FILTERS.map((name) => [name, ""])));
      },
    },
  });
})(window);
