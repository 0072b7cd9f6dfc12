"""One move from the stock app's tokens to sessions, so that nobody who was signed in (a guest has no password) is lost.

An access token must never lead to a refresh token, and this route lets one do so. It takes only tokens that the stock
app made, which end by themselves: remove the route once the last of them has expired, an hour after the change with
fastapi-users' usual lifetime.
"""

import uuid
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi_users.authentication import JWTStrategy
from jwt import PyJWTError, decode

from .database import User
from .refresh import ALGORITHM, AUDIENCE, Sessions
from .users import UserManager, get_user_manager

router = APIRouter()


@router.post("/jwt/migrate")
async def migrate(
    request: Request,
    response: Response,
    sessions: Sessions = Depends(),
    user_manager: UserManager = Depends(get_user_manager),
) -> dict[str, Any]:
    """With the old token as the bearer: a new session for the same user, its refresh token in the cookie."""
    transport = sessions.transport(request.headers.get("auth-transport") == "body")
    token = request.headers.get("authorization", "").partition(" ")[2]
    secret = sessions.settings.secret
    try:
        claims = decode(token, secret.get_secret_value(), [ALGORITHM], {"require": ["exp", "sub"]}, audience=AUDIENCE)
    except PyJWTError:
        raise HTTPException(401) from None
    stock: JWTStrategy[User, uuid.UUID] = JWTStrategy(secret, None)
    user = None if "sid" in claims else await stock.read_token(token, user_manager)
    if user is None or not user.is_active:
        raise HTTPException(401)
    # Its password was not checked just now: nothing that asks for a fresh sign-in may come of it.
    return await sessions.answer(response, await sessions.start(user, transport, authenticated=False), user)
