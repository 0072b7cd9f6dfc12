"""What an access token alone never allows, since whoever copied one has it as well."""

from typing import Any

from fastapi import HTTPException
from fastapi.security import OAuth2PasswordRequestForm

from .dependencies import SignedIn
from .errors import refusal, refuse
from .exchange import Exchange
from .guests import has_password
from .user import rehashing


async def confirm_identity(
    exchange: Exchange, user_manager: Any, signed_in: SignedIn, password: str | None, wrong: HTTPException
) -> None:
    """Needs the password with the request whenever the account has one; else a fresh sign-in *and* its own cookie.

    :raises HTTPException: 403 ``REAUTHENTICATION_REQUIRED``, or `wrong` for a password that does not match.
    """
    user, row = signed_in.user, signed_in.row
    if not has_password(user):
        age_ms = row.now - row.authenticated_at
        is_fresh = row.authenticated_at > 0 and age_ms < exchange.settings.fresh_sign_in_seconds * 1000
        if not (is_fresh and await _carries_its_cookie(exchange, signed_in)):
            raise _required("Sign in anew: this account has no password that could come with the request.")
        return
    if password is None:
        raise _required("The account's password must come with this request.")
    credentials = OAuth2PasswordRequestForm(username=user.email, password=password)
    with rehashing():
        found = await user_manager.authenticate(credentials)
    if found is None or found.id != user.id:
        raise wrong


async def _carries_its_cookie(exchange: Exchange, signed_in: SignedIn) -> bool:
    if exchange.find_transport(asks_body=False) != "cookie":
        return False
    row = signed_in.row
    # A dead token that was copied long ago proves nothing.
    return any(
        each.row.id == row.id and each.counter in (row.counter, row.previous)
        for each in await exchange.presented_in_cookie()
    )


def _required(reason: str) -> HTTPException:
    return refusal(403, "REAUTHENTICATION_REQUIRED", reason)


def refuse_guest() -> None:
    refuse(403, "GUEST", "A guest has no password or address to change: register first.")
