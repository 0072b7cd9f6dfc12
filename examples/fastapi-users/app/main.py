"""The app: stock fastapi-users routes, `refresh.router` before them, and what this example adds on top."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import socketio
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_users import FastAPIUsers
from sqlalchemy.exc import SQLAlchemyError

from . import account, device, migrate, refresh
from .database import User, create_tables
from .http import AuthHeadersMiddleware, answer_unavailable
from .schemas import UserCreate, UserRead, UserUpdate
from .settings import get_settings
from .sockets import sio
from .users import get_user_manager


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    yield


settings = get_settings()
prefix = settings.auth_prefix
fastapi_users = FastAPIUsers[User, uuid.UUID](get_user_manager, [refresh.backend])
current_user = fastapi_users.current_user(active=True)

app = FastAPI(title="Stay signed in, with fastapi-users", lifespan=lifespan)
app.include_router(refresh.router, prefix=prefix, tags=["auth"])
app.include_router(account.router, prefix=prefix, tags=["account"])
app.include_router(device.router, prefix=prefix, tags=["device"])
app.include_router(device.page)
app.include_router(migrate.router, prefix=prefix, tags=["auth"])
app.include_router(fastapi_users.get_register_router(UserRead, UserCreate), prefix=prefix, tags=["auth"])
app.include_router(fastapi_users.get_users_router(UserRead, UserUpdate), prefix=f"{prefix}/users", tags=["users"])
app.add_exception_handler(SQLAlchemyError, answer_unavailable)
app.add_middleware(AuthHeadersMiddleware, prefix=prefix)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.allowed_origins,
    allow_credentials=True,
    allow_methods=["GET", "POST", "PATCH", "DELETE"],
    allow_headers=["authorization", "content-type"],
    expose_headers=["Date", "Retry-After"],
)


@app.get("/v1/notes")
async def list_notes(user: User = Depends(current_user)) -> dict[str, str]:
    """A route of the app's own, for somebody who is signed in."""
    return {"owner": str(user.id)}


#: What a server runs: `uvicorn app.main:asgi`.
asgi = socketio.ASGIApp(sio, app)
