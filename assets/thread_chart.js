/* What else a thread's chart offers: its figures as a table, and its picture. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const TWIN_KEY = "t"; // as layouts/thread.py says
  const head = () => ["Time", "Calls", dc.units.word(), `${dc.units.word()} so far`];

  /* The rows of a drawn figure, the latest first: [time, calls, credits, credits so far]. */
  function rowsOf(figure) {
    const line = (figure && figure.data && figure.data[0]) || {};
    if (!line.customdata) return [];
    return line.x.map((at, number) => [at, line.customdata[number][1], line.customdata[number][0], line.y[number]]).reverse();
  }

  /* To the hundredth of a credit, or of a cent: what a table of many is read for. */
  const decimal = (number) => dc.units.drawn(number, dc.units.name(), dc.units.inDollars() ? 4 : 2);

  const texts = ([at, calls, credits, sum]) => [String(at).slice(0, 19), dc.formats.whole(calls), decimal(credits), decimal(sum)];

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  function element(tag, cells) {
    const row = window.document.createElement("tr");
    cells.forEach((text, column) => {
      const cell = window.document.createElement(column ? tag : "th");
      cell.textContent = text;
      if (column) cell.className = "number";
      row.append(cell);
    });
    return row;
  }

  function fill(figure) {
    const box = window.document.getElementById("thread-table");
    if (!box) return;
    const made = ["table", "thead", "tbody"].map((tag) => window.document.createElement(tag));
    const [table, top, body] = made;
    table.className = "twin";
    top.append(element("th", head()));
    body.append(...rowsOf(figure).map((row) => element("td", texts(row))));
    table.append(top, body);
    const { scrollTop } = box;
    box.replaceChildren(table);
    box.scrollTop = scrollTop;
  }

  function pressed(event) {
    if (event.key !== TWIN_KEY || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest && event.target.closest(".timeline-box")) window.document.getElementById("thread-twin").click();
  }

  if (window.document && window.document.addEventListener) window.document.addEventListener("keydown", pressed);

  Object.assign(dc, {
    thread_chart: {
      rowsOf,
      texts,

      tableIn(box) {
        const graph = box.querySelector("#thread-timeline .js-plotly-plot");
        const rows = graph ? rowsOf(graph) : [];
        return rows.length ? { head: head(), rows } : null;
      },

      /* What the card shows, and whether the button is pressed; the table is made when it is to be seen. */
      twin(clicks, figure) {
        const open = clicks % 2 === 1;
        if (open) fill(figure);
        return [open ? "table" : "chart", String(open)];
      },

      picture() {
        const graph = window.document.querySelector("#thread-timeline .js-plotly-plot");
        if (!graph || !graph.data.length) return dc.no_update;
        const ground = window.getComputedStyle(graph.closest(".card")).backgroundColor;
        const title = { text: window.document.querySelector("h1").textContent.replace(/</g, "&lt;"), x: 0.02, font: { size: 15 } };
        const layout = { ...graph.layout, paper_bgcolor: ground, plot_bgcolor: ground, title };
        layout.margin = { ...layout.margin, t: 44 };
        const options = { format: "png", scale: 2, width: Math.max(640, graph.clientWidth), height: graph._fullLayout.height + 36, filename: "credits-over-time" };
        window.Plotly.downloadImage({ data: graph.data, layout }, options);
        return Date.now();
      },
    },
  });
})(window);
