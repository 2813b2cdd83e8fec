/*
 * The box that finds anything, on every page: a field, and a list of what fits its text, by keyboard too. What is listed
 * is always of the text that stands in the field: an answer that comes late is of no use to anybody.
 */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const PAUSE_MS = 120; // of typing
  const PATIENCE_MS = 10000;
  const SHORTEST = 2; // as data/sought.py has it
  const LONGEST = 2000;
  const KEY = "/";

  /* The options of an answer in one row, as the arrow keys go through them. */
  function optionsOf({ groups, text }) {
    return groups.flatMap(({ name, options, more }) => {
      const all = { title: `All ${name.toLowerCase()} with “${text}”`, note: "", href: more, all: true };
      return more ? [...options, all] : options;
    });
  }

  /* What is said to who does not see the list. */
  function summary({ groups }) {
    if (!groups.length) return "Nothing found";
    const counted = ({ name, options, more }) => `${name}: ${options.length}${more ? " and more" : ""}`;
    return groups.map(counted).join(", ");
  }

  /*
   * `env`: setTimeout, clearTimeout, send({n, text}), show(state), go(href, event). A state has open, text, answer (what
   * was last listed), fresh (whether that is of this text), active (the number of an option, or -1) and failed.
   */
  function createFinder(env) {
    const state = { open: false, text: "", answer: null, fresh: false, active: -1, failed: false };
    let asked = null; // the request that is on its way
    let number = 0;
    let timer = null;
    let wish = null; // Enter was pressed before there was an answer

    const options = () => (state.answer ? optionsOf(state.answer) : []);
    const isLong = () => state.text.length >= SHORTEST;

    function show(changes) {
      Object.assign(state, changes);
      env.show(state);
    }

    function later(run, ms) {
      env.clearTimeout(timer);
      timer = env.setTimeout(run, ms);
    }

    function ask() {
      number += 1;
      asked = { n: number, text: state.text };
      later(failed, PATIENCE_MS);
      show({ failed: false, open: true });
      env.send(asked);
    }

    function typed(text, { pasted = false } = {}) {
      wish = null;
      asked = null;
      env.clearTimeout(timer);
      const wanted = text.trim().slice(0, LONGEST);
      const fresh = Boolean(state.answer) && state.answer.text === wanted;
      if (!fresh) state.active = -1;
      show({ text: wanted, fresh, failed: false });
      if (!isLong()) show({ open: false, answer: null, fresh: false, active: -1 });
      else if (fresh) show({ open: true });
      else later(ask, pasted ? 0 : PAUSE_MS);
    }

    function answered(answer) {
      if (!asked || answer.n !== asked.n || answer.text !== state.text) return;
      asked = null;
      env.clearTimeout(timer);
      const found = optionsOf(answer);
      const event = wish;
      wish = null;
      show({ answer, fresh: true, failed: false, active: found.length ? 0 : -1 });
      if (event && (answer.exact || found.length === 1)) go(0, event);
    }

    function failed() {
      if (!asked) return;
      asked = null;
      wish = null;
      env.clearTimeout(timer);
      show({ failed: true, fresh: false, answer: null, active: -1 });
    }

    function go(index, event) {
      const { href } = options()[index];
      clear();
      env.go(href, event);
    }

    function clear() {
      typed("");
    }

    function move(step) {
      const count = options().length;
      if (!state.fresh || !count) return;
      const from = state.open ? state.active : step > 0 ? -1 : count;
      show({ open: true, active: (from + step + count) % count });
    }

    function enter(event) {
      if (!isLong()) return;
      if (!state.fresh) {
        if (!asked) ask();
        wish = event;
      } else if (!state.open) show({ open: true });
      else if (state.active >= 0) go(state.active, event);
    }

    /* Closes the list, then empties the field; says whether there was something to do. */
    function escape() {
      const had = state.open || state.text !== "";
      if (state.open) show({ open: false });
      else clear();
      return had;
    }

    return {
      state,
      options,
      typed,
      answered,
      failed,
      move,
      enter,
      escape,
      go,
      point: (index) => show({ active: index }),
      reopen: () => isLong() && (state.answer || state.failed) && show({ open: true }),
      leave: () => show({ open: false }),
    };
  }

  /* Whether `/` is typed into something: then it is a sign like any other. */
  function isField(element) {
    return Boolean(element && element.matches && element.matches("input, textarea, select, [contenteditable=true], [role=textbox]"));
  }

  /* ---- in the browser ------------------------------------------------------------------------------------ */

  let finder = null;
  let parts = null; // elements of the box

  function element(tag, attributes, ...children) {
    const made = window.document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function optionElement({ title, note, href, running, all }, index, active) {
    const dot = running ? [element("span", { class: "run-dot running", role: "img", "aria-label": "running" })] : [];
    const option = element(
      "a",
      { role: "option", id: `find-option-${index}`, href, tabindex: "-1", class: `find-option${all ? " all" : ""}`, "aria-selected": String(index === active) },
      ...dot,
      element("span", { class: "find-title" }, title),
      ...(note ? [element("span", { class: "find-note" }, note)] : []),
    );
    option.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      finder.go(index, event);
    });
    option.addEventListener("pointermove", () => finder.state.active !== index && finder.state.fresh && finder.point(index));
    return option;
  }

  function listElements(answer, active) {
    let index = -1;
    return answer.groups.map((group, place) => {
      const head = element("div", { class: "find-head label", id: `find-group-${place}`, role: "presentation" }, group.name);
      const options = optionsOf({ ...answer, groups: [group] }).map((option) => optionElement(option, (index += 1), active));
      return element("div", { role: "group", "aria-labelledby": head.id }, head, ...options);
    });
  }

  function message({ answer, fresh, failed }) {
    if (failed) return ["No answer came. Press Enter to ask again."];
    if (!answer) return ["Looking …"];
    if (!fresh || answer.groups.length) return [];
    const hint = "Looked for in titles of threads, names and e-mail addresses of accounts, names of projects, and ids: whole ones, or at least their first six digits.";
    return [element("strong", {}, "Nothing found"), element("p", {}, [hint, answer.note].filter(Boolean).join(" "))];
  }

  let listed = null; // the answer whose options are in the page

  function show(state) {
    const { field, popup, list, none, said } = parts;
    const { open, answer, fresh, active, failed } = state;
    if (answer !== listed) {
      list.replaceChildren(...(answer ? listElements(answer, active) : []));
      listed = answer;
    } else {
      for (const [at, option] of [...list.querySelectorAll("[role=option]")].entries()) option.setAttribute("aria-selected", String(at === active && fresh));
    }
    none.replaceChildren(...message(state));
    none.hidden = !none.childNodes.length;
    list.hidden = !answer || !answer.groups.length;
    popup.hidden = !open;
    popup.classList.toggle("old", !fresh && !failed);
    said.textContent = open && fresh ? summary(answer) : open && failed ? "No answer came" : "";
    field.setAttribute("aria-expanded", String(open && !list.hidden));
    const chosen = open && fresh && active >= 0 && window.document.getElementById(`find-option-${active}`);
    if (chosen) {
      field.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
    if (state.text === "" && field.value.trim() !== "") field.value = "";
  }

  function go(href, event) {
    dc.grid.follow(event, href);
    window.document.getElementById("page").focus({ preventScroll: true });
  }

  function send(request) {
    dc.live.reach().then((reachable) => {
      if (reachable) dc.publish.publish("find-request", { data: request });
      else finder.failed();
    });
  }

  function keyed(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (steps[event.key] && !event.altKey) {
      event.preventDefault();
      finder.move(steps[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      finder.enter(event);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!finder.escape()) parts.field.blur();
    }
  }

  function shortcut(event) {
    if (event.key !== KEY || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isField(event.target) || window.document.querySelector("[role=dialog][aria-modal=true]")) return;
    event.preventDefault();
    parts.field.focus();
    parts.field.select();
  }

  function mount(box) {
    const field = element("input", {
      type: "text", id: "find-text", class: "find-text", role: "combobox", placeholder: "Find a thread, account or project",
      "aria-label": "Find a thread, account or project", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "find-list",
      "aria-keyshortcuts": KEY, autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "go", maxlength: String(LONGEST),
    });
    const list = element("div", { role: "listbox", id: "find-list", "aria-label": "What was found" });
    const none = element("div", { class: "find-none" });
    const said = element("div", { class: "visually-hidden", role: "status" });
    const popup = element("div", { class: "find-popup card", hidden: "" }, list, none);
    parts = { field, popup, list, none, said };
    finder = createFinder({
      setTimeout: (run, ms) => window.setTimeout(run, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
      send,
      show,
      go,
    });
    field.addEventListener("input", ({ inputType }) => finder.typed(field.value, { pasted: inputType === "insertFromPaste" || inputType === "insertFromDrop" }));
    field.addEventListener("keydown", keyed);
    field.addEventListener("focus", () => finder.reopen());
    field.addEventListener("blur", () => finder.leave());
    popup.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    window.document.addEventListener("keydown", shortcut);
    const sign = element("span", { class: "find-sign", "aria-hidden": "true" });
    box.replaceChildren(sign, field, element("kbd", { class: "find-key", "aria-hidden": "true" }, KEY), popup, said);
  }

  const triggered = (name) => (dc.callback_context.triggered || []).some(({ prop_id }) => prop_id === name);

  Object.assign(dc, {
    find: {
      optionsOf,
      summary,
      createFinder,
      isField,

      answered(answer, failure) {
        const box = window.document.getElementById("find");
        if (box && !box.firstChild) mount(box);
        if (!finder) return;
        if (triggered("find-answer.data") && answer) {
          dc.render.succeeded(["find-answer"]);
          finder.answered(answer);
        } else if (failure && failure.source === "find-answer") finder.failed();
      },
    },
  });
})(window);
