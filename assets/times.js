/* Times that stand on the page already, when another zone is chosen: nobody asks the server for them again. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const WRITTEN = "time.local-time, time[id$='-updated']";

  let zone = null;

  function gridApi(id) {
    try {
      return window.dash_ag_grid.getApi(id);
    } catch {
      return null; // none is on this page
    }
  }

  function rewrite() {
    const { document } = window;
    for (const time of document.querySelectorAll(WRITTEN)) {
      const at = time.getAttribute("datetime");
      if (at) time.textContent = dc.formats.clock(at, Date.now());
    }
    for (const { id } of document.querySelectorAll(".grid[id]")) {
      const api = gridApi(id);
      if (api) api.redrawRows();
    }
    dc.charts.repaint();
  }

  Object.assign(dc, {
    times: {
      follow(view) {
        if (!view) return;
        const changed = zone !== null && zone !== view.zone;
        zone = view.zone;
        if (changed) window.requestAnimationFrame(rewrite); // by then the address has it
      },
    },
  });
})(window);
