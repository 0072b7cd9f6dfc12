"""What every answer of our endpoints has in common: no cache keeps it, no body is too large, a busy store is a 503."""

import logging
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

MOST_BODY_BYTES = 16 * 1024
logger = logging.getLogger("stay_signed_in")


class ProofError(Exception):
    """A proof of a key that is not good, in the form of RFC 9449 §5 and §8."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.body = {"error": error, "detail": error.upper()}


_HEADERS = "stay_signed_in.headers"


def answer_with(scope: Scope, name: str, value: str) -> None:
    """Adds a header to whatever the request is answered with, an error as well."""
    scope.setdefault(_HEADERS, {})[name] = value


class SessionRoute(APIRoute):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        own_headers: dict[str, str] = {}
        scope[_HEADERS] = own_headers

        async def send_private(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["cache-control"] = "no-store"
                for name in ("Origin", "Cookie", "Authorization"):
                    headers.add_vary_header(name)
                for name, value in own_headers.items():
                    headers[name] = value
            await send(message)

        async def answer(status: int, detail: Any, headers: dict[str, str] | None = None) -> None:
            await JSONResponse({"detail": detail}, status, headers)(scope, receive, send_private)

        if _is_too_large(Headers(scope=scope)):
            return await answer(413, "BODY_TOO_LARGE")
        try:
            await super().handle(scope, receive, send_private)
        except ProofError as error:
            await JSONResponse(error.body, 400)(scope, receive, send_private)
        except SQLAlchemyError:
            # A store that fails or is busy says nothing about the session: 503, never 401.
            logger.exception("The database failed. Are the tables of sessions there? See docs/fastapi-users.md.")
            if started:
                raise
            await answer(503, "STORE_UNAVAILABLE", {"Retry-After": "1"})
        except UnicodeError:
            # A lone surrogate, which JSON can spell and no answer can repeat.
            if started:
                raise
            await answer(422, [{"type": "string_unicode", "loc": ["body"], "msg": "The text is not valid Unicode."}])


def _is_too_large(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    # A body of unknown length is refused too: nothing here streams.
    return "transfer-encoding" in headers or not length.isdecimal() or int(length) > MOST_BODY_BYTES


def session_router(prefix: str = "", **options: Any) -> APIRouter:
    return APIRouter(prefix=prefix, route_class=SessionRoute, **options)
