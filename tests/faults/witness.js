/*
 * Runs in a page before its own scripts, and tells the test of everything that a person could have seen there, and of
 * every beat that the page heard, when it happened: `window.witness` hands a text over.
 */
(() => {
  const CARDS = ["nav", "thread"];
  const BEAT = /"type":"beat","as_of":"([^"]+)"/g;
  let last = "";

  const tell = (what) => window.witness(JSON.stringify({ at: Date.now() / 1000, ...what }));
  const read = (id, name) => document.getElementById(id)?.getAttribute(name) ?? null;

  function look() {
    const cards = {};
    for (const card of CARDS) {
      const state = read(`${card}-live`, "data-state");
      const credits = document.getElementById(`${card}-credits`);
      if (state !== null) cards[card] = [state, credits?.dataset.cost || null, credits?.textContent ?? ""];
    }
    const seen = { visible: document.visibilityState !== "hidden", cards };
    const text = JSON.stringify(seen);
    if (text === last) return;
    last = text;
    tell({ seen });
  }

  function hear(event) {
    const text = typeof event.data === "string" ? event.data : JSON.stringify(event.data) || "";
    for (const [, as_of] of text.matchAll(BEAT)) tell({ beat: as_of });
  }

  for (const name of ["WebSocket", "EventSource", "BroadcastChannel"]) {
    window[name] = class extends window[name] {
      constructor(...values) {
        super(...values);
        this.addEventListener("message", hear);
      }
    };
  }

  tell({ opened: performance.timeOrigin });
  // After the page's own observers have had their turn: what they put right is never drawn.
  new MutationObserver(() => queueMicrotask(look)).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ["data-state", "data-cost"],
  });
  document.addEventListener("visibilitychange", look);
})();
