"""Guests: users of the app without credentials, made by its own user manager."""

import secrets
from typing import Any

from fastapi import Request

from .exchange import Exchange
from .settings import SessionSettings

#: No hash: no password ever matches it.
NO_PASSWORD = "!"


def has_password(user: Any) -> bool:
    return not user.hashed_password.startswith(NO_PASSWORD)


async def find_registered(exchange: Exchange) -> bool:
    """Whether the request carries a live session of somebody who is no guest."""
    users = exchange.backend.user_model
    for each in await exchange.presented_in_cookie():
        if each.row.is_live:
            user = await exchange.sessions.db.get(users, each.row.user_id)
            if user is not None and not user.is_guest:
                return True
    return False


def guest_creator(settings: SessionSettings) -> Any:
    async def create_guest(user_manager: Any, request: Request) -> Any:
        """A user with an address of the configured form, for whom ``on_after_register`` runs as for anybody."""
        address = settings.guest_address.replace("{id}", secrets.token_hex(16))
        user = await user_manager.user_db.create(
            {"email": address, "hashed_password": NO_PASSWORD, "is_guest": True, "is_active": True}
        )
        await user_manager.on_after_register(user, request)
        return user

    return create_guest
