/*
 * A real OpenID provider for the tests: `node provider.mjs '{"port": …, "client": {…}, "people": {…}}'`.
 * Any password will do. Its keys are new at every start, as after a rotation; it says `ready` when it listens.
 */
import { randomUUID } from "node:crypto";

import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const { port, client, people, in_token: inToken } = JSON.parse(process.argv[2]);

async function signingKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: "RS256", use: "sig" };
}

/* Consent is given: what is tested is signing in. */
async function granted(context) {
  const { oidc } = context;
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope("openid email profile");
  await grant.save();
  return grant;
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  jwks: { keys: [await signingKey()] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: !inToken,
  pkce: { required: () => true },
  loadExistingGrant: granted,
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
});
provider.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"));
