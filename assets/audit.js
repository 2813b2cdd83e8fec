/* The audit's cells: a thread or an account leads to its page. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});
  const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  /* The page of what an entry is about; null where it has none. */
  function pageOf({ kind, subject }) {
    return ["thread", "account"].includes(kind) && ID.test(subject) ? `/${kind}s/${subject}` : null;
  }

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.AuditSubject = function AuditSubject({ data }) {
    const href = data && pageOf(data);
    if (!href) return data ? data.subject : null;
    const link = { href, className: "thread-link", onClick: (event) => dc.grid.follow(event, href) };
    return window.React.createElement("a", link, data.subject);
  };

  Object.assign(dc, { audit: { pageOf } });
})(window);
