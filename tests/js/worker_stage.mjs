// The service worker's scripts on a stubbed global, with fakes of what a browser gives it.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const SOURCE = new URL("../../worker/", import.meta.url);

export function workerStage(names) {
  const self = {};
  const context = vm.createContext({ self, URL, URLSearchParams, Request, Response, Headers, Promise });
  for (const name of names) vm.runInContext(readFileSync(new URL(`${name}.js`, SOURCE), "utf8"), context);
  return self.creditpulse;
}

/* A store that remembers, as the database does; `broken`: it can neither be read nor written. */
export function fakeStore() {
  const notes = new Map();
  const texts = new Map();
  const store = { broken: false, writes: 0 };
  const able = (run) => async (...values) => {
    if (store.broken) throw new Error("no store");
    return run(...values);
  };
  return Object.assign(store, {
    notes: able(() => [...notes.values()]),
    read: able((key) => texts.get(key)),
    touch: able((key, used) => notes.has(key) && notes.set(key, { ...notes.get(key), used })),
    write: able((entries) => {
      store.writes += 1;
      for (const { note, text } of entries) {
        notes.set(note.key, note);
        texts.set(note.key, text);
      }
    }),
    remove: able((keys) => {
      for (const key of keys) {
        notes.delete(key);
        texts.delete(key);
      }
    }),
  });
}

/* A Cache, by address. */
export function fakeCache() {
  const kept = new Map();
  return {
    match: async (url) => kept.get(url)?.clone(),
    put: async (url, response) => void kept.set(url, response),
    keys: async () => [...kept.keys()].map((url) => ({ url })),
    delete: async (url) => kept.delete(url),
  };
}
