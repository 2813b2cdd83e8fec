/* Charts as the browser shows them: the server's figure with this theme's template, and times of this place. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  /* The theme that is shown: as chosen, else as the system has it. */
  function themeOf(chosen, systemIsDark) {
    if (chosen === "light" || chosen === "dark") return chosen;
    return systemIsDark ? "dark" : "light";
  }

  /* Local time as Plotly takes it, which knows no zones. */
  function local(iso) {
    const at = new Date(iso);
    if (!iso || Number.isNaN(at.getTime())) return null;
    const two = (part, width = 2) => String(part).padStart(width, "0");
    const day = `${two(at.getFullYear(), 4)}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
  }

  /* `now` is where a band without an end ends. */
  function painted(figure, template, now) {
    const data = figure.data.map((trace) => ({ ...trace, x: trace.x.map(local) }));
    const until = new Date(now).toISOString();
    const shapes = (figure.layout.shapes || []).map((shape) => ({
      ...shape,
      x0: local(shape.x0),
      x1: local(shape.x1 || until),
    }));
    return { data, layout: { ...figure.layout, shapes, template } };
  }

  let watched = false;

  function theme() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    if (!watched) {
      watched = true;
      const changed = () => dc.publish.publish("thread-theme", { data: theme() });
      dark.addEventListener("change", changed);
      new window.MutationObserver(changed).observe(window.document.documentElement, { attributeFilter: ["data-theme"] });
    }
    return themeOf(window.document.documentElement.dataset.theme, dark.matches);
  }

  Object.assign(dc, {
    charts: {
      themeOf,
      local,
      painted,

      paint(figure, _theme, templates, thread) {
        if (!figure || figure.layout.meta !== thread) return dc.no_update;
        return painted(figure, templates[theme()], Date.now());
      },
    },
  });
})(window);
