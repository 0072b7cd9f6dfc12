"""How a refusal looks on the wire, and the error for settings that cannot be meant."""

from collections.abc import Mapping
from typing import NoReturn

from fastapi import HTTPException


class ConfigurationError(Exception):
    """The set-up cannot work; the message says what to write instead."""


def refusal(
    status: int, code: str, reason: str | None = None, headers: Mapping[str, str] | None = None
) -> HTTPException:
    """``{"detail": CODE}``, or ``{"detail": {"code": CODE, "reason": …}}`` where there is something to explain."""
    detail = code if reason is None else {"code": code, "reason": reason}
    return HTTPException(status, detail, dict(headers) if headers else None)


def refuse(status: int, code: str, reason: str | None = None) -> NoReturn:
    raise refusal(status, code, reason)
