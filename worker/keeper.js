/*
 * Answers for the pages: from the server as long as it answers, else from what is kept of it. Whatever is kept belongs to
 * one person, the one whose document came last; it is dropped when another's comes, and when nobody is signed in.
 */
(function (self) {
  "use strict";

  const { absent, questions, routes } = self.creditpulse;
  const VIEWER = "X-Creditpulse-Viewer";
  const RELEASE = "X-Creditpulse-Release";
  const KEPT = "creditpulse-kept"; // the name of what says in a document that it is kept, and since when
  const UNKEPT_HEADERS = new Set(["content-length", "content-encoding", "transfer-encoding", "date", "etag", "set-cookie"]);
  const SHELL = ["document", "layout", "dependencies"];
  const MOST_FILES = 400;
  const SAME_FILE = 2; // versions of it: while a release is being replaced, both are in use

  const headersOf = (response) => [...response.headers].filter(([name]) => !UNKEPT_HEADERS.has(name.toLowerCase()));
  const isoOf = (at) => new Date(at).toISOString();
  const json = (text, status = 200) => new Response(text, { status, headers: { "Content-Type": "application/json", "Cache-Control": "no-store" } });
  const none = () => new Response(null, { status: 204 }); // to Dash: nothing changes, and nothing has failed
  const unavailable = () => json('{"title":"Offline","status":503,"detail":"the server does not answer"}', 503);

  /*
   * `env`: shelf, reach, files (a promise of a Cache), fetch, origin, now, tell(message, clientId?).
   * Each of its functions that answers takes a `hold`, by which what goes on after the answer is waited for.
   */
  function createKeeper({ shelf, reach, files, fetch, origin, now, tell }) {
    const inCache = (url) => files.then((cache) => cache.match(url, { ignoreVary: true })).catch(() => undefined);
    let viewer; // whose everything is: undefined until it is looked up, null for nobody's
    let release = null; // the server's, as it said last

    async function whose() {
      if (viewer === undefined) {
        const [note] = await shelf.noted();
        if (viewer === undefined) viewer = note ? note.viewer : null;
      }
      return viewer;
    }

    /* A document says who is here now. */
    async function meet(found) {
      if (found === (await whose())) return;
      viewer = found;
      await shelf.removeWhere((note) => note.viewer !== found);
      tell({ type: "viewer", viewer: found });
    }

    async function wipe() {
      viewer = null;
      await shelf.removeWhere(() => true);
    }

    /* Whose an answer of the server is, where it is to be kept; null where it is not. Nobody's: everything goes. */
    async function ownerOf(response, clientId) {
      if (isNobodys(response)) {
        await wipe();
        return null;
      }
      const found = response.headers.get(VIEWER);
      noticeRelease(response.headers.get(RELEASE), clientId);
      if (found && found !== (await whose())) tell({ type: "viewer", viewer: found }, clientId);
      return found && found === viewer ? found : null;
    }

    /* Not signed in, or sent elsewhere to sign in. */
    const isNobodys = (response) => response.status === 401 || response.type === "opaqueredirect";

    function noticeRelease(found, clientId) {
      if (!found) return;
      tell({ type: "release", release: found }, found === release ? clientId : undefined);
      release = found;
    }

    /* ---- the document, and what Dash loads with it --------------------------------------------------------- */

    const shellKey = (version, part) => `shell/${version}/${part}`;

    async function keepShell(part, response, found) {
      const version = response.headers.get(RELEASE);
      if (!version) return;
      const note = { key: shellKey(version, part), viewer: found, release: version, part, headers: headersOf(response) };
      const text = await response.text();
      if (found === viewer) await shelf.put(note, text);
    }

    /* The newest release of which everything is here, its files too; null where there is none. */
    async function wholeRelease() {
      const found = new Map();
      for (const note of await shelf.noted()) {
        if (note.part && note.viewer === (await whose())) found.set(note.release, [...(found.get(note.release) || []), note]);
      }
      const newest = (notes) => Math.max(...notes.map(({ at }) => at));
      const whole = [...found].filter(([, notes]) => notes.length === SHELL.length).sort((one, other) => newest(other[1]) - newest(one[1]));
      for (const [version] of whole) if (await hasFiles(version)) return version;
      return null;
    }

    async function hasFiles(version) {
      const kept = await shelf.get(shellKey(version, "document"));
      if (!kept) return false;
      const found = await Promise.all(routes.filesOf(kept.text, origin).map(inCache));
      return found.every(Boolean);
    }

    async function keptShell(part) {
      const version = await wholeRelease();
      return version && shelf.get(shellKey(version, part));
    }

    async function document(request, { preloaded, hold }) {
      const sent = [preloaded];
      const response = await reach.answerOf(async () => (await sent.pop()) || fetch(request));
      if (!response) return keptDocument();
      const found = response.headers.get(VIEWER);
      if (found && !isNobodys(response)) {
        await meet(found);
        const copy = [200, 404].includes(response.status) ? response.clone() : null; // the same for every address
        if (copy) hold(keepShell("document", copy, found));
        noticeRelease(response.headers.get(RELEASE));
      } else if (isNobodys(response)) await wipe();
      return response;
    }

    async function keptDocument() {
      const kept = await keptShell("document");
      if (!kept) return new Response(absent.document, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
      const mark = `<head>\n<meta name="${KEPT}" content="${isoOf(kept.note.at)}">`;
      return new Response(kept.text.replace("<head>", mark), { headers: kept.note.headers });
    }

    async function shellPart(part, request, { hold, clientId }) {
      const response = await reach.answerOf(() => fetch(request));
      if (!response) {
        const kept = await keptShell(part);
        return kept ? new Response(kept.text, { headers: kept.note.headers }) : unavailable();
      }
      const found = await ownerOf(response, clientId);
      if (found && response.ok) hold(keepShell(part, response.clone(), found));
      return response;
    }

    /* ---- files ---------------------------------------------------------------------------------------------- */

    /* What never changes is kept for good; older versions of it go. */
    async function file(request, { hold }) {
      const kept = await inCache(request.url);
      if (kept) return kept;
      const response = await fetch(request);
      if (response.ok) hold(keepFile(request.url, response.clone()));
      if (isNobodys(response)) await wipe();
      return response;
    }

    async function loose(request, { hold }) {
      const response = await reach.answerOf(() => fetch(request)).catch(() => null);
      if (!response) return (await inCache(request.url)) || unavailable();
      if (response.ok) hold(keepFile(request.url, response.clone()));
      return response;
    }

    async function keepFile(url, response) {
      const cache = await files;
      await cache.put(url, response);
      const all = (await cache.keys()).map((request) => request.url); // the oldest first
      const same = all.filter((one) => routes.nameOf(one) === routes.nameOf(url) && one !== url);
      const gone = [...same.slice(0, -(SAME_FILE - 1)), ...all.slice(0, Math.max(0, all.length - MOST_FILES))];
      await Promise.all([...new Set(gone)].map((one) => cache.delete(one)));
    }

    /* Brings what a page has loaded without this worker; then whatever belongs to no whole release may go. */
    async function keepFiles(urls) {
      const documents = (await shelf.noted()).filter(({ part }) => part === "document").sort((one, other) => other.at - one.at);
      const newest = documents.length ? await shelf.get(documents[0].key) : null;
      const named = newest ? routes.filesOf(newest.text, origin) : [];
      for (const url of new Set([...named, ...urls])) {
        const kind = routes.kindOf({ method: "GET", url, mode: "no-cors" }, origin);
        if (!["file", "loose"].includes(kind) || (await inCache(url))) continue;
        const response = await fetch(url).catch(() => null);
        if (response && response.ok) await keepFile(url, response);
      }
      await dropOthers();
    }

    async function dropOthers() {
      const version = await wholeRelease();
      const kept = version && (await shelf.get(shellKey(version, "document")));
      if (!kept) return;
      await shelf.removeWhere((note) => note.part && note.release !== version && note.at < kept.note.at);
      const cache = await files;
      const wanted = routes.filesOf(kept.text, origin);
      const names = new Set(wanted.map(routes.nameOf));
      const others = (await cache.keys()).map(({ url }) => url).filter((url) => names.has(routes.nameOf(url)) && !wanted.includes(url));
      await Promise.all(others.map((url) => cache.delete(url)));
    }

    /* ---- answers -------------------------------------------------------------------------------------------- */

    async function answer(request, { hold, clientId }) {
      const body = await request.text();
      const question = questions.questionOf(body);
      const send = () => ask(request, body);
      const response = await reach.answerOf(send, { again: Boolean(question.key) }).catch(() => undefined);
      if (!response) return keptAnswer(question, { clientId, away: response === null });
      if (isNobodys(response)) {
        await wipe();
        tell({ type: "nobody" }); // the page opens anew, and is told how to sign in
        return none();
      }
      const found = await ownerOf(response, clientId);
      if (found && question.key && response.status === 200) {
        const copy = response.clone();
        hold(copy.text().then((text) => found === viewer && keepAnswer(question, text, found)));
      }
      return response;
    }

    /* By another's redirect nothing of ours is answered: it is one to a place for signing in. */
    function ask({ url, headers, referrer }, body) {
      return fetch(url, { method: "POST", headers, body, referrer, credentials: "same-origin", cache: "no-store", redirect: "manual" });
    }

    async function keepAnswer(question, text, found) {
      const given = questions.parsed(text);
      if (question.output === "page" && given && !questions.isKeepable(question, given)) return forgetPage(question.about);
      if (!questions.isKeepable(question, given)) return undefined;
      return shelf.put({ key: question.key, viewer: found, output: question.output, ...pageOf(question, given) }, text);
    }

    /* What a list of kept pages says of one. */
    function pageOf({ output, about, body }, given) {
      if (output !== "page") return {};
      const search = (body.state || []).map(({ value }) => value).find((value) => typeof value === "string") || "";
      const title = absent.headingOf(given.response.page?.children) || given.response["page-shown"].data.title;
      return { title, href: about.path + search };
    }

    /* It is not there any more, or not this person's: whatever was kept of it goes, too. */
    function forgetPage({ path, scope }) {
      const id = path.split("/").pop();
      const named = id.length === 36 ? id.toLowerCase() : null;
      const key = questions.keyOf("page", { path, scope });
      return shelf.removeWhere((note) => note.key === key || Boolean(named && note.output && note.output !== "page" && note.key.toLowerCase().includes(named)));
    }

    async function keptAnswer(question, { clientId, away }) {
      if (!away || !question.key || !questions.takesKept(question)) return none();
      tell({ type: "kept", output: question.output }, clientId);
      const kept = await shelf.get(question.key);
      if (kept && kept.note.viewer === (await whose())) return json(questions.renumbered(kept.text, question));
      return standIn(question);
    }

    async function standIn(question) {
      if (question.output === "page") return json(JSON.stringify(absent.pageAnswer(question.about.path, await keptPages())));
      const other = question.output === "nav-account" && (await anyChooser(question.about));
      if (other) return json(other);
      const tells = questions.isOfGate(question) || question.output === "nav-account";
      return tells ? json(JSON.stringify(absent.failureAnswer(question.output, isoOf(now())))) : none();
    }

    async function keptPages() {
      const notes = (await shelf.noted()).filter(({ href }) => href).sort((one, other) => other.used - one.used);
      return notes.map(({ title, href, at }) => ({ title, href, at: isoOf(at) }));
    }

    async function anyChooser(about) {
      const notes = (await shelf.noted()).filter(({ output }) => output === "nav-account").sort((one, other) => other.at - one.at);
      for (const { key } of notes) {
        const kept = await shelf.get(key);
        const found = kept && questions.chosen(kept.text, about);
        if (found) return found;
      }
      return null;
    }

    /* ---- what pages tell ------------------------------------------------------------------------------------- */

    /* A page that was loaded without this worker hands over what it was given: its address, parts, answers, files. */
    async function adopt({ url, urls, parts = [], answers = [] }) {
      if (url) {
        const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" }).catch(() => null);
        const found = response && response.headers.get(VIEWER);
        if (!found || ![200, 404].includes(response.status)) return;
        await meet(found);
        await Promise.all([keepShell("document", response, found), ...parts.map(adoptPart)]);
      }
      await Promise.all(answers.map(adoptAnswer));
      if (urls) await keepFiles(urls);
    }

    async function adoptPart({ part, text, headers }) {
      const response = new Response(text, { headers });
      const found = response.headers.get(VIEWER);
      if (SHELL.includes(part) && found && found === viewer) await keepShell(part, response, found);
    }

    async function adoptAnswer({ body, text, viewer: of }) {
      const question = questions.questionOf(body);
      if (question.key && of && of === (await whose())) await keepAnswer(question, text, of);
    }

    /* Figures that came by the stream, and what a page has put together since it asked. */
    async function note({ viewer: of, values }) {
      if (!of || of !== (await whose())) return;
      await Promise.all(values.map((value) => bring(value, of)));
    }

    async function bring({ output, about, parts, at }, of) {
      const kept = await shelf.get(questions.keyOf(output, about));
      const text = kept && questions.brought(kept.text, parts);
      if (text && of === viewer) await shelf.put({ ...kept.note, at: at || kept.note.at }, text);
    }

    return { document, shellPart, file, loose, answer, adopt, note, wipe };
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, { keeper: { createKeeper } });
})(self);
