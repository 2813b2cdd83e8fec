// A network that fails as it is told to, with a server behind it; and a stream in a tab that is connected by it.
import { fakeClock, settled, stage } from "./stage.mjs";

export const dc = stage(["connection", "connection_steps", "transports", "stream"]);

const TRAVEL_MS = 20;

export const beat = (more) => ({
  type: "beat",
  as_of: "2026-11-23T12:00:00Z",
  version: 5,
  queue_age_ms: 3,
  listening: true,
  ...more,
});

/*
 * `ways`: how "socket", "events" and "probe" fare: "pass", "refuse", "hole" (nothing comes, and what was opened in it
 * never will), "mute" (opened, and then nothing). `up`: whether a server runs. All that is open tells of itself in `open`.
 */
export function makeNetwork({ random = () => 1, able = {} } = {}) {
  const clock = fakeClock();
  const world = {
    ways: { socket: "pass", events: "pass", probe: "pass" },
    up: true,
    visible: true,
    value: 0, // what the database has
    open: new Set(),
    opened: { socket: 0, events: 0 },
    probes: [],
    checks: [],
    frames: [],
    states: [],
    refused: [],
    backs: 0,
    sent: [],
    network() {},
  };

  class Channel {
    constructor(kind, url) {
      Object.assign(this, { kind, url, readyState: 0, closed: false, lost: false, sent: [] });
      world.open.add(this);
      world.opened[kind] += 1;
      this.way = world.ways[kind];
      if (this.way === "hole") this.lost = true;
      else clock.setTimeout(() => this.arrive(), TRAVEL_MS);
    }
    arrive() {
      if (this.closed) return;
      if (!world.up || this.way === "refuse") return this.end();
      this.readyState = 1;
      if (this.onopen) this.onopen();
      clock.setTimeout(() => this.say({ type: "nav-usage", scope: "all", value: world.value }, beat()), TRAVEL_MS);
      this.beats();
    }
    beats() {
      clock.setTimeout(() => {
        if (this.closed) return;
        this.say(beat());
        this.beats();
      }, 5000);
    }
    say(...messages) {
      if (!this.closed && !this.lost && world.ways[this.kind] === "pass") this.onmessage({ data: JSON.stringify(messages) });
    }
    send(text) {
      world.sent.push(JSON.parse(text));
    }
    close() {
      this.closed = true;
      world.open.delete(this);
    }
    end(code = 1006) {
      if (this.closed) return;
      this.readyState = 3;
      if (this.kind === "socket") {
        this.close();
        this.onclose({ code });
      } else this.onerror({});
    }
  }

  const stream = dc.stream.createStream({
    WebSocket: able.socket === false ? undefined : class extends Channel {
      constructor(url) {
        super("socket", url);
      }
    },
    EventSource: able.events === false ? undefined : class extends Channel {
      constructor(url) {
        super("events", url);
      }
    },
    location: { protocol: "https:", host: "credits.example" },
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    random,
    visible: () => world.visible,
    onNetwork: (changed) => (world.network = changed),
    fetch(path, { timeoutMs }) {
      if (path.startsWith("/live/check")) {
        world.checks.push(path);
        return Promise.resolve(world.check || { status: 200 });
      }
      world.probes.push(clock.now());
      return new Promise((resolve, reject) => {
        if (world.ways.probe === "hole") clock.setTimeout(() => reject(new Error("timeout")), timeoutMs);
        else if (!world.up || world.ways.probe === "refuse") reject(new Error("refused"));
        else clock.setTimeout(() => resolve({ status: world.status || 200 }), TRAVEL_MS);
      });
    },
    onFrame(messages, known) {
      for (const message of messages) if (message.type === "nav-usage") world.shown = message.value;
      world.frames.push({ at: clock.now(), messages, connection: known.connection });
    },
    onChange: (_known, back) => (world.backs += back ? 1 : 0),
    onRefused(reason, topics) {
      world.refused.push(reason);
      if (world.giveUp) stream.follow(topics.filter((topic) => topic !== world.giveUp));
    },
  });

  const each = (kind) => [...world.open].filter((channel) => channel.kind === kind);

  return {
    stream,
    clock,
    world,
    channel: (kind = "socket") => each(kind).at(-1),
    open: (kind) => each(kind).length,
    /* Promises are kept between the timers. */
    async pass(ms, slice = 10) {
      for (let left = ms; left > 0; left -= slice) {
        clock.advance(Math.min(slice, left));
        await settled();
      }
    },
    /* A fault of the network: everything, or one way. */
    set(ways, { reset = false } = {}) {
      Object.assign(world.ways, ways);
      for (const channel of [...world.open]) {
        if (world.ways[channel.kind] === "hole") channel.lost = true;
        if (reset) channel.end();
      }
    },
    /* What lost a byte is reset. */
    heal() {
      Object.assign(world.ways, { socket: "pass", events: "pass", probe: "pass" });
      world.up = true;
      for (const channel of [...world.open]) if (channel.lost || channel.way !== "pass") channel.end();
    },
    stop() {
      world.up = false;
      for (const channel of [...world.open]) channel.end();
    },
    write(value) {
      world.value = value;
      for (const channel of [...world.open]) if (channel.readyState === 1) channel.say({ type: "nav-usage", scope: "all", value });
    },
  };
}
