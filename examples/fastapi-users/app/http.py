"""What every answer under the prefix has in common: no cache keeps it, no body is too large, a busy store is a 503."""

import logging

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16 * 1024


class AuthHeadersMiddleware:
    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{self.prefix}/"):
            return await self.app(scope, receive, send)

        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["cache-control"] = "no-store"
                for name in ("Origin", "Cookie", "Authorization"):
                    headers.add_vary_header(name)
            await send(message)

        headers = Headers(scope=scope)
        # A body of unknown length is refused too: nothing here streams.
        too_large = "transfer-encoding" in headers or int(headers.get("content-length", "0")) > MAX_BODY_BYTES
        answer: ASGIApp = JSONResponse({"detail": "BODY_TOO_LARGE"}, 413) if too_large else self.app
        await answer(scope, receive, send_private)


async def answer_unavailable(_: Request, error: Exception) -> Response:
    """A store that fails or is busy says nothing about the session: 503, never 401."""
    logging.getLogger(__name__).error("The database failed.", exc_info=error)
    return JSONResponse({"detail": "STORE_UNAVAILABLE"}, 503, {"Retry-After": "1"})
