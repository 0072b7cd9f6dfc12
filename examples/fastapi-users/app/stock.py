"""A fastapi-users app as its documentation makes one, without any refresh: what a backend is before this example.

`uvicorn app.stock:app`. It shares the database, the schemas and the user manager with `main`.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi_users import FastAPIUsers
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy

from .database import User, create_tables
from .schemas import UserCreate, UserRead, UserUpdate
from .settings import get_settings
from .users import get_user_manager

settings = get_settings()
prefix = settings.prefix


def get_jwt_strategy() -> JWTStrategy[User, uuid.UUID]:
    return JWTStrategy(secret=settings.secret, lifetime_seconds=settings.token_lifetime_seconds)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await create_tables()
    yield


backend = AuthenticationBackend("jwt", BearerTransport("jwt/login"), get_jwt_strategy)
fastapi_users = FastAPIUsers[User, uuid.UUID](get_user_manager, [backend])
current_user = fastapi_users.current_user(active=True)

app = FastAPI(title="Stock fastapi-users", lifespan=lifespan)
app.include_router(fastapi_users.get_auth_router(backend), prefix=f"{prefix}/jwt", tags=["auth"])
app.include_router(fastapi_users.get_register_router(UserRead, UserCreate), prefix=prefix, tags=["auth"])
app.include_router(fastapi_users.get_users_router(UserRead, UserUpdate), prefix=f"{prefix}/users", tags=["users"])


@app.get("/v1/notes")
async def list_notes(user: User = Depends(current_user)) -> dict[str, str]:
    return {"owner": str(user.id)}
