"""Registration, and the one move from fastapi-users' own tokens to sessions."""

from datetime import datetime, timezone
from typing import Any

from fastapi import Depends, HTTPException, Request
from fastapi_users.authentication import JWTStrategy
from fastapi_users.exceptions import InvalidPasswordException, UserAlreadyExists
from fastapi_users.schemas import BaseUser, BaseUserCreate
from jwt import PyJWTError, decode

from .access_tokens import ALGORITHM
from .binding import read_key_for
from .dependencies import Dependencies
from .errors import refusal
from .exchange import Exchange
from .passwords import password_objection
from .route import session_router


def register_routes(given: Dependencies, user_schema: type[BaseUser[Any]], create_schema: type[BaseUserCreate]) -> Any:
    router = session_router(tags=["auth"])
    typed_schema: Any = create_schema

    @router.post("/register", status_code=201, name="register:register", response_model=user_schema)
    async def register(
        account: typed_schema,
        request: Request,
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> Any:
        objection = password_objection(account.password, account.email)
        if objection is not None:
            raise refusal(400, "REGISTER_INVALID_PASSWORD", objection)
        try:
            user = await user_manager.create(account, safe=True, request=request)
        except UserAlreadyExists:
            raise refusal(400, "REGISTER_USER_ALREADY_EXISTS") from None
        except InvalidPasswordException as error:
            raise refusal(400, "REGISTER_INVALID_PASSWORD", str(error.reason)) from None
        exchange.audit("registered", subject=str(user.id))
        return user_schema.model_validate(user)

    return router


def migrate_routes(given: Dependencies) -> Any:
    """An access token must never lead to a refresh token, and this route lets one do so, so that no guest is lost.

    It takes only tokens that fastapi-users' own strategy made, which end by themselves, and only until
    ``stock_tokens_until``.
    """
    router = session_router(tags=["auth"])
    settings = given.backend.settings

    @router.post("/jwt/migrate", name="auth:migrate")
    async def migrate(
        request: Request,
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> dict[str, Any]:
        """With the old token as the bearer: a new session for the same user, its refresh token in the cookie."""
        until = settings.stock_tokens_until
        if until is None or until <= datetime.now(timezone.utc):
            raise HTTPException(404)
        transport = exchange.find_transport(asks_body=exchange.wants_body)
        token = request.headers.get("authorization", "").partition(" ")[2]
        secret = settings.secret.get_secret_value()
        try:
            claims = decode(token, secret, [ALGORITHM], {"require": ["exp", "sub"]}, audience=settings.audience)
        except (PyJWTError, ValueError, TypeError):
            raise HTTPException(401) from None
        stock: JWTStrategy[Any, Any] = JWTStrategy(settings.secret, None, [settings.audience])
        user: Any = None if "sid" in claims else await stock.read_token(token, user_manager)
        if user is None or not user.is_active:
            raise HTTPException(401)
        is_guest: bool = user.is_guest
        bound_key = read_key_for(exchange, transport)
        # Its password was not checked just now: nothing that asks for a fresh sign-in may come of it.
        row = await exchange.start(user, transport, authenticated=False, bound_key=bound_key)
        return exchange.answer(row, is_guest)

    return router
