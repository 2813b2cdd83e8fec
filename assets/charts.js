/* Charts as the browser shows them: the server's figure with this theme's template, and times of the chosen zone. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  /* The theme that is shown: as chosen, else as the system has it. */
  function themeOf(chosen, systemIsDark) {
    if (chosen === "light" || chosen === "dark") return chosen;
    return systemIsDark ? "dark" : "light";
  }

  /* The zone's time as Plotly takes it, which knows no zones. */
  const local = (iso) => (dc.formats.localText(iso || null) || "").replace("T", " ") || null;

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

  const COLUMNS = ["x", "y", "customdata"];

  /* The figure with the points that came since; the last drawn one may be among them, grown. */
  function grown(figure, growth) {
    const data = figure.data.map((trace, index) => {
      const longer = { ...trace };
      for (const name of COLUMNS) {
        const drawn = trace[name];
        if (drawn) longer[name] = (growth.replaces_last ? drawn.slice(0, -1) : drawn).concat(growth.data[index][name] || []);
      }
      return longer;
    });
    const yaxis = { ...figure.layout.yaxis, ...growth.yaxis };
    return { data, layout: { ...figure.layout, yaxis, shapes: growth.shapes } };
  }

  /*
   * What is drawn of a thread after this answer: {figure}, or {anew} where answers between were lost. One of another
   * thread says nothing; one that was taken already changes nothing.
   */
  function taken(kept, answer, thread, again) {
    if (!answer) return {};
    if (answer.data && answer.layout) return answer.layout.meta === thread ? { figure: answer } : {};
    if (answer.of !== thread || !kept || kept.layout.meta !== thread) return {};
    if (again) return { figure: kept };
    return kept.data[0].x.length === answer.drawn ? { figure: grown(kept, answer) } : { anew: true };
  }

  let pace = null; // of drawing anew what has grown
  let drawing = null; // the timer of what has come since
  let kept = null; // the open thread's figure
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

  function timed(figure) {
    pace = pace || dc.pace.createPace();
    dc.pace.time(pace);
    return figure;
  }

  function drawLater(templates, thread, waitMs) {
    if (drawing) return;
    drawing = window.setTimeout(() => {
      drawing = null;
      if (kept && kept.layout.meta === thread) {
        dc.publish.publish("thread-timeline", { figure: timed(painted(kept, templates[theme()], Date.now())) });
      }
    }, waitMs);
  }

  Object.assign(dc, {
    charts: {
      themeOf,
      local,
      painted,
      taken,

      /* What is drawn of a thread, as the server makes it; null where another is open. */
      figureOf: (thread) => (kept && kept.layout.meta === thread ? kept : null),

      /* As the theme and the zone are now. */
      repaint: () => dc.publish.publish("thread-theme", { data: theme() }),

      paint(answer, _theme, templates, thread) {
        const came = (dc.callback_context.triggered || []).some((part) => part.prop_id === "thread-figure.data");
        const { figure, anew } = taken(kept, answer, thread, !came);
        if (anew) dc.gate.thread_detail_anew(thread);
        if (!figure) return dc.no_update;
        const grew = came && kept !== figure && kept !== null && figure !== answer;
        kept = figure;
        const waitMs = pace ? pace.waitMs(window.performance.now()) : 0;
        if (grew && waitMs > 0) {
          drawLater(templates, thread, waitMs);
          return dc.no_update;
        }
        return timed(painted(kept, templates[theme()], Date.now()));
      },
    },
  });
})(window);
