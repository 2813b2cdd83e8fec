/*
 * The tab's one live stream: a WebSocket, or server-sent events where WebSockets do not get through. It knows how
 * to stay connected, and what the last beat said; what the messages mean is live.js's matter.
 */
(function (window) {
  "use strict";

  const FIRST_WAIT_MS = 250;
  const LONGEST_WAIT_MS = 5000;
  const SILENCE_MS = 12000; // no beat for so long: the connection is dead, whatever the browser thinks
  const PROBE_MS = 3000;
  const SOCKETS_BEFORE_EVENTS = 3; // sockets that closed before a frame came
  const OPEN = 1;
  const REFUSED = { 4401: "nobody", 4403: "forbidden", 4400: "malformed" };

  /* Longer each time, and never in step with other tabs. */
  function waitAfter(failures, random) {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
    return most * (0.5 + 0.5 * random());
  }

  /* What to send so that a stream of `known` topics follows `wanted`; null where nothing differs. */
  function difference(known, wanted) {
    const subscribe = wanted.filter((topic) => !known.includes(topic));
    const unsubscribe = known.filter((topic) => !wanted.includes(topic));
    if (!subscribe.length && !unsubscribe.length) return null;
    return { ...(subscribe.length && { subscribe }), ...(unsubscribe.length && { unsubscribe }) };
  }

  /*
   * `env`: WebSocket, EventSource, fetch, location, now, setTimeout, clearTimeout, random,
   * onFrame(messages, view), onChange(view), onRefused(reason, topics).
   */
  function createStream(env) {
    const known = {
      connected: false, // the first frame of this connection is in
      connection: 0, // counts connections: numbers are compared within one only
      reachable: true,
      beatAt: -Infinity,
      listening: false,
      queueAgeMs: 0,
      history: "complete",
    };
    let topics = [];
    let channel = null;
    let failures = 0;
    let silentSockets = 0;
    let retryTimer = null;
    let silenceTimer = null;
    let probing = null;

    function open() {
      env.clearTimeout(retryTimer);
      retryTimer = null;
      if (!topics.length) return;
      known.connection += 1;
      const useEvents = silentSockets >= SOCKETS_BEFORE_EVENTS && env.EventSource;
      channel = useEvents ? openEvents() : openSocket();
      watchSilence();
    }

    function address(path) {
      return `${path}?topics=${topics.map(encodeURIComponent).join(",")}`;
    }

    function openSocket() {
      const scheme = env.location.protocol === "https:" ? "wss" : "ws";
      const socket = new env.WebSocket(`${scheme}://${env.location.host}${address("/live/ws")}`);
      const mine = { close: () => socket.close(), followed: topics, follow };
      socket.onopen = () => mine === channel && follow();
      socket.onmessage = (event) => mine === channel && frame(event.data);
      socket.onclose = (event) => mine === channel && closed(event.code);
      return mine;

      /* Tells the server how the topics differ from those it knows of; before it is open, that waits. */
      function follow() {
        if (socket.readyState !== OPEN) return;
        const request = difference(mine.followed, topics);
        mine.followed = topics;
        if (request) socket.send(JSON.stringify(request));
      }
    }

    function openEvents() {
      const source = new env.EventSource(address("/live/events"));
      const mine = { close: () => source.close(), follow: null };
      source.onmessage = (event) => mine === channel && frame(event.data);
      source.onerror = () => {
        source.close(); // it would connect again by itself, in step with everyone
        if (mine === channel) closed(0);
      };
      return mine;
    }

    function frame(text) {
      const messages = JSON.parse(text);
      known.connected = true;
      known.reachable = true;
      failures = 0;
      silentSockets = 0;
      watchSilence();
      for (const message of messages) if (message.type === "beat") beat(message);
      env.onFrame(messages, known);
      env.onChange(known);
    }

    function beat(message) {
      known.beatAt = env.now();
      known.listening = message.listening;
      known.queueAgeMs = message.queue_age_ms;
      known.history = message.history || "complete";
    }

    function closed(code) {
      const silent = !known.connected;
      drop();
      if (REFUSED[code]) env.onRefused(REFUSED[code], topics);
      if (code === 4401) return; // only signing in helps, and that is another page
      if (channel) return; // what was refused has been given up, and a new connection is open already
      // Only where the server answers otherwise it may be the WebSocket that does not get through.
      probe().then((reachable) => (silentSockets += silent && reachable ? 1 : 0));
      retryTimer = env.setTimeout(open, waitAfter(failures, env.random));
      failures += 1;
      env.onChange(known);
    }

    function drop() {
      const old = channel;
      channel = null;
      known.connected = false;
      known.listening = false;
      known.beatAt = -Infinity;
      env.clearTimeout(silenceTimer);
      env.clearTimeout(retryTimer);
      if (old) old.close();
    }

    function watchSilence() {
      env.clearTimeout(silenceTimer);
      silenceTimer = env.setTimeout(() => closed(0), SILENCE_MS);
    }

    /* Whether the server answers at all, by whatever it says. */
    function probe() {
      if (!probing) {
        probing = env
          .fetch("/healthz", { cache: "no-store", timeoutMs: PROBE_MS })
          .then(
            () => true,
            () => false,
          )
          .then((reachable) => {
            probing = null;
            const back = reachable && !known.reachable;
            known.reachable = reachable;
            env.onChange(known, back);
            return reachable;
          });
      }
      return probing;
    }

    /* Follows these topics from now on: over the open socket if there is one. */
    function follow(wanted) {
      if (!difference(topics, wanted)) return;
      topics = wanted;
      if (channel && channel.follow && wanted.length) channel.follow();
      else {
        drop();
        failures = 0;
        open();
      }
    }

    /* True at once while the stream is open, else what a probe says. */
    function reach() {
      return known.connected ? Promise.resolve(true) : probe();
    }

    /* Tries now what would be tried later: the browser is online again, or the tab is back. */
    function retry() {
      if (channel || !topics.length) return;
      failures = 0;
      open();
    }

    return { follow, reach, retry, known, topics: () => topics };
  }

  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    stream: { createStream, waitAfter },
  });
})(window);
