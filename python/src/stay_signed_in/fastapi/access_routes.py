"""Sign-in, guest, refresh and sign-out."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users.exceptions import UserNotExists
from pydantic import BaseModel

from .access_tokens import AccessTokenError
from .binding import is_bound_to, read_key_for, read_proved_key
from .dependencies import Dependencies
from .errors import refuse
from .exchange import Exchange
from .guests import find_registered
from .rotation import Refuse
from .route import session_router
from .user import rehashing

CreateGuest = Callable[[Any, Request], Awaitable[Any]]
GuestAnswer = Callable[[Any], dict[str, Any]]


class Presentation(BaseModel):
    refresh_token: str | None = None
    session_id: str | None = None


def access_routes(given: Dependencies, create_guest: CreateGuest, guest_answer: GuestAnswer) -> Any:
    router = session_router(tags=["auth"])
    settings = given.backend.settings

    @router.post("/jwt/login", name="auth:login")
    async def login(
        request: Request,
        response: Response,
        credentials: OAuth2PasswordRequestForm = Depends(),
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> dict[str, Any]:
        transport = exchange.find_transport(asks_body=exchange.wants_body)
        bound_key = read_key_for(exchange, transport)
        # No address holds a NUL, and PostgreSQL takes none.
        credentials.username = credentials.username.replace("\0", "\ufffd")
        with rehashing():
            user = await user_manager.authenticate(credentials)
        if user is None or not user.is_active or user.is_guest:
            exchange.audit("signInFailed", subject=None if user is None else str(user.id))
            refuse(400, "LOGIN_BAD_CREDENTIALS")
        if settings.require_verified_users and not user.is_verified:
            refuse(400, "LOGIN_USER_NOT_VERIFIED")
        row = await exchange.start(user, transport, authenticated=True, bound_key=bound_key)
        answer = exchange.answer(row, False)
        exchange.audit("signedIn", subject=answer["subject"], session_id=row.id)
        await user_manager.on_after_login(user, request, response)
        return answer

    @router.post("/guest", name="auth:guest")
    async def start_guest(
        request: Request,
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> dict[str, Any]:
        if not settings.guests:
            refuse(403, "GUESTS_DISABLED")
        transport = exchange.find_transport(asks_body=exchange.wants_body)
        if await find_registered(exchange):
            refuse(409, "SESSION_EXISTS")
        bound_key = read_key_for(exchange, transport)
        user = await create_guest(user_manager, request)
        if not user.is_guest:
            user = await user_manager.user_db.update(user, {"is_guest": True})
        extra = guest_answer(user)
        row = await exchange.start(user, transport, authenticated=False, bound_key=bound_key)
        answer = exchange.answer(row, True)
        exchange.audit("guestStarted", subject=answer["subject"], session_id=row.id)
        return extra | answer

    @router.post("/jwt/refresh", name="auth:refresh")
    async def refresh(
        body: Presentation | None = None,
        optional: bool = False,
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> dict[str, Any]:
        given_token = body.refresh_token if body else None
        transport = exchange.find_transport(asks_body=given_token is not None)
        texts = [given_token] if given_token is not None else exchange.cookie_values
        if not texts or transport == "none":
            # Browsers print every 401 in red: a page that only asks whether somebody is signed in is spared it.
            if optional:
                return {"access_token": None, "detail": "REFRESH_TOKEN_MISSING"}
            refuse(401, "REFRESH_TOKEN_MISSING")
        presented = await exchange.sessions.presented(texts, transport)
        if not presented:
            refuse(401, "REFRESH_TOKEN_INVALID")
        chosen, *others = presented
        about = {"subject": str(chosen.row.user_id), "session_id": chosen.row.id, "key_id": chosen.key_id}
        if not is_bound_to(exchange, chosen.row, read_proved_key(exchange)):
            exchange.audit("proofRefused", **about)
            refuse(401, "REFRESH_TOKEN_PROOF_INVALID")
        # Whoever proved the key is the same caller wherever the network has put it.
        caller = chosen.row.bound_key or exchange.caller
        rotated = await exchange.sessions.rotate(chosen.row.id, chosen.counter, caller)
        if isinstance(rotated, Refuse):
            if rotated.code == "REFRESH_TOKEN_REUSED":
                exchange.audit("reuseDetected", **about)
            # Of a user who was deactivated, too: it does not revive with the account.
            if rotated.code != "REFRESH_TOKEN_EXPIRED":
                await exchange.end([chosen.row.id])
            refuse(401, rotated.code)
        row = rotated.row
        try:
            is_guest: bool = (await user_manager.get(row.user_id)).is_guest
        except UserNotExists:
            refuse(401, "REFRESH_TOKEN_REVOKED")
        await exchange.end([*row.replaces, *(other.row.id for other in others)])
        exchange.audit(rotated.event, **about)
        answer = exchange.answer(row, is_guest, hands_out=rotated.hands_out)
        exchange.clear_cookies(presented, but=row.id)
        return answer

    @router.post("/jwt/logout", status_code=204, name="auth:logout")
    async def logout(
        request: Request,
        body: Presentation | None = None,
        exchange: Exchange = Depends(given.exchange),
    ) -> None:
        body = body or Presentation()
        transport = exchange.find_transport(asks_body=body.refresh_token is not None)
        texts = [body.refresh_token] if body.refresh_token is not None else exchange.cookie_values
        presented = await exchange.sessions.presented(texts, transport)
        proven = {each.row.id: each.row for each in presented}
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            try:
                named = exchange.backend.access_tokens.read(bearer, allow_expired=True).session_id
                row = await exchange.sessions.find(named) if named is not None else None
                if row is not None:
                    proven[row.id] = row
            except AccessTokenError:
                pass
        meant = list(proven.values())
        only: set[str] | None = None
        if body.session_id is not None:
            # Tabs that sign in at once know of one session each, and the last of them is what the browser goes on with;
            # whoever leaves it does not mean to find an earlier one.
            latest = next((each.row.number for each in presented if each.row.id == body.session_id), 0)
            meant = [row for row in meant if row.id == body.session_id or row.number < latest]
            only = {body.session_id, *(row.id for row in meant)}
        elif presented:
            # Who knows of no session can tell nobody which one it was.
            row = presented[0].row
            exchange.response.headers["session-ended"] = f"{row.number} {row.id}"
        await exchange.end([sid for row in meant for sid in (row.id, *row.replaces)])
        exchange.clear_cookies(presented, only=only)

    return router
