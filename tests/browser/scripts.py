"""Scripts that run in a page before its own: what stands between it and the server, and how fast time passes."""

# Neither sockets nor events get through, as behind a proxy that refuses both: figures come by asking alone.
NO_STREAM = """
    class Refused {
        constructor() { this.readyState = 3; setTimeout(() => { this.onclose?.({code: 1006}); this.onerror?.({}); }); }
        close() {} send() {}
    }
    window.WebSocket = Refused; window.EventSource = Refused;
"""
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
