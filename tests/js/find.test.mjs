import assert from "node:assert/strict";
import test from "node:test";
import { fakeClock, plain, stage } from "./stage.mjs";

const { find } = stage(["find"]);

const option = (title) => ({ title, note: "", href: `/${title}` });
const group = (name, titles, more = "") => ({ name, options: titles.map(option), more });
const answerTo = ({ n, text }, groups = [group("Threads", ["one", "two"]), group("Accounts", ["three"])], exact = false) => ({ n, text, groups, exact, note: "" });

function page() {
  const clock = fakeClock();
  const sent = [];
  const went = [];
  const finder = find.createFinder({
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    send: (request) => sent.push(plain(request)),
    show() {},
    go: (href) => went.push(href),
  });
  const type = (text, options) => {
    finder.typed(text, options);
    clock.advance(120);
  };
  const found = (text, ...rest) => {
    type(text);
    finder.answered(answerTo(sent.at(-1), ...rest));
  };
  return { clock, sent, went, finder, type, found };
}

test("it asks once typing pauses, for what then stands there", () => {
  const { clock, sent, finder } = page();
  for (const text of ["in", "inv", "invo "]) {
    finder.typed(text);
    clock.advance(100);
  }
  assert.deepEqual(sent, []);
  clock.advance(20);
  assert.deepEqual(sent, [{ n: 1, text: "invo" }]);
});

test("what is pasted is asked at once, one letter never", () => {
  const { clock, sent, finder } = page();
  finder.typed("i");
  clock.advance(1000);
  assert.deepEqual(sent, []);
  finder.typed("invoices", { pasted: true });
  clock.advance(0);
  assert.equal(sent.length, 1);
});

test("an answer that is late is shown for no other text, nor a second time", () => {
  const { sent, finder, type } = page();
  type("invoices");
  type("invoic");
  finder.answered(answerTo(sent[0]));
  assert.equal(finder.state.answer, null);
  finder.answered(answerTo(sent[1]));
  assert.equal(finder.state.answer.text, "invoic");
  finder.answered(answerTo(sent[0], []));
  assert.equal(finder.state.answer.text, "invoic");
});

test("an answer that comes while typing goes on is not of this text", () => {
  const { sent, finder, type } = page();
  type("invoices");
  finder.typed("invoices of");
  finder.answered(answerTo(sent[0]));
  assert.equal(finder.state.fresh, false);
});

test("what was listed for another text is no longer chosen by Enter", () => {
  const { went, finder, found } = page();
  found("invoices");
  finder.typed("invoices of");
  finder.enter({});
  assert.deepEqual(went, []);
});

test("the first option is chosen; arrows go round through all groups; Enter goes there and empties the box", () => {
  const { went, finder, found } = page();
  found("invoices");
  assert.equal(finder.state.active, 0);
  finder.move(-1);
  assert.equal(finder.state.active, 2);
  finder.move(1);
  finder.move(1);
  finder.enter({});
  assert.deepEqual(went, ["/two"]);
  assert.deepEqual([finder.state.text, finder.state.open], ["", false]);
});

test("Escape closes, then empties, then has nothing to do; an arrow opens what was closed", () => {
  const { finder, found } = page();
  found("invoices");
  assert.equal(finder.escape(), true);
  assert.deepEqual([finder.state.open, finder.state.text], [false, "invoices"]);
  finder.move(1);
  assert.deepEqual([finder.state.open, finder.state.active], [true, 0]);
  finder.escape();
  assert.equal(finder.escape(), true);
  assert.equal(finder.state.text, "");
  assert.equal(finder.escape(), false);
});

test("Enter on an id that was just pasted goes straight there; on words it waits for a choice", () => {
  const id = page();
  id.finder.typed("5f6e…", { pasted: true });
  id.finder.enter({});
  assert.equal(id.sent.length, 1);
  id.finder.answered(answerTo(id.sent[0], [group("Threads", ["one", "two"])], true));
  assert.deepEqual(id.went, ["/one"]);
  const words = page();
  words.finder.typed("invoices");
  words.finder.enter({});
  words.clock.advance(200);
  assert.equal(words.sent.length, 1);
  words.finder.answered(answerTo(words.sent[0]));
  assert.deepEqual(words.went, []);
  assert.equal(words.finder.state.open, true);
});

test("what was pressed before the text changed is forgotten", () => {
  const { clock, sent, went, finder } = page();
  finder.typed("5f6e…");
  finder.enter({});
  finder.typed("5f6e…0");
  clock.advance(120);
  finder.answered(answerTo(sent.at(-1), undefined, true));
  assert.deepEqual(went, []);
});

test("without an answer it says so, and Enter asks again", () => {
  const { clock, sent, finder, type } = page();
  type("invoices");
  clock.advance(10000);
  assert.equal(finder.state.failed, true);
  finder.enter({});
  assert.deepEqual([sent.length, finder.state.failed], [2, false]);
  finder.answered(answerTo(sent[1]));
  assert.equal(finder.state.fresh, true);
});

test("a text that is typed again is there at once", () => {
  const { sent, finder, found } = page();
  found("invoices");
  finder.typed("invoices ");
  assert.deepEqual([sent.length, finder.state.fresh, finder.state.active], [1, true, 0]);
});

test("a group of which there is more ends with the way to all of it", () => {
  const answer = answerTo({ n: 1, text: "invoices" }, [group("Threads", ["one"], "/threads?q=invoices")]);
  assert.deepEqual(plain(find.optionsOf(answer)).map(({ title, href }) => [title, href]), [
    ["one", "/one"],
    ["All threads with “invoices”", "/threads?q=invoices"],
  ]);
  assert.equal(find.summary(answer), "Threads: 1 and more");
  assert.equal(find.summary({ groups: [] }), "Nothing found");
});

test("a slash in a field is a sign like any other", () => {
  const within = (matches) => ({ matches: () => matches });
  assert.equal(find.isField(within(true)), true);
  assert.equal(find.isField(within(false)), false);
  assert.equal(find.isField(null), false);
});
