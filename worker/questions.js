/*
 * What a callback is asked, without what is different each time it is asked: two requests with the same key have the
 * same answer. Only the callbacks that are named here are kept, since others may do something, or be of the moment.
 */
(function (self) {
  "use strict";

  /* Of what the gate asks: which request it is, and what it takes for an answer. Not what is asked. */
  const PASSING = new Set(["n", "force", "kept", "block"]);

  /* In one spelling, whatever the order of the names. */
  function spelt(value) {
    if (Array.isArray(value)) return `[${value.map(spelt).join(",")}]`;
    if (!value || typeof value !== "object") return JSON.stringify(value ?? null);
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${spelt(value[name])}`).join(",")}}`;
  }

  const scopeIn = (search) => new URLSearchParams(search || "").getAll("scope").pop() || "";

  /* A request store's value, which is all that the gate's callbacks go by. */
  function request(values, body) {
    const [asked] = body.inputs;
    if (!asked || !asked.value || typeof asked.value !== "object") return null;
    return Object.fromEntries(Object.entries(asked.value).filter(([name]) => !PASSING.has(name)));
  }

  /* The page of an address: its query only says whether the scope may be seen. */
  const page = (values) => (values["url.pathname"] ? { path: values["url.pathname"], scope: scopeIn(values["url.search"]) } : null);

  /* Who types into the chooser looks for what is not kept. */
  const chooser = (values) => (values["nav-account.search_value"] ? null : { scope: scopeIn(values["scope-asked.data"]) });

  const first = (values, body) => ({ value: body.inputs[0].value });

  /* By the first component that a callback fills. */
  const QUESTIONS = {
    page,
    "nav-account": chooser,
    "view-zones": first,
    "threads-models": first,
    ...Object.fromEntries(
      [
        "nav-answer", "subscription", "thread-answer", "thread-figure", "thread-outlook", "threads-answer", "threads-compared",
        "overview-answer", "overview-rest", "overview-activity", "overview-tops", "overview-running",
        "account-answer", "account-range", "account-tops", "account-running", "accounts-answer",
      ].map((name) => [name, request]),
    ),
  };

  function parsed(text) {
    try {
      const found = JSON.parse(text);
      return found && typeof found === "object" ? found : null;
    } catch {
      return null;
    }
  }

  /* What the body of a callback's request asks: {key, output, about, body}; without a key where it is not kept. */
  function questionOf(text) {
    const body = parsed(text);
    if (!body || typeof body.output !== "string" || !Array.isArray(body.inputs)) return { output: "", key: null, body };
    const [target] = [].concat(body.outputs);
    const output = (target && typeof target.id === "string" && target.id) || "";
    const parts = [...body.inputs, ...(body.state || [])];
    const values = Object.fromEntries(parts.map((part) => [`${part.id}.${part.property}`, part.value]));
    const about = Object.hasOwn(QUESTIONS, output) ? QUESTIONS[output](values, body) : null;
    return { output, about, body, key: about && keyOf(output, about) };
  }

  const keyOf = (output, about) => `${output} ${spelt(about)}`;

  /* What the gate put into the request store, if it did. */
  const askedOf = ({ body }) => (body && Array.isArray(body.inputs) && body.inputs[0] && body.inputs[0].value) || {};

  /* Whether a kept answer will do: what the gate asks for again and again it has already, unless it says otherwise. */
  const takesKept = (question) => !isOfGate(question) || askedOf(question).kept === true;
  const isOfGate = (question) => Object.hasOwn(askedOf(question), "n");

  /* Whether the answer is one to be shown again: whole, and no failure. */
  function isKeepable(question, answer) {
    if (!answer || !answer.response || answer.sideUpdate) return false;
    const { response } = answer;
    if (question.output === "page") return Boolean(response["page-shown"]?.data?.section);
    if (question.output === "thread-figure") return response["thread-page"]?.data?.mode === "replace";
    return true;
  }

  /* A kept answer as the answer to this question: it carries the number of the request, and cost the server nothing. */
  function renumbered(text, question) {
    const answer = parsed(text);
    const { n, block } = askedOf(question);
    for (const properties of Object.values(answer.response)) {
      for (const value of Object.values(properties)) {
        if (!value || typeof value !== "object" || Array.isArray(value)) continue;
        if ("request" in value && n !== undefined) value.request = n;
        if ("block" in value && block !== undefined) value.block = block;
        if ("took_ms" in value) value.took_ms = 0;
      }
    }
    return JSON.stringify(answer);
  }

  /* The kept answer with what the page has learnt since, by component and property; `null` where it fits nothing. */
  function brought(text, values) {
    const answer = parsed(text);
    if (!answer || !answer.response) return null;
    for (const [component, properties] of Object.entries(values)) {
      const kept = answer.response[component];
      if (!kept) return null;
      for (const [name, value] of Object.entries(properties)) {
        const mergeable = value && kept[name] && typeof value === "object" && !Array.isArray(value) && typeof kept[name] === "object";
        kept[name] = mergeable ? { ...kept[name], ...value } : value;
      }
    }
    return JSON.stringify(answer);
  }

  /* Of any scope's chooser one for this scope; null where it is not among its options. */
  function chosen(text, { scope }) {
    const answer = parsed(text);
    const { options = [], value } = answer?.response?.["nav-account"] || {};
    const wanted = scope || answer?.response?.["default-scope"]?.data || value;
    if (!options.some((option) => option.value === wanted)) return null;
    answer.response["nav-account"].value = wanted;
    return JSON.stringify(answer);
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, {
    questions: { questionOf, keyOf, askedOf, isOfGate, takesKept, isKeepable, renumbered, brought, chosen, parsed },
  });
})(self);
