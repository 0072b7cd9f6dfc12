"""Every setting of the server side, with its default."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class SessionSettings(BaseModel):
    """What a :class:`SessionBackend` is configured by. Only ``secret`` has no default; an unknown name is an error.

    To read it from the environment, derive from it and from pydantic-settings' ``BaseSettings``::

        class Settings(SessionSettings, BaseSettings):
            model_config = SettingsConfigDict(env_file=".env", extra="ignore")
    """

    model_config = ConfigDict(extra="forbid")

    #: Signs access tokens. At least 32 random bytes: ``python -c "import secrets; print(secrets.token_urlsafe(32))"``.
    secret: SecretStr = Field(min_length=1)
    #: Where the endpoints are. Include the router without a prefix of its own.
    prefix: str = "/v1/auth"
    #: Where else ``GET`` and ``PATCH …/me`` answer, for an app whose users are not under ``prefix``: ``/users``.
    users_path: str | None = None
    #: Sign refresh tokens, newest first: the first signs, all verify. Default: derived from ``secret``, apart from it.
    refresh_token_secrets: list[SecretStr] = []
    #: How long an access token is good for.
    token_lifetime_seconds: int = Field(default=900, gt=0, le=86_400)
    #: How long a session lives without a refresh: 7 days.
    refresh_token_lifetime_seconds: int = Field(default=604_800, gt=0)
    #: How long a session lives at all: 90 days.
    session_lifetime_seconds: int = Field(default=7_776_000, gt=0)
    #: How long a refresh token may be repeated after a rotation; longer than a client's time-out.
    refresh_grace_seconds: int = Field(default=30, ge=0)
    #: How old the sign-in of an account without a password may be for what an access token alone never allows.
    fresh_sign_in_seconds: int = Field(default=300, ge=0)
    #: The address that people open, ``https://app.example``. Set it in production: cookies and origins go by it.
    public_url: str | None = None
    #: Other origins of the same site whose pages may use this server. They need ``CORSMiddleware``, too.
    allowed_origins: list[str] = []
    #: Dangerous: lets refresh tokens travel over plain http to another machine. http://localhost works without it.
    allow_insecure_cookies: bool = False
    #: For a page that is embedded in pages of other sites: one cookie jar for each of them (CHIPS). On https only.
    partitioned_cookies: bool = False
    #: Whether sessions are bound to a key of the client that nobody can copy (DPoP, RFC 9449): ``optional`` where the
    #: client proves one at sign-in, ``required`` always. Sessions that were made without one end at ``required``.
    session_binding: Literal["optional", "required"] | None = None
    #: Whether ``POST /guest`` starts sessions.
    guests: bool = True
    #: The e-mail address that a guest gets; ``{id}`` is replaced by 32 random hexadecimal digits.
    guest_address: str = "{id}@guest.invalid"
    #: Whether ``/device`` signs in programs that have no browser (RFC 8628).
    device_sign_in: bool = True
    #: Whether only verified users can sign in.
    require_verified_users: bool = False
    #: The claim ``aud`` of access tokens.
    audience: str = "fastapi-users:auth"
    #: The claim ``aud`` of service tokens, which have no session.
    service_audience: str = "fastapi-users:service"
    #: The claim ``iss``, where several servers share a secret.
    issuer: str | None = None
    #: Until when ``POST /jwt/migrate`` takes tokens of fastapi-users' own JWTStrategy. Default: never.
    stock_tokens_until: datetime | None = None

    @field_validator("prefix", "users_path")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        if path and (not path.startswith("/") or path.endswith("/")):
            raise ValueError("A path begins with / and does not end with it, as /v1/auth.")
        return path

    @field_validator("guest_address")
    @classmethod
    def _has_a_place_for_the_id(cls, address: str) -> str:
        if "{id}" not in address or "@" not in address:
            raise ValueError("A guest's address holds {id} and an @, as {id}@guest.invalid.")
        return address

    @field_validator("service_audience")
    @classmethod
    def _is_an_audience_of_its_own(cls, audience: str, info: object) -> str:
        if audience == getattr(info, "data", {}).get("audience"):
            raise ValueError("Service tokens need another audience than access tokens: they have no session to end.")
        return audience

    @field_validator("stock_tokens_until")
    @classmethod
    def _names_its_zone(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.tzinfo is None:
            raise ValueError("Name the time zone: 2026-12-01T00:00:00Z.")
        return moment
