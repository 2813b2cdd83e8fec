// A stubbed window with the app's scripts on it, and a clock that goes on when it is told to.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const ASSETS = new URL("../../assets/", import.meta.url);

export function stage(names, globals = {}) {
  const window = { dash_clientside: { no_update: Symbol("no update") }, console: { info() {} }, ...globals };
  window.window = window;
  const context = vm.createContext({ window, URLSearchParams, Date, Map, Set, JSON, Math, Number, Object, Promise });
  for (const name of names) vm.runInContext(readFileSync(new URL(`${name}.js`, ASSETS), "utf8"), context);
  return window.dash_clientside;
}

// What comes from another realm, as plain values of this one.
export const plain = (value) => JSON.parse(JSON.stringify(value));

export function fakeClock() {
  let at = 0;
  let number = 0;
  const timers = new Map();
  return {
    now: () => at,
    setTimeout(run, ms) {
      number += 1;
      timers.set(number, { run, at: at + ms });
      return number;
    },
    clearTimeout: (timer) => timers.delete(timer),
    pending: () => timers.size,
    /* Time passes that no timer notices. */
    sleep(ms) {
      at += ms;
      for (const timer of timers.values()) timer.at += ms;
    },
    /* Something keeps the page busy, and what is due has to wait. */
    block(ms) {
      at += ms;
    },
    advance(ms) {
      const end = at + ms;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        at = Math.max(at, due[1].at);
        due[1].run();
      }
      at = end;
    },
  };
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));
