"""The example's app, with what the guide's frontend asks for, and with hands for the test.

The page and its script come from the server, as in an app that serves its own frontend.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.main import app, asgi, guard, sio
from app.users import User, backend, current_user
from fastapi import Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel


class Message(BaseModel):
    text: str


@app.post("/api/messages", status_code=204)
async def send(message: Message, user: User = Depends(current_user)) -> None:
    await sio.emit("message", f"{'a guest' if user.is_guest else 'a user'}: {message.text}")


@app.get("/test/sockets")
async def list_sockets() -> list[dict[str, Any]]:
    known = [(sid, guard.token_of(sid)) for sid, _ in sio.manager.get_participants("/", None)]
    return [{"id": sid, "subject": token.subject, "isGuest": token.is_guest} for sid, token in known]


@app.post("/test/disconnect", status_code=204)
async def disconnect() -> None:
    for sid, _ in list(sio.manager.get_participants("/", None)):
        await sio.disconnect(sid)


@app.post("/test/end", status_code=204)
async def end_sessions(request: Request) -> None:
    token = await backend.verify(request.headers["authorization"].removeprefix("Bearer "))
    await backend.end_sessions(UUID(token.subject))


@app.post("/test/hold", status_code=204)
async def hold(path: str) -> None:
    gate.hold(path)


@app.get("/test/held")
async def count_held() -> int:
    return gate.count


@app.get("/test/arrived")
async def list_arrived() -> list[str]:
    return gate.arrived


@app.post("/test/release", status_code=204)
async def release() -> None:
    gate.release()


@app.get("/main.js")
async def script() -> FileResponse:
    return FileResponse(os.environ["FRONTEND_SCRIPT"], media_type="text/javascript")


@app.get("/{path:path}")
async def page(path: str) -> Response:
    return HTMLResponse('<!doctype html><div id="root"></div><script type="module" src="/main.js"></script>')


class Gate:
    """Acts on a request at once, and keeps the answers of one path on their way until they are released."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._path = inner, ""
        #: How many answers are held, or were.
        self.count = 0
        #: What has come in since then, answered or not.
        self.arrived: list[str] = []
        self._open = asyncio.Event()

    def hold(self, path: str) -> None:
        self._path, self.count, self._open = path, 0, asyncio.Event()
        self.arrived = []

    def release(self) -> None:
        self._open.set()
        self._path = ""

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        self.arrived.append(f"{scope.get('method')} {scope.get('path')}")
        if scope.get("path") != self._path:
            return await self._inner(scope, receive, send)
        opened = self._open

        async def send_later(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.count += 1
                await opened.wait()
            await send(message)

        await self._inner(scope, receive, send_later)


#: What a server runs: `uvicorn frontend:gate`.
gate = Gate(asgi)
