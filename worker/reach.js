/*
 * Whether the server answers. What is merely slow is waited for; where neither an answer nor a sign of life comes, the
 * server is away, and for a while the next request finds out sooner.
 */
(function (self) {
  "use strict";

  const PATIENCE_MS = 2500; // an answer may take so long before anyone wonders
  const LIFE_MS = 1500; // a sign of life, so long
  const SOON_MS = 700; // and so long where the server was away a moment ago
  const AWAY_MS = 10000;
  const GATEWAYS = new Set([502, 504]); // a proxy's own answer: what is behind it is away

  /* `env`: probe(ms) -> promise of whether there is a sign of life within that time, now, wait(ms). */
  function createReach({ probe, now, wait }) {
    let awayAt = -Infinity;
    let probing = null;

    const isAway = () => now() - awayAt < AWAY_MS;

    function lives() {
      const ms = isAway() ? SOON_MS : LIFE_MS;
      probing = probing || probe(ms).finally(() => (probing = null));
      return probing;
    }

    function found(away) {
      awayAt = away ? now() : -Infinity;
    }

    /*
     * The server's answer; null where it is away. `send` asks it, and is asked once more where a request fails although
     * the server lives. Fails where that does not help.
     */
    async function answerOf(send, { again = true } = {}) {
      const sent = send().then(
        (response) => ({ response }),
        (error) => ({ error }),
      );
      let patience = isAway() ? wait(0) : wait(PATIENCE_MS);
      for (;;) {
        const first = (await Promise.race([sent, patience.then(() => null)])) || (await Promise.race([sent, lives().then((life) => ({ life }))]));
        if (first.response) return answered(first.response);
        if (first.error) return failed(first.error, send, again);
        if (!first.life) return away();
        patience = wait(PATIENCE_MS);
      }
    }

    function answered(response) {
      if (GATEWAYS.has(response.status) && !response.headers.has("X-Creditpulse-Release")) return away();
      found(false);
      return response;
    }

    async function failed(error, send, again) {
      if (!(await lives())) return away();
      if (again) return answerOf(send, { again: false });
      throw error;
    }

    function away() {
      found(true);
      return null;
    }

    return { answerOf, isAway };
  }

  self.creditpulse = Object.assign(self.creditpulse || {}, { reach: { createReach, PATIENCE_MS, LIFE_MS, SOON_MS, AWAY_MS } });
})(self);
