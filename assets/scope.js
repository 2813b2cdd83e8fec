/* The chosen account stays in the address, so that a link shows the same, and links between pages keep it. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const scopeIn = (search) => new URLSearchParams(search || "").get("scope") || null;

  /* As `URLSearchParams` writes it, but with zones and times that can be read. */
  function textOf(query) {
    const text = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
    return text ? `?${text}` : "";
  }

  /* The address's query with another scope; the default one is not written. */
  function searchWith(search, scope, usual) {
    const query = new URLSearchParams(search || "");
    if (scope && scope !== usual) query.set("scope", scope);
    else query.delete("scope");
    return textOf(query);
  }

  /*
   * What to do when the choice or the address changed: {write, push} an address, {choose} by the address's, or
   * nothing. A link that names no scope keeps the chosen one; the browser's back button means the address. Where the
   * server `answered` with another scope than the address names, that one is not there, and the page says so.
   */
  function decide({ value, search, usual, chosen, popped, answered }) {
    const named = scopeIn(search);
    if (answered && value && named) return {};
    if (!value) return chosen ? {} : { choose: true };
    if (!chosen && (popped || named)) return (named || usual) === value ? {} : { choose: true };
    const wanted = searchWith(search, value, usual);
    return wanted === (search || "") ? {} : { write: wanted, push: chosen };
  }

  let popped = false;
  let asked = false;
  if (window.addEventListener) {
    window.addEventListener("popstate", () => {
      popped = true;
    });
  }

  function write(search, push) {
    const address = window.location.pathname + search + window.location.hash;
    window.history[push ? "pushState" : "replaceState"]({}, "", address);
    window.dispatchEvent(new window.CustomEvent("_dashprivate_pushstate"));
  }

  Object.assign(dc, {
    scope: {
      decide,
      textOf,

      keep(value, _pathname, search, usual) {
        if (search === undefined || search === null) return;
        const chosen = (dc.callback_context.triggered || []).some((part) => part.prop_id === "nav-account.value");
        const here = window.location.search; // others write it, too
        const plan = decide({ value, search: here, usual, chosen, popped, answered: asked && chosen });
        popped = false;
        if (chosen) asked = false;
        if (plan.choose) asked = dc.publish.publish("scope-asked", { data: here });
        if (plan.write !== undefined) write(plan.write, plan.push);
      },
    },
  });
})(window);
