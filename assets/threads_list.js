/*
 * The list that the grid shows, as far as it has been read: blocks of rows, each beginning after the last row of the one
 * before. The grid asks for rows by number, the server goes by places; here is known which place a row number is.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const BLOCK = 100; // as layouts/grids.py and data/thread_grid.py have it
  const KEPT = 200; // blocks whose rows are kept; of others the place where they end
  const AHEAD = 20; // rows that are shown as on their way where it is not known how many there are
  const FARTHEST = 10000; // rows that are passed over at once, at most
  const UNKNOWN = -2; // before every version
  const CHANGES = 5000; // threads whose changes are kept apart

  function createList() {
    const blocks = new Map(); // by number: {rows, length, end, cut, used}
    let total = null;
    let capped = false; // there are more than `total`
    let shorter = null; // how many there are, where it turned out that there are fewer than was thought
    let cutShort = false; // or that enough were looked at before as many were found
    let uses = 0;

    const lastNumber = () => Math.max(-1, ...blocks.keys());

    /* How many there are, once the end was come to; else null. */
    function ended() {
      const number = lastNumber();
      const last = blocks.get(number);
      if (last && (last.end === null || last.cut)) return number * BLOCK + last.length;
      return shorter;
    }

    /* What to ask for, so that the block which begins at this row, or the rest of it, is known. */
    function plan(start) {
      const number = Math.floor(start / BLOCK);
      const here = blocks.get(number);
      if (here && here.rows && here.cut) {
        return { start: number * BLOCK + here.rows.length, after: here.end, skip: 0, limit: BLOCK - here.rows.length };
      }
      let before = number - 1;
      while (before >= 0 && !(blocks.get(before) && blocks.get(before).end && !blocks.get(before).cut)) before -= 1;
      const skip = (number - before - 1) * BLOCK;
      return { start: number * BLOCK, after: before < 0 ? "" : blocks.get(before).end, skip: Math.min(skip, FARTHEST), limit: BLOCK };
    }

    /* The answer to a plan. */
    function take({ start, skip }, answer) {
      const number = Math.floor(start / BLOCK);
      const here = start % BLOCK ? blocks.get(number).rows : [];
      const { after, cut, version } = answer;
      if (answer.total !== null) [total, capped] = [answer.total, answer.capped];
      if (answer.skipped < skip) {
        [shorter, cutShort] = [start - skip + answer.skipped, cut];
        return;
      }
      const rows = [...here, ...answer.rows.map((row) => ({ ...row, version }))];
      blocks.set(number, { rows, length: rows.length, end: after, cut, used: (uses += 1) });
      if (shorter !== null && number * BLOCK + rows.length > shorter) shorter = null;
      keepFew();
    }

    function keepFew() {
      const full = [...blocks.entries()].filter(([, { rows }]) => rows);
      if (full.length <= KEPT) return;
      const [oldest] = full.reduce((one, other) => (one[1].used < other[1].used ? one : other));
      blocks.get(oldest).rows = null;
    }

    /* The rows from here to the end of the block; null where they have to be asked for. */
    function rowsFrom(start) {
      if (ended() !== null && start >= ended()) return [];
      const block = blocks.get(start / BLOCK);
      if (!block || !block.rows) return null;
      block.used = uses += 1;
      return block.rows;
    }

    /* How many rows the grid has, and whether that is all. */
    function count() {
      if (ended() !== null) return { rows: ended(), known: true };
      const read = (lastNumber() + 1) * BLOCK;
      if (total !== null && !capped) return { rows: Math.max(total, read), known: true };
      return { rows: Math.max(capped ? total : 0, read + AHEAD), known: false };
    }

    /* Every row that is here. */
    function* all() {
      for (const { rows } of blocks.values()) if (rows) yield* rows;
    }

    /* Puts rows in the place of older ones of the same id; returns those that were here. */
    function update(rows, version) {
      const fresh = new Map(rows.map((row) => [row.id, { ...row, version }]));
      const changed = [];
      for (const { rows: here } of blocks.values()) {
        (here || []).forEach((row, at) => {
          const now = fresh.get(row.id);
          if (!now || row.version > version) return;
          here[at] = now;
          changed.push(now);
        });
      }
      return changed;
    }

    const head = () => (blocks.get(0) && blocks.get(0).rows) || [];

    /* How many of the list's first rows, as they are now, are not among those that are shown as its first. */
    function newer(rows) {
      const here = new Set(head().map(({ id }) => id));
      return rows.filter(({ id }) => !here.has(id)).length;
    }

    function sameOrder(rows) {
      const here = head();
      return here.length === rows.length && rows.every(({ id }, at) => id === here[at].id);
    }

    /* The list begins anew with these rows: what was read below them was of another order. */
    function begin(answer) {
      blocks.clear();
      shorter = null;
      take({ start: 0, skip: 0 }, answer);
    }

    /* How many there are now. Says whether the end has to be read anew, since it lies elsewhere. */
    function recount(answer) {
      if (answer.total === null) return false;
      [total, capped] = [answer.total, answer.capped];
      if (capped || cutAt() !== null || lastNumber() <= 0) return false;
      const beyond = [...blocks].filter(([number, { length }]) => number > 0 && number * BLOCK + length > total).map(([number]) => number);
      if (!beyond.length && ended() !== null && ended() !== total) beyond.push(lastNumber());
      beyond.forEach((number) => blocks.delete(number));
      return beyond.length > 0;
    }

    /* Where it ends because enough threads were looked at, not because there are no more; else null. */
    function cutAt() {
      const found = [...blocks.entries()].find(([, { cut }]) => cut);
      if (found) return found[0] * BLOCK;
      return shorter !== null && cutShort ? Math.floor(shorter / BLOCK) * BLOCK : null;
    }

    /* None of the rows is known to be as it is now. */
    function distrust() {
      for (const row of all()) row.version = UNKNOWN;
    }

    return {
      plan,
      take,
      rowsFrom,
      count,
      update,
      newer,
      sameOrder,
      begin,
      recount,
      cutAt,
      distrust,
      isEmpty: () => blocks.size > 0 && ended() === 0,
      isRead: () => blocks.size > 0,
      totals: () => ({ total, capped, ended: ended(), read: (lastNumber() + 1) * BLOCK }),
    };
  }

  /* Which threads changed up to which version: a row that was read before is not as it is now. */
  function createChanges() {
    let everything = -1;
    const threads = new Map();
    return {
      note({ version, all, threads: ids }) {
        if (all || threads.size > CHANGES) {
          threads.clear();
          everything = version;
        } else for (const id of ids || []) threads.set(id, version);
      },
      outdates: (row) => row.version < Math.max(everything, threads.get(row.id) ?? -1),
    };
  }

  /* In words: how many threads there are. */
  function countText({ total, capped, ended, read }, cut) {
    const { whole } = dc.formats;
    const words = (number) => `${whole(number)} thread${number === 1 ? "" : "s"}`;
    if (cut) return `${words(ended)} so far`;
    if (ended !== null) return words(ended);
    if (total !== null) return capped ? `More than ${words(total)}` : words(total);
    return `More than ${words(read)}`;
  }

  Object.assign(dc, { threads_list: { BLOCK, createList, createChanges, countText } });
})(window);
