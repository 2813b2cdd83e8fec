/*
 * Figures are copied, with their exact value, by a click or by Enter: whatever has `data-cost` (dollars) or
 * `data-exact`, and text by a button whose `data-copies` is the id of the element that has it; a chart's figures, as
 * cells for a spreadsheet, by a key. A line at the bottom says what was copied, also to screen readers.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const SHOWN_MS = 2500;
  const FIGURES = "[data-cost], [data-exact]";
  const CHARTS = ".chart-box, .timeline-box";
  const CHART_KEY = "c"; // as layouts/chart_card.py says

  /* {text, said}: what an element's figure copies, and how that is called; null where it has none yet. */
  function exactOf({ cost, exact }) {
    if (cost) return { text: cost, said: `Copied $${cost}` };
    if (exact) return { text: exact, said: `Copied ${exact}` };
    return null;
  }

  /* Rows of cells, as a spreadsheet takes them. */
  function cellsOf({ head, rows }) {
    const cell = (value) => String(value ?? "").replace(/[\t\r\n]+/g, " ");
    return [head, ...rows].map((row) => row.map(cell).join("\t")).join("\n");
  }

  /* A press that marks text, or asks for something else, is no wish to copy. */
  function isPress(event, marked) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    if (event.type === "keydown") return event.key === "Enter" || event.key === " ";
    return event.button === 0 && !marked;
  }

  /* Where pages are not served securely there is no clipboard, but the old way. */
  async function write(text, document, navigator) {
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // not allowed: the old way may be
      }
    }
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    const dialog = focused && focused.closest && focused.closest("[role=dialog]"); // which keeps the focus within
    (dialog || document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (focused && focused.focus) focused.focus({ preventScroll: true });
    return done;
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let line = null;
  let hiding = null;

  function say(text) {
    line.textContent = text;
    line.classList.add("shown");
    window.clearTimeout(hiding);
    hiding = window.setTimeout(() => line.classList.remove("shown"), SHOWN_MS);
  }

  async function copy({ text, said }) {
    const done = await write(text, window.document, window.navigator);
    say(done ? said : `The browser does not let pages copy. Here it is: ${text}`);
  }

  function chartAt(target) {
    const box = target.closest(CHARTS);
    const table = box && (dc.chart_card.tableIn(box) || dc.thread_chart.tableIn(box));
    return table && { text: cellsOf(table), said: `Copied ${table.rows.length} rows of figures` };
  }

  function keyed(event) {
    const { key, target } = event;
    if (key !== CHART_KEY || event.ctrlKey || event.metaKey || event.altKey || !target.closest) return;
    const found = chartAt(target);
    if (found) copy(found);
  }

  function wanted(target) {
    const button = target.closest("[data-copies]");
    if (button) {
      const from = window.document.getElementById(button.dataset.copies);
      return from && { text: from.textContent, said: "Copied" };
    }
    const figure = target.closest(FIGURES);
    return figure && exactOf(figure.dataset);
  }

  function pressed(event) {
    const target = event.target;
    if (!target.closest || !isPress(event, String(window.getSelection()) !== "")) return;
    if (event.type === "keydown" && target.tagName === "BUTTON") return; // its click comes by itself
    const found = wanted(target);
    if (!found) return;
    event.preventDefault();
    copy(found);
  }

  function listen() {
    line = window.document.createElement("div");
    line.className = "copied";
    line.setAttribute("role", "status");
    window.document.body.append(line);
    window.document.addEventListener("click", pressed);
    window.document.addEventListener("keydown", pressed);
    window.document.addEventListener("keydown", keyed);
  }

  if (window.document && window.document.body) listen();

  Object.assign(dc, { copy: { exactOf, cellsOf, isPress, write } });
})(window);
