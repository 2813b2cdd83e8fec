import assert from "node:assert/strict";
import test from "node:test";
import { plain, settled, stage } from "./stage.mjs";

function makePage() {
  const sent = [];
  const nobody = { addEventListener() {}, visibilityState: "visible" };
  const dc = stage(["pace", "periods", "tabs", "gate"], {
    ...nobody,
    document: nobody,
    navigator: { onLine: true },
    performance: { now: () => 0 },
    setTimeout() {},
  });
  dc.live = { reach: () => Promise.resolve(true), retry() {} };
  dc.publish = {
    publish(id, { data }) {
      sent.push([id, plain(data)]);
      return true;
    },
  };
  dc.callback_context = { triggered: [] };
  return { dc, sent };
}

test("a thread's page that opens reads everything, whatever the page before it had read", async () => {
  const { dc, sent } = makePage();
  dc.gate.thread(0, 0, "a");
  await settled();
  dc.gate.thread(0, 0, "b");
  await settled();
  const details = sent.filter(([id]) => id === "thread-detail-request").map(([, request]) => request);
  assert.deepEqual(
    details.map(({ thread_id, force }) => [thread_id, force]),
    [
      ["a", true],
      ["b", true],
    ],
  );
});
