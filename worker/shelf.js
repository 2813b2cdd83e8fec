/*
 * What is kept, within bounds: the newest text of each key with a note about it. What was not used for the longest time
 * gives way. Texts are written at most once a second: a live page brings the same answers again and again.
 */
(function (self) {
  "use strict";

  const LIMITS = { most: 400, mostBytes: 24e6, largest: 3e6, keptMs: 7 * 24 * 3600 * 1000 };

  /* The keys of the notes that have to go, so that the others are within the limits. */
  function overflow(notes, now, { most, mostBytes, keptMs } = LIMITS) {
    const lapsed = notes.filter(({ at }) => now - at > keptMs);
    const others = notes.filter(({ at }) => now - at <= keptMs).sort((one, other) => other.used - one.used);
    let bytes = 0;
    const beyond = others.filter((note, place) => (bytes += note.bytes) > mostBytes || place >= most);
    return [...lapsed, ...beyond].map(({ key }) => key);
  }

  /*
   * `store`: notes() -> notes, read(key) -> text or undefined, write([{note, text}]), touch(key, used), remove(keys);
   * all of them promises. `pause()` is over when what came in may be written. Every note has the key of its viewer.
   */
  function createShelf({ store, now, pause, limits = LIMITS }) {
    const waiting = new Map(); // what is yet to be written, by key
    let writing = null;
    let order = Promise.resolve(); // one thing after the other

    function inOrder(run) {
      const done = order.then(run);
      order = done.catch(() => {});
      return done;
    }

    /* Resolved when it is written. `note`: key, viewer, and whatever else there is to know of it. */
    function put(note, text) {
      if (text.length > limits.largest) return remove([note.key]);
      waiting.set(note.key, { note: { ...note, at: note.at ?? now(), used: now(), bytes: text.length }, text });
      writing = writing || pause().then(flush);
      return writing;
    }

    function flush() {
      writing = null;
      return inOrder(async () => {
        const entries = [...waiting.values()];
        waiting.clear();
        if (entries.length) await store.write(entries);
        const gone = overflow(await store.notes(), now(), limits);
        if (gone.length) await store.remove(gone);
      });
    }

    async function noted() {
      const found = await inOrder(() => store.notes()).catch(() => []); // where nothing can be kept, nothing is
      const notes = new Map(found.map((note) => [note.key, note]));
      for (const { note } of waiting.values()) notes.set(note.key, note);
      return [...notes.values()].filter(({ at }) => now() - at <= limits.keptMs);
    }

    /* {note, text} of what is kept under that key; null where nothing is. */
    async function get(key) {
      if (waiting.has(key)) return waiting.get(key);
      const note = (await noted()).find((one) => one.key === key);
      if (!note) return null;
      const text = await inOrder(() => store.read(key)).catch(() => undefined);
      if (text === undefined) return null;
      inOrder(() => store.touch(key, now())).catch(() => {});
      return { note, text };
    }

    function remove(keys) {
      for (const key of keys) waiting.delete(key);
      return inOrder(() => store.remove(keys));
    }

    /* All that these are true of goes. Where there is no store to be opened, nothing was written, either. */
    async function removeWhere(isGone) {
      for (const { note } of [...waiting.values()]) if (isGone(note)) waiting.delete(note.key);
      await inOrder(async () => store.remove((await store.notes()).filter(isGone).map(({ key }) => key))).catch(() => {});
    }

    return { put, get, noted, remove, removeWhere };
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, { shelf: { LIMITS, overflow, createShelf } });
})(self);
