/* What stands in the place of an answer that is not kept, while the server is away. */
(function (self) {
  "use strict";

  const MOST_LISTED = 30;

  const made = (type, props, children) => ({ namespace: "dash_html_components", type, props: children === undefined ? props : { ...props, children } });
  const link = (text, href) => ({ namespace: "dash_core_components", type: "Link", props: { children: text, href } });

  /* The text of the first heading in a page, as the server lays it out; empty where there is none. */
  function headingOf(component) {
    if (!component || typeof component !== "object") return "";
    if (Array.isArray(component)) return component.map(headingOf).find(Boolean) || "";
    const { type, props = {} } = component;
    return type === "H1" ? textOf(props.children) : headingOf(props.children);
  }

  function textOf(children) {
    if (Array.isArray(children)) return children.map(textOf).join("");
    if (children && typeof children === "object") return textOf(children.props?.children);
    return children === undefined || children === null ? "" : String(children);
  }

  /* `pages`: {title, href, at} of each that is kept. */
  function entry({ title, href, at }) {
    const time = made("Time", { className: "label local-time", dateTime: at }, at);
    return made("Li", {}, [link(title, href), " ", time]);
  }

  /* The answer to who opens an address that was not visited: it says so, and what there is instead. */
  function pageAnswer(path, pages) {
    const listed = pages.slice(0, MOST_LISTED);
    const list = listed.length ? made("Ul", { className: "kept-pages" }, listed.map(entry)) : made("P", { className: "label" }, "No page is kept.");
    const message = [
      made("H2", {}, "This page is not kept"),
      made("P", {}, "The server does not answer, and this page was not visited in this browser. It opens by itself once the server is back."),
    ];
    const children = made("Div", { className: "stack", id: "offline-page" }, [
      made("H1", {}, "Offline"),
      made("Div", { className: "card message message-missing" }, message),
      made("Section", { className: "card kept-card" }, [made("H2", {}, "Kept in this browser"), list]),
    ]);
    const shown = { title: "Offline", section: null, thread: null, account: null, path: null, ranged: false, absent: path };
    return { multi: true, response: { page: { children }, "page-shown": { data: shown } } };
  }

  /* The answer that says that there is none, the way failures are told; `at` is an ISO time. */
  function failureAnswer(output, at) {
    const text = "The server does not answer, and this was not looked at before in this browser.";
    return { multi: true, response: {}, sideUpdate: { failure: { data: { source: output, title: "Not kept", text, at } } } };
  }

  /* A document for who has nothing here at all. */
  const document = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Offline · Creditpulse</title></head>
<body><h1>Creditpulse does not answer</h1>
<p>The server, or the way to it, is away, and no page of it is kept in this browser. <a href="">Try again</a></p></body></html>
`;

  self.creditpulse = Object.assign(self.creditpulse || {}, { absent: { headingOf, pageAnswer, failureAnswer, document } });
})(self);
