import assert from "node:assert/strict";
import { test } from "node:test";

import { stage } from "./stage.mjs";

const { audit } = stage(["audit"]);
const ID = "0d98365a-6bc7-56a7-9f0f-797f47441b31";

test("a thread and an account lead to their pages", () => {
  assert.equal(audit.pageOf({ kind: "thread", subject: ID }), `/threads/${ID}`);
  assert.equal(audit.pageOf({ kind: "account", subject: ID }), `/accounts/${ID}`);
});

test("what has no page leads nowhere", () => {
  for (const [kind, subject] of [["account", "all"], ["export", ID], ["thread", `${ID}/x`], ["thread", "javascript:x"], ["", ""]]) {
    assert.equal(audit.pageOf({ kind, subject }), null);
  }
});
