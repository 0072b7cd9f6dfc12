"""Every setting of the app; each can be an environment variable or a line of `.env` (`TOKEN_LIFETIME_SECONDS=900`)."""

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    #: Signs access tokens. At least 32 random bytes: `python -c "import secrets; print(secrets.token_urlsafe(32))"`.
    secret: SecretStr = Field(min_length=32)
    #: Sign refresh tokens, newest first: the first signs, all verify. Default: derived from `secret`, apart from it.
    refresh_token_secrets: list[SecretStr] = []
    #: How long an access token is good for.
    token_lifetime_seconds: int = Field(default=900, gt=0, le=86_400)
    #: How long a session lives without a refresh: 7 days.
    refresh_token_lifetime_seconds: int = Field(default=604_800, gt=0)
    #: How long a session lives at all: 90 days.
    session_lifetime_seconds: int = Field(default=7_776_000, gt=0)
    #: How long a refresh token may be repeated after a rotation; longer than a client's time-out.
    refresh_grace_seconds: int = Field(default=30, ge=0)
    #: How old a sign-in may be for a password change or a device approval without the password.
    fresh_sign_in_seconds: int = Field(default=300, ge=0)
    #: The address that people open (`https://app.example`). Set it in production: it decides over cookies and origins.
    public_url: str | None = None
    #: Other origins of the same site whose pages may use this server.
    allowed_origins: list[str] = []
    #: Dangerous: lets refresh tokens travel over plain http to another machine. http://localhost works without it.
    allow_insecure_cookies: bool = False
    #: Whether `POST /guest` starts sessions.
    guests: bool = True
    #: Whether only verified users can sign in.
    require_verified_users: bool = False
    auth_prefix: str = "/v1/auth"
    database_url: str = "sqlite+aiosqlite:///app.sqlite"


@lru_cache
def get_settings() -> Settings:
    return Settings()  # type: ignore[call-arg]  # `secret` comes from the environment
