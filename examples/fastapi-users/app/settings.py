"""Every setting of the app; each can be an environment variable or a line of `.env` (`TOKEN_LIFETIME_SECONDS=900`)."""

from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict
from stay_signed_in.fastapi import SessionSettings


class Settings(SessionSettings, BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = "sqlite+aiosqlite:///app.sqlite"


@lru_cache
def get_settings() -> Settings:
    return Settings()  # type: ignore[call-arg]  # `secret` comes from the environment
