/* Which requests the worker answers for, and how: by their address alone. Everything else passes it by. */
(function (self) {
  "use strict";

  /* Never touched: what says whether the server lives, streams, downloads, other programs' doors, the way in and out. */
  const OUTSIDE = [
    "/live/", "/api/", "/export/", "/healthz", "/readyz", "/metrics", "/sw.js", "/signin", "/signin/", "/signout", "/signed-out",
  ];
  const SUITES = "/_dash-component-suites/";
  const ASSETS = "/assets/";
  const VERSION = /\.v[0-9a-z_]+m[0-9a-f]+(?=\.)/; // in the names of Dash's files

  const isOutside = (path) => OUTSIDE.some((door) => path === door || (door.endsWith("/") && path.startsWith(door)));

  /* Whether what is behind this address never changes. */
  function isVersioned({ pathname, searchParams }) {
    if (pathname.startsWith(SUITES)) return VERSION.test(pathname);
    return pathname.startsWith(ASSETS) && searchParams.has("m");
  }

  /*
   * document: a page's; layout and dependencies: what Dash loads with it; file: one that never changes under its
   * address; loose: one that may; answer: a callback's; null: none of ours.
   */
  function kindOf({ method, url, mode }, origin) {
    const address = new URL(url);
    const path = address.pathname;
    if (address.origin !== origin || isOutside(path)) return null;
    if (method === "POST") return path === "/_dash-update-component" ? "answer" : null;
    if (method !== "GET") return null;
    if (path === "/_dash-layout") return "layout";
    if (path === "/_dash-dependencies") return "dependencies";
    if (path.startsWith(SUITES) || path.startsWith(ASSETS)) return isVersioned(address) ? "file" : "loose";
    return mode === "navigate" ? "document" : null;
  }

  /* The file's name, whichever its version. */
  function nameOf(url) {
    return new URL(url).pathname.replace(VERSION, "");
  }

  /* The addresses of a document's scripts and styles. */
  function filesOf(html, origin) {
    const found = [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, path]) => new URL(path.replaceAll("&amp;", "&"), origin).href);
    return [...new Set(found)].filter((url) => ["file", "loose"].includes(kindOf({ method: "GET", url, mode: "no-cors" }, origin)));
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, { routes: { kindOf, nameOf, filesOf } });
})(self);
