/*
 * The two ways that frames come: a WebSocket, and server-sent events. Each is opened with what it is to tell
 * (opened(), frame(text), fell(code)) and may be closed; a closed one tells nothing any more.
 */
(function (window) {
  "use strict";

  const OPEN = 1;
  const LOST = 1006; // what a browser calls an end that nobody announced

  /* What to send so that a stream of `known` topics follows `wanted`; null where nothing differs. */
  function difference(known, wanted) {
    const subscribe = wanted.filter((topic) => !known.includes(topic));
    const unsubscribe = known.filter((topic) => !wanted.includes(topic));
    if (!subscribe.length && !unsubscribe.length) return null;
    return { ...(subscribe.length && { subscribe }), ...(unsubscribe.length && { unsubscribe }) };
  }

  function pathOf(door, topics) {
    return `${door}?topics=${topics.map(encodeURIComponent).join(",")}`;
  }

  /* Calls only while the stream has not been closed. */
  function listening(tell) {
    let open = true;
    const whileOpen = (name) => (value) => open && tell[name](value);
    return {
      opened: whileOpen("opened"),
      frame: whileOpen("frame"),
      fell: whileOpen("fell"),
      end() {
        open = false;
      },
    };
  }

  function openSocket(env, topics, tell) {
    const scheme = env.location.protocol === "https:" ? "wss" : "ws";
    const told = listening(tell);
    const socket = new env.WebSocket(`${scheme}://${env.location.host}${pathOf("/live/ws", topics)}`);
    let followed = topics;
    let wanted = topics;
    socket.onopen = () => {
      told.opened();
      say();
    };
    socket.onmessage = (event) => told.frame(event.data);
    socket.onclose = (event) => told.fell(event.code);

    /* Before it is open, that waits. */
    function say() {
      if (socket.readyState !== OPEN) return;
      const request = difference(followed, wanted);
      followed = wanted;
      if (request) socket.send(JSON.stringify(request));
    }

    return {
      kind: "socket",
      follow(topics) {
        wanted = topics;
        say();
      },
      close() {
        told.end();
        socket.close();
      },
    };
  }

  /* Its topics are those that it was opened with. */
  function openEvents(env, topics, tell) {
    const told = listening(tell);
    const source = new env.EventSource(pathOf("/live/events", topics));
    source.onopen = () => told.opened();
    source.onmessage = (event) => told.frame(event.data);
    // Who is told closes it: it would connect again by itself, in step with everyone, and never after a refusal.
    source.onerror = () => told.fell(LOST);
    return {
      kind: "events",
      close() {
        told.end();
        source.close();
      },
    };
  }

  /* What cannot even be made has fallen; that is told later, as all else is. */
  function open(kind, env, topics, tell) {
    try {
      return kind === "socket" ? openSocket(env, topics, tell) : openEvents(env, topics, tell);
    } catch {
      const told = listening(tell);
      env.setTimeout(() => told.fell(LOST), 0);
      return { kind, close: told.end };
    }
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    transports: { open, difference, pathOf },
  });
})(window);
