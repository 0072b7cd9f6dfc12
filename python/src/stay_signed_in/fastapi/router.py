"""All endpoints of sessions, in one router for the app to include."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from fastapi_users.schemas import BaseUser, BaseUserCreate, BaseUserUpdate

from .access_routes import CreateGuest, GuestAnswer, access_routes
from .account_routes import account_routes, session_routes
from .backend import SessionBackend
from .dependencies import make_dependencies
from .device_routes import device_routes
from .guests import guest_creator
from .register_routes import migrate_routes, register_routes
from .setup_checks import warn_of_setup


def _nothing(_: Any) -> dict[str, Any]:
    return {}


class RefreshRouter(APIRouter):
    """The endpoints of sessions under ``settings.prefix``: ``app.include_router(RefreshRouter(…))``, no other prefix.

    It takes the place of ``fastapi_users.get_auth_router(backend)`` and of ``/users/me``. Include it before
    fastapi-users' users router, whose ``PATCH /me`` lets any access token change the password, and before a catch-all
    page; when the app starts, a :class:`SessionSetupWarning` tells of what cannot work.

    ``user_create_schema`` adds ``POST /register``; leave it out to keep a route of the app's own.
    ``create_guest(user_manager, request)`` makes a guest in the app's own way; by default one is made with
    ``settings.guest_address``, and ``on_after_register`` runs. ``guest_answer(user)`` adds
    fields to the answer of ``POST /guest``.
    """

    def __init__(
        self,
        backend: SessionBackend[Any, Any],
        get_user_manager: Callable[..., Any],
        user_schema: type[BaseUser[Any]],
        user_update_schema: type[BaseUserUpdate],
        user_create_schema: type[BaseUserCreate] | None = None,
        *,
        create_guest: CreateGuest | None = None,
        guest_answer: GuestAnswer = _nothing,
    ) -> None:
        settings = backend.settings

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            warn_of_setup(app, settings)
            yield
            await backend.listeners.settled()

        super().__init__(lifespan=lifespan)
        given = make_dependencies(backend, get_user_manager)
        prefix = settings.prefix
        create = create_guest or guest_creator(settings)
        self.include_router(access_routes(given, create, guest_answer), prefix=prefix)
        for path in dict.fromkeys([f"{prefix}/users", settings.users_path or f"{prefix}/users"]):
            self.include_router(account_routes(given, user_schema, user_update_schema), prefix=path)
        self.include_router(session_routes(given), prefix=prefix)
        if user_create_schema is not None:
            self.include_router(register_routes(given, user_schema, user_create_schema), prefix=prefix)
        if settings.device_sign_in:
            self.include_router(device_routes(given), prefix=prefix)
        if settings.stock_tokens_until is not None:
            self.include_router(migrate_routes(given), prefix=prefix)
