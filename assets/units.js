/* What figures of cost are shown in, credits or dollars, the same as layouts/units.py writes them elsewhere. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const WORDS = { credits: "Credits", dollars: "Cost" };

  const name = () => dc.preferences.current().unit;
  const inDollars = () => name() === "dollars";

  /* A decimal text, exactly, to so many places, halves away from zero: `12.345678` to `12.35`. */
  function rounded(text, places) {
    const [, minus, units, decimals = ""] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) || [null, "", "0"];
    const digits = decimals.padEnd(places + 1, "0");
    const kept = BigInt(units + digits.slice(0, places)) + (digits[places] >= "5" ? 1n : 0n);
    const all = String(kept).padStart(places + 1, "0");
    const cut = all.length - places;
    const number = dc.formats.whole(all.slice(0, cut)) + (places ? `.${all.slice(cut)}` : "");
    return { minus: kept === 0n ? "" : minus, number };
  }

  /* Dollars as a total has them: $12.34. */
  function cents(cost) {
    const { minus, number } = rounded(String(cost), 2);
    return `${minus}$${number}`;
  }

  /* A number that is drawn or reckoned with, in this unit, to so many places: 24.9 or $0.2490. */
  function drawn(number, unit, places) {
    if (number === null || number === undefined) return "–";
    const [whole, decimals] = Math.abs(number).toFixed(places).split(".");
    const minus = number < 0 && Number(number.toFixed(places)) !== 0 ? "-" : "";
    return `${minus}${unit === "dollars" ? "$" : ""}${dc.formats.whole(whole)}${decimals ? `.${decimals}` : ""}`;
  }

  Object.assign(dc, {
    units: {
      rounded,
      cents,
      drawn,
      name,
      inDollars,

      /* Of a usage: its exact dollars, and the whole credits of them. */
      total: (cost, credits) => (inDollars() ? cents(cost) : dc.formats.whole(credits)),

      /* Of credits alone, as an allowance is. */
      ofCredits: (credits) => (inDollars() ? drawn(credits / dc.preferences.creditsPerDollar(), "dollars", 2) : dc.formats.whole(credits)),

      /* `Credits` or `Cost`, as a label begins. */
      word: () => WORDS[name()],

      /* `1,234 credits` or `$12.34`. */
      counted: (text) => (inDollars() ? text : `${text} credits`),
    },
  });
})(window);
