/* How figures are written on live cards: the same as layouts/formats.py writes them elsewhere. */
(function (window) {
  "use strict";

  const UNITS = [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
  ];

  const whole = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  /* Three figures and a unit from a million on: 62.4 M. Below that as it is: 871,204. */
  function compact(number) {
    for (const [size, unit] of UNITS) {
      if (Math.abs(number) >= size) {
        const figure = number / size;
        const places = Math.abs(figure) < 10 ? 2 : Math.abs(figure) < 100 ? 1 : 0;
        return `${figure.toFixed(places)} ${unit}`;
      }
    }
    return whole(number);
  }

  /* Exact, from the decimal text that the server sends; to the micro-dollar at least: $12.471083. */
  function dollars(cost) {
    const [, sign, units, decimals] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(cost) || [null, "", "0", ""];
    return `${sign}$${whole(units)}.${(decimals || "").replace(/0+$/, "").padEnd(6, "0")}`;
  }

  /* Local time of day; with the date where it is not today. */
  function clock(iso, now) {
    const at = new Date(iso);
    if (Number.isNaN(at.getTime())) return "–";
    const two = (part) => String(part).padStart(2, "0");
    const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    if (at.toDateString() === new Date(now).toDateString()) return time;
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    formats: { whole, compact, dollars, clock },
  });
})(window);
