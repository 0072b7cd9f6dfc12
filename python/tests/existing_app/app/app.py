from contextlib import asynccontextmanager

import socketio
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from .db import User, create_db_and_tables
from .schemas import UserCreate, UserRead, UserUpdate
from .sockets import sio
from .users import (
    UserManager,
    auth_backend,
    current_active_user,
    current_superuser,
    fastapi_users,
    get_jwt_strategy,
    get_user_manager,
)


@asynccontextmanager
async def lifespan(app: FastAPI):
    await create_db_and_tables()
    yield


app = FastAPI(lifespan=lifespan)

app.include_router(fastapi_users.get_auth_router(auth_backend), prefix="/auth/jwt", tags=["auth"])
app.include_router(fastapi_users.get_register_router(UserRead, UserCreate), prefix="/auth", tags=["auth"])
app.include_router(fastapi_users.get_reset_password_router(), prefix="/auth", tags=["auth"])
app.include_router(fastapi_users.get_verify_router(UserRead), prefix="/auth", tags=["auth"])
app.include_router(fastapi_users.get_users_router(UserRead, UserUpdate), prefix="/users", tags=["users"])


@app.post("/auth/guest", tags=["auth"])
async def guest(user_manager: UserManager = Depends(get_user_manager)):
    user = await user_manager.create_guest()
    return {"access_token": await get_jwt_strategy().write_token(user), "token_type": "bearer"}


@app.post("/workers/token")
async def worker_token(user: User = Depends(current_superuser)):
    return {"access_token": await get_jwt_strategy().write_token(user)}


@app.get("/v1/notes")
async def notes(user: User = Depends(current_active_user)):
    return {"owner": str(user.id)}


@app.get("/{path:path}", include_in_schema=False)
async def page(path: str):
    return HTMLResponse("<!doctype html><title>The app</title><div id=root></div>")


asgi = socketio.ASGIApp(sio, app)
