/* One call of a thread: the link in the log that asks for it, and the panel that shows it. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  const html = (type, props) => ({ namespace: "dash_html_components", type, props });
  const bar = (height) => html("Span", { className: "skeleton", style: { width: "100%", height } });

  function skeleton() {
    const word = html("Span", { className: "visually-hidden", role: "status", children: "Loading" });
    return html("Div", { className: "stack", children: [...["60px", "140px", "280px"].map(bar), word] });
  }

  /* What is in the panel, and whether the button for all of it is hidden. */
  function panel(answer, request, same) {
    if (!answer || !request || answer.n !== request.n) return [same, same]; // of a call that was asked for before
    return [answer.body, !answer.cut];
  }

  let requests = 0;

  /* At once, whatever the server says: a callback would wait for its answer. */
  function open(event, row) {
    event.preventDefault();
    requests += 1;
    dc.publish.publish("thread-call-body", { children: skeleton() });
    dc.publish.publish("thread-call-whole", { hidden: true });
    dc.publish.publish("thread-call", { is_open: true });
    dc.publish.publish("thread-call-request", { data: { n: requests, id: row.id, at: row.at } });
  }

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.CallLink = function CallLink({ data, value }) {
    if (!data || !value) return null;
    const text = dc.formats.shortClock(value, Date.now());
    const link = { href: "#", role: "button", className: "call-link", title: "What it cost, and its raw content" };
    return window.React.createElement("a", { ...link, onClick: (event) => open(event, data) }, text);
  };

  Object.assign(dc, {
    thread_call: {
      panel,

      show: (answer, request) => panel(answer, request, dc.no_update),
    },
  });
})(window);
