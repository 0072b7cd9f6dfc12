"""What the routes ask FastAPI for: the app's own dependencies, handed over, and what is made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi_users.authentication import Authenticator
from sqlalchemy.ext.asyncio import AsyncSession

from .access_tokens import AccessTokenError
from .backend import SessionBackend
from .exchange import Exchange
from .session_row import SessionRow


@dataclass(frozen=True)
class SignedIn:
    """Who sent a request, by which session. A service token has none, and does not get here."""

    user: Any
    row: SessionRow


@dataclass(frozen=True)
class Dependencies:
    backend: SessionBackend[Any, Any]
    user_manager: Callable[..., Any]
    exchange: Callable[..., Exchange]
    current_user: Callable[..., Any]
    signed_in: Callable[..., Any]


def make_dependencies(backend: SessionBackend[Any, Any], get_user_manager: Callable[..., Any]) -> Dependencies:
    def exchange(
        request: Request, response: Response, db: AsyncSession = Depends(backend.get_async_session)
    ) -> Exchange:
        return Exchange(backend, backend.sessions(db), request, response)

    verified = backend.settings.require_verified_users
    current_user = Authenticator([backend], get_user_manager).current_user(active=True, verified=verified)

    async def signed_in(
        request: Request, user: Any = Depends(current_user), found: Exchange = Depends(exchange)
    ) -> SignedIn:
        bearer = request.headers.get("authorization", "").partition(" ")[2]
        try:
            session_id = backend.access_tokens.read(bearer).session_id
        except AccessTokenError:
            session_id = None
        row = await found.sessions.find_live(session_id) if session_id is not None else None
        if row is None:
            raise HTTPException(401)
        return SignedIn(user, row)

    return Dependencies(backend, get_user_manager, exchange, current_user, signed_in)
