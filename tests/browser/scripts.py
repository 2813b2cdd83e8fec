"""Scripts that run in a page before its own: what stands between it and the server, and how fast time passes."""

# Neither sockets nor events get through, as behind a proxy that refuses both: figures come by asking alone.
NO_STREAM = """
    class Refused {
        constructor() { this.readyState = 3; setTimeout(() => { this.onclose?.({code: 1006}); this.onerror?.({}); }); }
        close() {} send() {}
    }
    window.WebSocket = Refused; window.EventSource = Refused;
"""
# As where a browser allows no service worker: over plain HTTP, under any name but this machine's own.
NO_WORKER = "Object.defineProperty(Navigator.prototype, 'serviceWorker', {get: () => undefined});"
# Intervals run `FASTER` times as fast, and each callback that the page asks of the server is noted with its time.
FASTER = 5
NOTED_ASKS = f"""
    const setInterval = window.setInterval.bind(window), fetch = window.fetch.bind(window);
    window.setInterval = (run, ms, ...rest) => setInterval(run, ms / {FASTER}, ...rest);
    window.asks = [];
    window.fetch = (resource, options) => {{
        if (String(resource.url || resource).includes("_dash-update-component")) {{
            window.asks.push([JSON.parse(options.body).output, performance.now() * {FASTER} / 1000]);
        }}
        return fetch(resource, options);
    }};
"""
# Every socket that the page has opened, so that those which are open can be counted.
NOTED_SOCKETS = """
    const Socket = window.WebSocket;
    window.sockets = [];
    window.WebSocket = class extends Socket { constructor(...parts) { super(...parts); window.sockets.push(this); } };
"""
# A browser as on plain HTTP from another machine: Web Locks are for secure contexts only.
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined });"
# On a connection that is paid for by volume.
METERED = """
    const connection = Object.assign(new EventTarget(), { saveData: true, effectiveType: "4g" });
    Object.defineProperty(navigator, "connection", { value: connection });
"""
# A minute, after which a hidden tab gives up its stream, passes at once.
NO_MINUTE = """
    const setTimeout = window.setTimeout.bind(window);
    window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms === 60000 ? 0 : ms, ...rest);
"""


def hasty(times: int) -> str:
    """The page's clocks run so many times as fast, and its timers of a minute and longer; what loads has its time."""
    return f"""
        const [began, now, date] = [Date.now(), performance.now.bind(performance), Date.now];
        performance.now = () => {times} * now();
        Date.now = () => began + {times} * (date() - began);
        const setTimeout = window.setTimeout.bind(window);
        window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms > 60000 ? ms / {times} : ms, ...rest);
    """
