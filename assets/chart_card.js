/*
 * Cards with a chart: from the server's figure, which names tokens where a colour belongs, to what is drawn in this
 * theme; its legend, its table twin, its picture, its link to a CSV file. What has not changed is not drawn again.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const TWIN_KEY = "t"; // as layouts/chart_card.py says

  /* Tokens in a trace become this theme's colours; figures are left alone. */
  function coloured(part, tokens) {
    if (typeof part === "string") return part.startsWith("--") ? tokens[part.slice(2)] : part;
    if (Array.isArray(part)) return part.some((one) => typeof one === "string" || Array.isArray(one)) ? part.map((one) => coloured(one, tokens)) : part;
    if (!part || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, coloured(value, tokens)]));
  }

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const isBars = (trace) => trace.type === "bar";
  /* A line that stands for itself, not for what bars are compared with. */
  const isCourse = (trace) => trace.type === "scatter" && Boolean(trace.meta) && trace.meta !== "before";

  /*
   * The lines in the order, and with the colours, that they were last drawn in: two that change places by a little
   * would only confuse. Another view, or other lines, begin anew.
   */
  function inOrder(figure, drawn) {
    if (!drawn || drawn.layout.uirevision !== figure.layout.uirevision) return figure;
    const [now, then] = [figure, drawn].map(({ data }) => data.filter(isBars));
    const keys = (traces) => traces.map(({ meta }) => meta).sort();
    if (!now.length || !same(keys(now), keys(then))) return figure;
    const ordered = then.map(({ meta, marker }) => ({ ...now.find((trace) => trace.meta === meta), marker }));
    return { ...figure, data: [...ordered, ...figure.data.filter((trace) => !isBars(trace))] };
  }

  const escaped = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

  /* Whole credits, and one decimal of few; dollars, and a hundredth of a cent of few. */
  function amount(number, unit = "credits") {
    const [few, fine, many] = unit === "dollars" ? [0.1, 4, 2] : [100, 1, 0];
    return dc.units.drawn(number, unit, Math.abs(number) < few ? fine : many);
  }

  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

  /* One trace for all labels: cheaper than one for each line, and it says the total. */
  function hoverTrace(figure, tokens) {
    const { steps, unit } = figure.layout.meta;
    const total = (number) => (unit === "dollars" ? `<b>${amount(number, unit)}</b>` : `<b>${amount(number)}</b> credits`);
    const lines = figure.data.filter(isBars);
    const before = figure.data.find((trace) => trace.meta === "before");
    const text = steps.map((name, at) => {
      const parts = lines
        .filter(({ y }) => y[at])
        .reverse()
        .map(({ name: label, y, marker }) => `<span style="color:${coloured(marker.color, tokens)}">■</span> ${escaped(label)} ${amount(y[at], unit)}`);
      const earlier = before && at < before.y.length ? [`Period before ${amount(before.y[at], unit)}`] : [];
      return [`${escaped(name)}`, total(sum(lines.map(({ y }) => y[at]))), ...parts, ...earlier].join("<br>");
    });
    const y = steps.map((_name, at) => sum(lines.map((line) => Math.max(0, line.y[at]))));
    return { type: "scatter", mode: "markers", marker: { opacity: 0, size: 1 }, y, text, hoverinfo: "text", showlegend: false, cliponaxis: false };
  }

  const LETTER = 6.2; // pixels of the axis's type
  const GAP = 12;

  /* As many of the axis's names as there is room for in that many pixels, at equal distances. */
  function thinned(axis, width) {
    const { tickvals, ticktext } = axis;
    if (!tickvals || !width) return axis;
    const room = Math.max(...ticktext.map((text) => text.length), 1) * LETTER + GAP;
    const stride = Math.max(1, Math.ceil((tickvals.length * room) / width));
    const kept = (_, at) => at % stride === 0;
    return { ...axis, tickvals: tickvals.filter(kept), ticktext: ticktext.filter(kept) };
  }

  /* `kept`: what is drawn now, {figure, theme, data}. Traces that have not changed stay the very same objects. */
  function painted(figure, theme, name, kept, width) {
    const { tokens, template } = theme;
    const data = figure.data.map((trace) => {
      const at = kept && kept.theme === name ? kept.figure.data.findIndex((one) => same(one, trace)) : -1;
      return at >= 0 ? kept.data[at] : coloured(trace, tokens);
    });
    if (figure.data.some(isBars)) data.push(hoverTrace(figure, tokens));
    const { layout } = figure;
    const { l, r } = layout.margin || { l: 0, r: 0 };
    return { data, layout: { ...layout, xaxis: thinned(layout.xaxis, width - l - r), template } };
  }

  /* The figures as a table: {head, rows}, texts in the first column, numbers elsewhere. */
  function tableOf(figure) {
    const heat = figure.data.find(({ type }) => type === "heatmap");
    if (heat) {
      return { head: ["", ...heat.z[0].map((_, hour) => `${hour}:00`)], rows: heat.y.map((day, at) => [day, ...heat.z[at]]) };
    }
    const courses = figure.data.filter(isCourse);
    if (courses.length) {
      const rows = figure.layout.meta.steps.map((name, at) => [name, ...courses.map(({ y }) => y[at] ?? null)]);
      return { head: ["", ...courses.map(({ name }) => name)], rows };
    }
    const lines = figure.data.filter(isBars);
    const before = figure.data.find((trace) => trace.meta === "before");
    const rows = figure.layout.meta.steps.map((name, at) => [
      name,
      sum(lines.map(({ y }) => y[at])),
      ...(before ? [before.y[at] ?? null] : []),
      ...lines.map(({ y }) => y[at]),
    ]);
    return { head: ["", "Total", ...(before ? ["Period before"] : []), ...lines.map(({ name }) => name)], rows };
  }

  const decimal = (number, unit) => (number === null ? "" : dc.units.drawn(number, unit, unit === "dollars" ? 4 : 2));

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  const drawn = new Map(); // by the graph's id
  let watched = false;

  function element(tag, className, text) {
    const made = window.document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function fillLegend(card, figure) {
    const box = window.document.getElementById(`${card}-legend`);
    if (!box) return;
    const keys = figure.data.filter(({ name }) => name).map((trace) => {
      const coloured = isBars(trace) || isCourse(trace);
      const item = element("span", coloured ? "" : "legend-line", undefined);
      const sign = element("i");
      if (coloured) sign.style.background = `var(${trace.marker.color})`;
      item.append(sign, trace.name);
      return item;
    });
    box.replaceChildren(...keys);
  }

  function fillTable(card, figure) {
    const box = window.document.getElementById(`${card}-table`);
    if (!box) return;
    const { head, rows } = tableOf(figure);
    const table = element("table", "twin");
    const { unit } = figure.layout.meta;
    const cell = (value, at) => (at ? element("td", "number", decimal(value, unit)) : element("th", "", value));
    const line = (cells) => {
      const row = element("tr");
      row.append(...cells);
      return row;
    };
    const [top, body] = [element("thead"), element("tbody")];
    top.append(line(head.map((text, at) => element("th", at ? "number" : "", text))));
    body.append(...rows.map((row) => line(row.map(cell))));
    table.append(top, body);
    const { scrollTop, scrollLeft } = box;
    box.replaceChildren(table);
    Object.assign(box, { scrollTop, scrollLeft });
  }

  function theme() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const now = () => dc.charts.themeOf(window.document.documentElement.dataset.theme, dark.matches);
    if (!watched) {
      watched = true;
      const changed = () => dc.publish.publish("chart-theme", { data: now() });
      dark.addEventListener("change", changed);
      new window.MutationObserver(changed).observe(window.document.documentElement, { attributeFilter: ["data-theme"] });
      window.document.addEventListener("keydown", (event) => {
        const box = event.key === TWIN_KEY && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.closest(".chart-box");
        if (box) box.parentElement.querySelector("[aria-keyshortcuts]").click();
      });
    }
    return now();
  }

  function links(view, ...exports) {
    if (!view || !view.scope) return exports.map(() => dc.no_update);
    return exports.map((name) => `/export/${name}${dc.view.queryOf(view)}`);
  }

  /* With a finger, a drag over the chart scrolls the page. */
  const touched = () => window.matchMedia("(pointer: coarse)").matches;

  Object.assign(dc, {
    chart_card: {
      coloured,
      inOrder,
      thinned,
      painted,
      hoverTrace,
      tableOf,
      amount,

      /* The figures of the card that this box belongs to, as they are drawn; null where it is no such box. */
      tableIn(box) {
        const kept = drawn.get(`${box.parentElement.id}-chart`);
        return kept ? tableOf(kept.figure) : null;
      },

      paint(answer, _theme, themes) {
        const { id } = dc.callback_context.outputs_list;
        if (!answer) {
          drawn.delete(id); // a page that was just opened
          return dc.no_update;
        }
        const name = theme();
        const kept = drawn.get(id);
        const figure = inOrder(answer, kept && kept.figure);
        if (kept && kept.theme === name && same(kept.figure, figure)) return dc.no_update;
        const width = window.document.getElementById(id).clientWidth;
        const made = painted(figure, themes[name], name, kept, width);
        if (touched()) made.layout.dragmode = false;
        drawn.set(id, { figure, theme: name, data: made.data });
        fillLegend(id.replace(/-chart$/, ""), figure);
        return made;
      },

      /* What the card shows, and whether the button is pressed; the table is made when it is to be seen. */
      twin(clicks, figure) {
        const card = dc.callback_context.outputs_list[0].id;
        const open = clicks % 2 === 1;
        const kept = drawn.get(`${card}-chart`);
        if (open && figure) fillTable(card, kept ? inOrder(figure, kept.figure) : figure);
        return [open ? "table" : "chart", String(open)];
      },

      picture(clicks, title) {
        const card = dc.callback_context.outputs_list.id.replace(/-saved$/, "");
        const graph = window.document.querySelector(`#${card}-chart .js-plotly-plot`);
        if (!clicks || !graph || !drawn.has(`${card}-chart`)) return dc.no_update;
        const { layout } = graph;
        const ground = window.getComputedStyle(graph.closest(".card")).backgroundColor;
        const { margin } = layout;
        const { height } = graph._fullLayout; // the layout itself has none once its window has changed its size
        const whole = { ...layout, paper_bgcolor: ground, plot_bgcolor: ground, title: { text: escaped(title), x: 0.02, font: { size: 15 } } };
        Object.assign(whole, { margin: { ...margin, t: 48, b: margin.b + 28, r: 16 }, showlegend: true, legend: { orientation: "h", y: -0.12, x: 0 } });
        const options = { format: "png", scale: 2, width: Math.max(640, graph.clientWidth), height: height + 76, filename: card };
        window.Plotly.downloadImage({ data: graph.data, layout: whole }, options);
        return Date.now();
      },

      links,

      /* Of an account's page, whatever the navigation's scope is. */
      links_of: (view, scope, ...exports) => links(view && view.scope ? { ...view, scope } : view, ...exports),
    },
  });
})(window);
