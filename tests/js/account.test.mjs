import assert from "node:assert/strict";
import test from "node:test";
import { plain, stage } from "./stage.mjs";

const dc = stage(["formats", "publish", "preferences", "units", "periods", "pace", "scope", "parts", "figure_card", "render", "live", "account", "accounts"]);
const { account, accounts, live } = dc;

const USAGE = {
  scope: "a", credits: 900, cost: "9.004", total_tokens: 5, purchased_credits: 12, agents_running: 2,
  agent_status: "running", period_label: "1 Nov to 30 Nov", as_of: "2026-11-23T12:00:00Z",
};
const ANSWER = {
  of: "a", allowance: 1000, period_label: "1 Nov to 30 Nov", plan: "Pro", rate: "1.5 / min", rate_cost: "0.015",
  last_at: null, out: "Fri 27 Nov", out_range: "26 to 29 Nov", words: "It lasts.",
};
const LIVE = { state: "live", history: "complete" };
const shown = (answer, usage, state = LIVE) => account.headerProps(answer, usage, state, 0, "");

test("what is used and what is left add up, and the bar turns amber and red", () => {
  const now = shown(ANSWER, USAGE);
  assert.equal(now[0], "900");
  assert.equal(now[5], "of 1,000 credits, 90 % used");
  assert.equal(now[13], "100");
  assert.deepEqual(plain(now[4]), { width: "90.0%", background: "var(--warn)" });
  assert.equal(shown(ANSWER, { ...USAGE, credits: 1250 })[13], "−250");
  assert.deepEqual(plain(shown(ANSWER, { ...USAGE, credits: 1250 })[4]), { width: "100.0%", background: "var(--bad)" });
});

test("a usage is measured by the allowance of its own period alone", () => {
  const next = shown(ANSWER, { ...USAGE, period_label: "1 Dec to 31 Dec", credits: 3 });
  assert.deepEqual([next[5], next[13], next[4].display], ["", "–", "none"]);
  assert.equal(account.allowanceOf(null, USAGE), undefined);
});

test("without an allowance there is nothing to be left", () => {
  const none = shown({ ...ANSWER, allowance: null }, USAGE);
  assert.deepEqual([none[5], none[13], none[4].display], ["No allowance in this period", "–", "none"]);
  assert.equal(account.shareOf(0, 5), 100);
  assert.equal(account.shareOf(0, 0), 0);
});

test("while history is being counted nothing is projected, and offline figures look it", () => {
  const counting = shown(ANSWER, USAGE, { state: "polling", history: "counting" });
  assert.match(counting[23], /History is being counted/);
  assert.equal(counting[20], "–");
  assert.match(counting[2], /provisional/);
  assert.match(shown(ANSWER, USAGE, { state: "offline", history: "complete" })[14], /stale/);
});

test("a usage goes to the store of the account's page, to the navigation's, or to both", () => {
  const stores = (scope, page) => plain(live.storesOf({ type: "nav-usage", scope }, page));
  assert.deepEqual(stores("a", { scope: "all", account: "a" }), ["account-usage"]);
  assert.deepEqual(stores("all", { scope: "all", account: "a" }), ["nav-usage"]);
  assert.deepEqual(stores("a", { scope: "a", account: "a" }), ["nav-usage", "account-usage"]);
  assert.deepEqual(stores("a", { scope: "a", account: null }), ["nav-usage"]);
  assert.deepEqual(plain(live.storesOf({ type: "thread-usage", thread_id: "t" }, { scope: "a", account: "a" })), ["thread-usage"]);
});

test("the two stores are judged apart: neither value outdates the other", () => {
  const board = live.createBoard();
  const at = (version, scope) => ({ type: "nav-usage", scope, version, as_of: "2026-11-23T12:00:00Z", connection: 1 });
  assert.equal(board.accept(at(5, "all")), true);
  assert.equal(board.accept(at(4, "a"), "account-usage"), true);
  assert.equal(board.accept(at(3, "a"), "account-usage"), false);
  assert.equal(board.accept(at(4, "all")), false);
});

test("the list's order, search and state are the address's, beside what else it says", () => {
  assert.deepEqual(plain(accounts.queryOf("?q=acme&sort=-used&zone=UTC")), { q: "acme", sort: "-used", state: "" });
  assert.equal(accounts.searchWith("?zone=UTC&q=acme", { q: "", state: "ended" }), "?zone=UTC&state=ended");
  assert.equal(accounts.pageOf("7", "?q=acme&sort=-used&zone=UTC&scope=9"), "/accounts/7?zone=UTC&scope=9");
  assert.equal(accounts.exportOf({ q: "a&b", sort: "-used", state: "ended", zone: "UTC" }), "/export/accounts.csv?q=a%26b&state=ended&zone=UTC");
});

test("a pushed usage is painted on the account's card, and what only an answer knows stays as it is", () => {
  const painted = {};
  const element = (id) => ({
    firstElementChild: null,
    get textContent() {
      return (painted[id] || {}).children;
    },
    set textContent(text) {
      painted[id] = { ...painted[id], children: text };
    },
    setAttribute: (name, value) => (painted[id] = { ...painted[id], [name]: value }),
  });
  const page = stage(["formats", "preferences", "units", "periods", "render"], { document: { getElementById: element } });
  const outputs = [{ id: "account-credits", property: "children" }, { id: "account-rate", property: "data-cost" }];
  page.render.keep_account("a", outputs, (usage) => [String(usage.credits), page.no_update]);
  const usage = { type: "nav-usage", scope: "a", credits: 7 };
  page.render.paint(usage, "account-usage");
  assert.deepEqual(painted, { "account-credits": { children: "7" } });
  page.render.paint({ ...usage, credits: 8 }, "nav-usage");
  page.render.paint({ ...usage, scope: "b", credits: 9 }, "account-usage");
  assert.equal(painted["account-credits"].children, "7");
});
