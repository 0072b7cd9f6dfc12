"""The app: fastapi-users with sessions that last, a route and a socket of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from stay_signed_in.fastapi import RefreshRouter
from stay_signed_in.socketio import SocketGuard

from .database import User, create_tables
from .schemas import UserCreate, UserRead, UserUpdate
from .settings import get_settings
from .users import backend, current_user, fastapi_users, get_user_manager


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    yield


settings = get_settings()
app = FastAPI(title="Stay signed in, with fastapi-users", lifespan=lifespan)
app.include_router(RefreshRouter(backend, get_user_manager, UserRead, UserUpdate, UserCreate))
app.include_router(
    fastapi_users.get_users_router(UserRead, UserUpdate), prefix=f"{settings.prefix}/users", tags=["users"]
)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.allowed_origins,
    allow_credentials=True,
    allow_methods=["GET", "POST", "PATCH", "DELETE"],
    allow_headers=["*"],
    expose_headers=["Date", "Retry-After", "Session-Ended"],
)


@app.get("/v1/notes")
async def list_notes(user: User = Depends(current_user)) -> dict[str, str]:
    """A route of the app's own, for somebody who is signed in."""
    return {"owner": str(user.id)}


sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=settings.allowed_origins or None)
guard = SocketGuard(sio, backend)


@sio.event
async def connect(sid: str, _environ: dict[str, Any], auth: object = None) -> None:
    await guard.accept(sid, auth)


@sio.on("whoami")
async def whoami(sid: str) -> dict[str, str]:
    """An event of the app's own, for somebody who is signed in."""
    return {"subject": guard.token_of(sid).subject}


#: What a server runs: `uvicorn app.main:asgi`.
asgi = socketio.ASGIApp(sio, app)
