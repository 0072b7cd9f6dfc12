"""The real app, served by uvicorn, and what is kept of its sessions."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import socketio
import uvicorn
from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse

from stay_signed_in import Session
from stay_signed_in.fastapi import AccessTokenError
from stay_signed_in.socketio import SocketGuard

from ..site import PASSWORD, Site, make_site, some_address


class Served:
    """The app on a free port, in a thread with a loop of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.settings, self.port = folder, settings, 0
        self.requests: list[str] = []
        self.before_answer: Callable[[], object] = lambda: None

    def start(self, **settings: Any) -> "Served":
        self.settings |= settings
        self.site: Site = make_site(f"sqlite+aiosqlite:///{self.folder}/app.sqlite", **self.settings)

        @self.site.app.middleware("http")
        async def note(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            self.requests.append(f"{request.method} {request.url.path} {response.status_code}")
            return response

        @self.site.app.get("/never")
        async def never() -> Any:
            await asyncio.to_thread(self.before_answer)
            raise HTTPException(401)

        @self.site.app.get("/away")
        async def away(to: str) -> Any:
            return RedirectResponse(to)

        @self.site.app.post("/echo")
        async def echo(request: Request) -> Any:
            try:
                token = await self.site.backend.verify(request.headers["authorization"].removeprefix("Bearer "))
            except AccessTokenError:
                raise HTTPException(401) from None
            return {"subject": token.subject, "body": (await request.body()).decode()}

        sio = socketio.AsyncServer(async_mode="asgi")
        guard = SocketGuard(sio, self.site.backend, check_seconds=0.2)

        async def accept(sid: str, _environ: Any, auth: Any = None) -> None:
            await guard.accept(sid, auth)

        async def who(sid: str) -> str:
            return guard.token_of(sid).subject

        sio.on("connect", accept)
        sio.on("who", who)
        config = uvicorn.Config(
            socketio.ASGIApp(sio, self.site.app), host="127.0.0.1", port=self.port, log_level="error", lifespan="off"
        )
        self.server = uvicorn.Server(config)

        async def serve() -> None:
            async with self.site.app.router.lifespan_context(self.site.app):
                await self.server.serve()
            await self.site.engine.dispose()

        self.thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self.thread.start()
        until(lambda: self.server.started)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1/auth"

    def count(self, request: str) -> int:
        return self.requests.count(request)

    def register(self) -> str:
        email = some_address()
        assert httpx.post(f"{self.url}/register", json={"email": email, "password": PASSWORD}).status_code == 201
        return email


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for what another thread does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.02)


def file_of(session: Session) -> Path:
    assert session.session_file is not None
    return Path(session.session_file)


def spend(session: Session) -> None:
    """As if the stored access token had been got a day ago."""
    text = json.loads(file_of(session).read_text())
    for entry in text["servers"].values():
        entry["session"]["accessTokenSentAt"] -= 86_400_000
        entry["session"]["accessTokenExpiresAt"] -= 86_400_000
    file_of(session).write_text(json.dumps(text))
