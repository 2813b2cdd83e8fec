/*
 * Whose usage of when is looked at. The address says it, so that a link shows a colleague the same and Back works;
 * the `view` store is read from there, and every control of the bar writes a new address.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  /* What an address need not say. The zone it always says: without it a colleague's days would be other days. */
  const USUAL = { range: "30d", from: "", to: "", model: "", by: "model", compare: "on" };
  const NARROW = 480; // pixels of a window
  const NAMES = ["range", "from", "to", "zone", "model", "by", "compare"];

  const says = (search, name) => new URLSearchParams(search || "").has(name);

  function viewOf(search, scope, zone) {
    const query = new URLSearchParams(search || "");
    const view = { scope: scope || "" };
    for (const name of NAMES) view[name] = query.get(name) || USUAL[name] || "";
    if (!query.get("range") && (view.from || view.to)) view.range = "custom";
    view.zone = view.zone || zone;
    return view;
  }

  /* The address's query with this view; whatever else it says stays. */
  function searchWith(search, view) {
    const query = new URLSearchParams(search || "");
    for (const name of NAMES) {
      if (view[name] && view[name] !== USUAL[name]) query.set(name, view[name]);
      else query.delete(name);
    }
    return dc.scope.textOf(query);
  }

  /* Everything of a view, as exports take it. */
  function queryOf(view) {
    const query = new URLSearchParams();
    for (const name of ["scope", ...NAMES]) if (view[name] && name !== "compare") query.set(name, view[name]);
    return dc.scope.textOf(query);
  }

  /*
   * The query that the address should have. `kept` is the view of the page before, which a link that says nothing of
   * it keeps; the browser's Back means the address. A page with a range says its zone.
   */
  function settled({ search, kept, moved, popped, ranged, zone }) {
    const named = NAMES.some((name) => says(search, name));
    if (moved && !popped && kept && !named) return searchWith(search, kept);
    if (ranged && !says(search, "zone")) return searchWith(search, viewOf(search, "", zone));
    return search || "";
  }

  /* ---- times, in words ----------------------------------------------------------------------------------- */

  /* `2026-11-01T10:07` in that zone. */
  const localTime = (instant, zone) => (dc.formats.localText(instant, zone) || "").slice(0, 16);

  /* A bound as [date, time] of the zone; the time is empty for a whole day. */
  function boundParts(text, zone) {
    if (!text) return ["", ""];
    const local = /(Z|[-+ ]\d\d:\d\d)$/.test(text) && text.length > 10 ? localTime(new Date(text.replace(" ", "+")), zone) : text;
    return [local.slice(0, 10), local.slice(11, 16)];
  }

  function boundText(text, zone) {
    const [date, time] = boundParts(text, zone);
    const [, month, day] = date.split("-").map(Number);
    return `${day} ${dc.formats.MONTHS[month - 1] || ""}${time ? ` ${time}` : ""}`;
  }

  /* The chooser's options, the chosen zone among them; where there is little room, that one by its place alone. */
  function zonesWith(zones, zone, narrow) {
    const known = zones.find(({ value }) => value === zone) || { value: zone, label: zone, search: zone };
    const chosen = narrow ? { ...known, label: zone.split("/").pop().replaceAll("_", " ") } : known;
    return [...zones.filter(({ value }) => value !== zone), chosen].sort((one, other) => (one.value < other.value ? -1 : 1));
  }

  function customText(view) {
    if (!view.from || !view.to) return "Custom";
    const [from, to] = [boundText(view.from, view.zone), boundText(view.to, view.zone)];
    return from === to ? from : `${from} to ${to}`;
  }

  /* What the fields of a custom range say, as the address has it; a sentence where they say no range. */
  function customOf(fromDate, fromTime, toDate, toTime) {
    if (!fromDate || !toDate) return { note: "Choose the day on which it begins, and that on which it ends." };
    const from = fromTime ? `${fromDate}T${fromTime}` : fromDate;
    const to = toTime ? `${toDate}T${toTime}` : toDate;
    const ends = toTime ? to : `${toDate}T24:00`;
    if ((fromTime ? from : `${fromDate}T00:00`) >= ends) return { note: "It ends before it begins." };
    return { range: "custom", from, to };
  }

  /*
   * The range of the steps from number `first` to number `last` of a chart: as dates where they are whole days, so
   * that the address can be read, else as instants, which no change of the clock makes ambiguous.
   */
  function brushed({ edges, dated }, first, last, zone) {
    const start = new Date(edges[first] * 1000);
    const end = new Date(edges[last + 1] * 1000);
    if (dated) {
      const until = new Date(end.getTime() - 1000);
      return { range: "custom", from: localTime(start, zone).slice(0, 10), to: localTime(until, zone).slice(0, 10) };
    }
    const text = (at) => at.toISOString().replace(/(:00)?\.000Z$/, "Z");
    return { range: "custom", from: text(start), to: text(end) };
  }

  /* Which steps a drag over the axis covers, at least one; the axis has step n from n - 0.5 to n + 0.5. */
  function stepsWithin(from, to, count) {
    const within = (at) => Math.max(0, Math.min(count - 1, at));
    const [low, high] = from < to ? [from, to] : [to, from];
    return [within(Math.round(low)), within(Math.max(Math.round(low), Math.ceil(high - 0.5)))];
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let view = null; // the last
  let kept = null; // what the address said of it
  let path = null;
  let popped = false;
  let watcher = null; // the page's, which is told at once: the store takes its time
  let zoneBefore = null; // that from which UTC was chosen

  if (window.addEventListener) {
    window.addEventListener("popstate", () => {
      popped = true;
    });
  }

  function write(search, push) {
    const { pathname, hash } = window.location;
    window.history[push ? "pushState" : "replaceState"]({}, "", pathname + search + hash);
    window.dispatchEvent(new window.CustomEvent("_dashprivate_pushstate"));
  }

  /* At once into the store, and into the address. */
  function choose(changes) {
    if (!view) return;
    const chosen = { ...view, ...changes };
    const search = searchWith(window.location.search, chosen);
    if (search === window.location.search) return;
    view = chosen;
    kept = chosen;
    if (watcher) watcher(view);
    dc.publish.publish("view", { data: view });
    write(search, true);
  }

  /*
   * Another zone is the usual one now: what goes by the usual one follows, whether the address says it or not; what the
   * address names otherwise stays.
   */
  function rezone(before, zone) {
    if (!view || view.zone !== before || zone === before) return;
    view = { ...view, zone };
    if (kept) kept = view;
    const query = new URLSearchParams(window.location.search);
    if (query.has("zone")) {
      query.set("zone", zone);
      write(dc.scope.textOf(query), false);
    }
    if (watcher) watcher(view);
    dc.publish.publish("view", { data: view });
  }

  const clickedId = () => {
    const part = (dc.callback_context.triggered || []).find(({ value }) => value);
    return part ? part.prop_id.replace(/\.n_clicks$/, "") : "";
  };

  let menuWatched = false;

  /* The menu closes like any other: by Escape, and where something else is pressed. */
  function watchMenu() {
    if (menuWatched) return;
    menuWatched = true;
    const { document } = window;
    const close = (event) => {
      const menu = document.querySelector("#view-menu[open]");
      if (!menu || (event.type === "pointerdown" && menu.contains(event.target))) return;
      if (event.type === "keydown" && event.key !== "Escape") return;
      closeMenu();
      if (event.type === "keydown") menu.querySelector("summary").focus();
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    const zones = document.querySelector(".zone-box");
    const ask = () => dc.publish.publish("view-zones-asked", { data: true });
    for (const name of ["pointerenter", "focusin", "click"]) zones.addEventListener(name, ask, { once: true });
  }

  function closeMenu() {
    const menu = window.document.getElementById("view-menu");
    if (menu) menu.open = false;
  }

  Object.assign(dc, {
    view: {
      viewOf,
      searchWith,
      queryOf,
      settled,
      clock: (iso, now, zone) => dc.formats.clock(iso, now, zone),
      boundParts,
      customText,
      zonesWith,
      customOf,
      brushed,
      stepsWithin,
      choose,
      rezone,

      /* A drag over a chart chooses the steps that it covers. */
      brush(moved, figure) {
        const [from, to] = [moved?.["xaxis.range[0]"], moved?.["xaxis.range[1]"]];
        if (from === undefined || to === undefined || !figure || !view) return;
        const { meta } = figure.layout;
        const [first, last] = stepsWithin(from, to, meta.steps.length);
        choose(brushed(meta, first, last, view.zone));
      },

      current: () => view,
      watch(run) {
        watcher = run;
      },

      /* The store, from the address. */
      read(scope, _search, _path, shown) {
        const { pathname, search } = window.location;
        const ranged = Boolean(shown && shown.path === pathname && shown.ranged);
        const wanted = settled({ search, kept, moved: path !== null && path !== pathname, popped, ranged, zone: dc.formats.usualZone() });
        path = pathname;
        popped = false;
        if (wanted !== search) write(wanted, false);
        const found = viewOf(wanted, scope, dc.formats.usualZone());
        kept = NAMES.some((name) => says(wanted, name)) ? found : null;
        if (view && JSON.stringify(view) === JSON.stringify(found)) return dc.no_update;
        view = found;
        return view;
      },

      /* In the order of callbacks/view.py. */
      bar(now, shown, zones) {
        if (!now) return new Array(8).fill(dc.no_update);
        watchMenu();
        const ranged = !shown ? "unknown" : shown.ranged ? "yes" : "no";
        const preset = window.document.getElementById(`view-preset-${now.range}`);
        const label = preset ? preset.textContent : customText(now);
        const short = Boolean(window.document.getElementById(`view-range-${now.range}`));
        const options = zonesWith(zones || [], now.zone, window.innerWidth < NARROW);
        return [
          ranged,
          short ? "More" : label,
          label.replace(/^Last (?=\d)/, ""), // there is little room
          short ? "menu" : "menu on",
          options,
          now.zone,
          String(now.zone === "UTC"),
          String(now.compare !== "off"),
        ];
      },

      ranges(now) {
        const name = now ? now.range : "";
        return [].concat(dc.callback_context.outputs_list).map(({ id }) => String(id.replace(/^view-(range|preset)-/, "") === name));
      },

      fill_custom(now) {
        if (!now || now.range !== "custom") return new Array(4).fill(dc.no_update);
        return [...boundParts(now.from, now.zone), ...boundParts(now.to, now.zone)];
      },

      choose_range() {
        const range = clickedId().replace(/^view-(range|preset)-/, "");
        if (!range) return;
        closeMenu();
        choose({ range, from: "", to: "" });
      },

      choose_custom(_clicks, ...fields) {
        const { note, ...changes } = customOf(...fields);
        if (note) return note;
        closeMenu();
        choose(changes);
        return "Without times, both days are included.";
      },

      choose_zone(zone) {
        if (!zone || !view || zone === view.zone) return;
        choose({ zone });
      },

      choose_utc(clicks) {
        if (!clicks || !view) return;
        if (view.zone !== "UTC") zoneBefore = view.zone;
        choose({ zone: view.zone === "UTC" ? zoneBefore || dc.formats.usualZone() : "UTC" });
      },

      choose_compare(clicks) {
        if (clicks && view) choose({ compare: view.compare === "off" ? "on" : "off" });
      },
    },
  });
})(window);
