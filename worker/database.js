/* The shelf's store: an IndexedDB with the texts, and apart from them the notes, which are read all at once. */
(function (self) {
  "use strict";

  const NAME = "creditpulse";
  const VERSION = 1; // raise it when notes or texts change their shape: what is kept is dropped then

  const finished = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  const completed = (transaction) =>
    new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });

  function createDatabase(indexedDB) {
    let opened = null;

    function open() {
      if (opened) return opened;
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const database = request.result;
        for (const name of [...database.objectStoreNames]) database.deleteObjectStore(name);
        database.createObjectStore("notes", { keyPath: "key" });
        database.createObjectStore("texts");
      };
      opened = finished(request);
      opened.then(
        (database) => {
          database.onclose = () => (opened = null);
          database.onversionchange = () => {
            database.close();
            opened = null;
          };
        },
        () => (opened = null), // the next may try again
      );
      return opened;
    }

    async function change(run) {
      const transaction = (await open()).transaction(["notes", "texts"], "readwrite");
      run(transaction.objectStore("notes"), transaction.objectStore("texts"));
      await completed(transaction);
    }

    const look = async (name, run) => finished(run((await open()).transaction(name).objectStore(name)));

    return {
      notes: () => look("notes", (notes) => notes.getAll()),
      read: (key) => look("texts", (texts) => texts.get(key)),
      /* Only where it is still there. */
      touch: (key, used) =>
        change((notes) => {
          const found = notes.get(key);
          found.onsuccess = () => found.result && notes.put({ ...found.result, used });
        }),
      write: (entries) =>
        change((notes, texts) => {
          for (const { note, text } of entries) {
            notes.put(note);
            texts.put(text, note.key);
          }
        }),
      remove: (keys) =>
        change((notes, texts) => {
          for (const key of keys) for (const store of [notes, texts]) store.delete(key);
        }),
    };
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, { database: { createDatabase } });
})(self);
