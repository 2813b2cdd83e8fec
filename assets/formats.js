/*
 * How figures are written on live cards, the same as layouts/formats.py writes them elsewhere; and times, as the clock of
 * a zone shows them: that which the address names, else the one that the person prefers, else this browser's.
 */
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

  const QUARTER_MS = 900000; // no clock is put on or back but at a quarter hour of UTC
  const DAY_MS = 86400000;
  const formats = new Map(); // by zone
  const offsets = new Map(); // by zone and quarter hour: asking Intl for each of many times takes long

  function isZone(name) {
    try {
      return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
    } catch {
      return false;
    }
  }

  const HERE = (() => {
    const name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    return isZone(name) ? name : "UTC";
  })();

  let usual = HERE;
  let chosen = { search: null, zone: HERE };

  /* What the person prefers; `browser`, like one that this browser does not know, is its own. */
  function prefer(name) {
    usual = name !== "browser" && isZone(name) ? name : HERE;
    chosen = { search: null, zone: usual };
    return usual;
  }

  /* The zone that times are written in; UTC for one that no browser knows. */
  function zone() {
    const search = (window.location && window.location.search) || "";
    if (search !== chosen.search) {
      const named = new URLSearchParams(search).get("zone");
      chosen = { search, zone: named ? (isZone(named) ? named : "UTC") : usual };
    }
    return chosen.zone;
  }

  function askOffset(at, name) {
    if (!formats.has(name)) {
      const digits = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
      formats.set(name, new Intl.DateTimeFormat("en", { timeZone: isZone(name) ? name : "UTC", hourCycle: "h23", ...digits }));
    }
    const part = Object.fromEntries(formats.get(name).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const offset = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - at;
    return Math.abs(offset) <= DAY_MS ? offset : 0; // of a year that no clock was ever set in
  }

  function offsetMs(at, name) {
    const quarter = Math.floor(at / QUARTER_MS) * QUARTER_MS;
    const key = `${name} ${quarter}`;
    if (!offsets.has(key)) {
      if (offsets.size > 10000) offsets.clear();
      offsets.set(key, askOffset(quarter, name));
    }
    return offsets.get(key);
  }

  /* `2026-11-01T10:07:30.123` as that zone's clock shows it; null for what is no time. */
  function localText(time, name = zone()) {
    const at = time === null || time === "" ? NaN : new Date(time).getTime();
    return Number.isNaN(at) ? null : new Date(at + offsetMs(at, name)).toISOString().slice(0, -1);
  }

  /* The time of day there; with the date where that is not today. */
  function clock(iso, now, name = zone()) {
    const text = localText(iso, name);
    if (text === null) return "–";
    const [date, time] = text.split("T");
    return `${date === localText(now, name).slice(0, text.indexOf("T")) ? "" : `${date} `}${time.slice(0, 8)}`;
  }

  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

  /* The same, for narrow columns: 28 Sep 07:59:03. */
  function shortClock(iso, now, name = zone()) {
    const text = clock(iso, now, name);
    const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d) (.*)$/.exec(text) || [];
    if (!year) return text;
    const other = year === localText(now, name).slice(0, 4) ? "" : ` ${year}`;
    return `${Number(day)} ${MONTHS[month - 1]}${other} ${time}`;
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    formats: { whole, compact, dollars, MONTHS, HERE, prefer, usualZone: () => usual, zone, localText, clock, shortClock },
  });
})(window);
