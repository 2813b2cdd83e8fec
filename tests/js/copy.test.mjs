import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const { copy } = stage(["copy"]);

test("a figure copies its exact value, and one without a value nothing", () => {
  assert.deepEqual(plain(copy.exactOf({ cost: "12.471083" })), { text: "12.471083", said: "Copied $12.471083" });
  assert.deepEqual(plain(copy.exactOf({ exact: "62412345" })), { text: "62412345", said: "Copied 62412345" });
  assert.equal(copy.exactOf({ cost: "" }), null);
  assert.equal(copy.exactOf({}), null);
});

test("a chart's figures are cells for a spreadsheet", () => {
  const table = { head: ["", "Total", "a\tmodel"], rows: [["1 Nov", 1.25, 0], ["2 Nov", 2, null]] };
  assert.equal(copy.cellsOf(table), "\tTotal\ta model\n1 Nov\t1.25\t0\n2 Nov\t2\t");
});

test("a click copies, but not one that marks text or asks for something else", () => {
  const click = { type: "click", button: 0 };
  assert.equal(copy.isPress(click, false), true);
  assert.equal(copy.isPress(click, true), false);
  assert.equal(copy.isPress({ ...click, button: 1 }, false), false);
  assert.equal(copy.isPress({ ...click, ctrlKey: true }, false), false);
});

test("Enter and space copy, other keys do not", () => {
  const keys = ["Enter", " ", "c", "Tab"];
  assert.deepEqual(
    keys.map((key) => copy.isPress({ type: "keydown", key }, true)),
    [true, true, false, false],
  );
});

function page(done) {
  const steps = [];
  const focused = { focus: () => steps.push("focus back"), closest: () => null };
  const field = { select: () => steps.push(`select ${field.value}`), remove: () => steps.push("remove") };
  const document = {
    activeElement: focused,
    createElement: () => field,
    body: { append: () => steps.push("append") },
    execCommand: () => done,
  };
  return { document, steps };
}

test("where there is a clipboard it is used", async () => {
  const written = [];
  const navigator = { clipboard: { writeText: async (text) => written.push(text) } };
  assert.equal(await copy.write("5", page(false).document, navigator), true);
  assert.deepEqual(written, ["5"]);
});

test("where there is none, or it is not allowed, the old way does it, and the focus stays", async () => {
  const refusing = { clipboard: { writeText: () => Promise.reject(new Error("no")) } };
  for (const navigator of [{}, refusing]) {
    const { document, steps } = page(true);
    assert.equal(await copy.write("5", document, navigator), true);
    assert.deepEqual(steps, ["append", "select 5", "remove", "focus back"]);
  }
  assert.equal(await copy.write("5", page(false).document, {}), false);
});
