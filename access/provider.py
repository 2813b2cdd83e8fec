"""The OpenID provider that people sign in with, by way of Authlib: code flow with PKCE, ID tokens, sign-out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

from access.email import address_of
from data.errors import CreditpulseError, UnavailableError
from settings import Settings, SettingsError

logger = logging.getLogger(__name__)

SCOPE = "openid email profile"
ANSWER_SECONDS = 10.0
FRESH_SECONDS = 3600.0  # after which addresses and keys are asked for anew; an unknown key is asked for at once
LEEWAY_SECONDS = 120  # between the provider's clock and ours
# What a provider signs with; a key that both sides share, or none at all, would let others write tokens.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class SignInError(CreditpulseError):
    """The provider said no, or what it said does not hold."""


@dataclass(frozen=True)
class Flow:
    """What has to be known again when the person comes back from the provider."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True)
class Identity:
    """`email` is verified by the provider."""

    email: str
    subject: str
    id_token: str


class Provider:
    """Opens nothing until it is asked. Raises SettingsError where a setting is missing.

    `transport` takes the requests elsewhere than to the network.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = required(settings.oidc_issuer, "CREDITPULSE_OIDC_ISSUER").rstrip("/")
        self.client_id = required(settings.oidc_client_id, "CREDITPULSE_OIDC_CLIENT_ID")
        self.secret = settings.oidc_client_secret
        self.clock = clock
        self.transport = transport
        self.app: Any = None
        self.fresh_until = 0.0

    async def begin(self, redirect_uri: str, *, anew: bool = False) -> tuple[str, Flow]:
        """Where to send the browser. `anew`: whoever is signed in there is asked who they are. Raises SignInError."""
        app = await self.client()
        more = {"prompt": "login"} if anew else {}
        made = await asked(app.create_authorization_url(redirect_uri, **more))
        return made["url"], Flow(made["state"], made["nonce"], made["code_verifier"], redirect_uri)

    async def finish(self, flow: Flow, answer: Mapping[str, str]) -> Identity:
        """Who came back with this answer. Raises SignInError, and UnavailableError where the provider is silent."""
        if answer.get("error"):
            raise SignInError(f"The sign-in service said no: {said(answer)}.")
        if answer.get("iss", self.issuer).rstrip("/") != self.issuer or not answer.get("code"):
            raise SignInError("The answer is not of the sign-in service that was asked.")
        app = await self.client()
        token = await asked(app.fetch_access_token(flow.redirect_uri, code=answer["code"], code_verifier=flow.verifier))
        claims = await asked(
            app.parse_id_token(token, flow.nonce, claims_options=self.claims(app), leeway=LEEWAY_SECONDS)
        )
        if claims is None:
            raise SignInError("The sign-in service sent no ID token.")
        return Identity(verified_email(await self.with_userinfo(app, token, claims)), claims["sub"], token["id_token"])

    async def sign_out_url(self, id_token: str | None, back: str) -> str | None:
        """Where the browser ends the provider's own session; None where it has no such address, or does not answer."""
        try:
            app = await self.client()
            if not app.server_metadata.get("end_session_endpoint"):
                return None
            made = await app.create_logout_url(back, id_token_hint=id_token, client_id=self.client_id)
        except (SignInError, UnavailableError) as error:
            logger.warning("signed out here only: %s", error, extra={"action": "provider.not_left"})
            return None
        return str(made["url"])

    async def client(self) -> Any:
        """With the provider's addresses, asked for at most once an hour. Raises UnavailableError, SignInError."""
        if self.app is None or self.clock() >= self.fresh_until:
            self.app = await self.discovered()
            self.fresh_until = self.clock() + FRESH_SECONDS
        return self.app

    async def discovered(self) -> Any:
        app = StarletteOAuth2App(
            None,
            "provider",
            client_id=self.client_id,
            client_secret=self.secret,
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": SCOPE,
                "code_challenge_method": "S256",
                "timeout": ANSWER_SECONDS,
                "transport": self.transport,
            },
        )
        metadata = await asked(app.load_server_metadata())
        if str(metadata.get("issuer", "")).rstrip("/") != self.issuer:
            raise SignInError("The sign-in service calls itself by another name than CREDITPULSE_OIDC_ISSUER does.")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
        app.client_kwargs["token_endpoint_auth_method"] = auth_method(self.secret, metadata)
        return app

    def claims(self, app: Any) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": app.server_metadata["issuer"]},
            "aud": {"essential": True, "value": self.client_id},
            "exp": {"essential": True},
            "nonce": {"essential": True},
        }

    async def with_userinfo(self, app: Any, token: Mapping[str, Any], claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims, with those of the userinfo address where the ID token has no e-mail address."""
        if "email" in claims or not app.server_metadata.get("userinfo_endpoint"):
            return claims
        found = await asked(app.userinfo(token=token))
        if found.get("sub") != claims["sub"]:
            raise SignInError("The sign-in service spoke of two people at once.")
        return {**found, **claims}


def verified_email(claims: Mapping[str, Any]) -> str:
    """Raises SignInError. Some providers write `true` as a text."""
    email = address_of(claims.get("email"))
    if email is None:
        raise SignInError("The sign-in service did not say your e-mail address, by which Creditpulse knows people.")
    verified = claims.get("email_verified")
    if verified is not True and verified != "true":
        raise SignInError(
            "The sign-in service has not verified your e-mail address; do that there, then sign in again."
        )
    return email


def auth_method(secret: str | None, metadata: Mapping[str, Any]) -> str:
    if secret is None:
        return "none"
    offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


async def asked(answer: Any) -> Any:
    """Raises UnavailableError where the provider does not answer, SignInError where its answer does not hold."""
    try:
        return await answer
    except httpx2.HTTPError as error:
        logger.warning("the sign-in service does not answer: %s", error, extra={"action": "provider.silent"})
        raise UnavailableError("The sign-in service does not answer; try again in a moment.") from error
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        logger.warning(
            "the sign-in service's answer does not hold: %s",
            type(error).__name__,
            exc_info=error,
            extra={"action": "provider.refused"},
        )
        raise SignInError("What the sign-in service said does not hold; sign in again.") from error


def said(answer: Mapping[str, str]) -> str:
    """Its own word, and no more of it than a word: anybody can write such an address."""
    word = answer["error"]
    return word if word.isascii() and word.replace("_", "").isalnum() and len(word) <= 60 else "an error"


def required(value: str | None, name: str) -> str:
    if not value:
        raise SettingsError(f"with CREDITPULSE_AUTH=oidc set {name} too")
    return value
