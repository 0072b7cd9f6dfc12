"""One's own account, and the list of one's own sessions."""

from datetime import datetime, timezone
from typing import Any

from fastapi import Depends, HTTPException, Request
from fastapi_users.exceptions import InvalidPasswordException, UserAlreadyExists
from fastapi_users.schemas import BaseUser, BaseUserUpdate
from pydantic import create_model

from .binding import read_proved_key
from .confirm import confirm_identity, refuse_guest
from .dependencies import Dependencies, SignedIn
from .errors import refusal
from .exchange import Exchange
from .passwords import password_objection
from .route import session_router


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat()


def account_routes(given: Dependencies, user_schema: type[BaseUser[Any]], update_schema: type[BaseUserUpdate]) -> Any:
    """``GET`` and ``PATCH /me`` in the place of fastapi-users' own, where an access token alone changes everything."""
    router = session_router(tags=["users"])
    # The app's own fields, and the password that has to come with some of them.
    change_schema: Any = create_model("AccountChange", __base__=update_schema, current_password=(str | None, None))

    def shown(user: Any) -> dict[str, Any]:
        return user_schema.model_validate(user).model_dump(mode="json")

    @router.get("/me", name="account:show", response_model=user_schema)
    async def show_me(user: Any = Depends(given.current_user)) -> Any:
        return user_schema.model_validate(user)

    @router.patch("/me", name="account:change")
    async def change_me(
        change: change_schema,
        request: Request,
        user: Any = Depends(given.current_user),
        signed_in: SignedIn = Depends(given.signed_in),
        exchange: Exchange = Depends(given.exchange),
        user_manager: Any = Depends(given.user_manager),
    ) -> dict[str, Any]:
        """A changed password ends every session of the user and answers with a new one."""
        has_other_email = change.email is not None and change.email != user.email
        changes_password = change.password is not None
        transport = exchange.find_transport(asks_body=exchange.wants_body) if changes_password else "none"
        # The session that comes of it is this client's, too, and stays bound to its key.
        bound_key = read_proved_key(exchange) or signed_in.row.bound_key
        if changes_password or has_other_email:
            if user.is_guest:
                refuse_guest()
            wrong = refusal(400, "CURRENT_PASSWORD_INVALID")
            await confirm_identity(exchange, user_manager, signed_in, change.current_password, wrong)
        objection = password_objection(change.password, change.email or user.email) if changes_password else None
        if objection is not None:
            raise refusal(400, "UPDATE_USER_INVALID_PASSWORD", objection)
        fields = change.model_dump(exclude_unset=True, exclude={"current_password"})
        try:
            changed = await user_manager.update(update_schema(**fields), user, safe=True, request=request)
        except InvalidPasswordException as error:
            raise refusal(400, "UPDATE_USER_INVALID_PASSWORD", str(error.reason)) from None
        except UserAlreadyExists:
            raise refusal(400, "UPDATE_USER_EMAIL_ALREADY_EXISTS") from None
        if not changes_password:
            return shown(changed)
        # Of the version that this change made: should another one have come after it, no session comes of this.
        row = await exchange.start(
            changed, transport, authenticated=True, above=signed_in.row.number, bound_key=bound_key
        )
        exchange.audit("passwordChanged", subject=str(row.user_id), session_id=row.id)
        return shown(changed) | exchange.answer(row, False)

    return router


def session_routes(given: Dependencies) -> Any:
    router = session_router(prefix="/sessions", tags=["sessions"])

    @router.get("", name="sessions:list")
    async def list_sessions(
        signed_in: SignedIn = Depends(given.signed_in), exchange: Exchange = Depends(given.exchange)
    ) -> list[dict[str, Any]]:
        sessions = exchange.sessions.table.c
        own = await exchange.sessions.read(sessions.user_id == signed_in.user.id, *exchange.backend.schema.live)
        idle_ms = exchange.settings.refresh_token_lifetime_seconds * 1000
        return [
            {
                "id": row.id,
                "created_at": iso(row.created_at),
                "last_refreshed_at": iso(refreshed_at),
                "expires_at": iso(expires_at),
                "user_agent": row.user_agent,
                "client_name": row.client_name,
                "bound": row.bound_key is not None,
                "current": row.id == signed_in.row.id,
            }
            for row in own
            for refreshed_at, expires_at in [row.coarse_times(idle_ms)]
        ]

    @router.delete("", status_code=204, name="sessions:end_others")
    async def end_other_sessions(
        signed_in: SignedIn = Depends(given.signed_in), exchange: Exchange = Depends(given.exchange)
    ) -> None:
        sessions = exchange.sessions.table.c
        others = (sessions.user_id == signed_in.row.user_id, sessions.id != signed_in.row.id)
        exchange.backend.listeners.announce(await exchange.sessions.end(*others))

    @router.delete("/{session_id}", status_code=204, name="sessions:end")
    async def end_session(
        session_id: str,
        signed_in: SignedIn = Depends(given.signed_in),
        exchange: Exchange = Depends(given.exchange),
    ) -> None:
        # An id has this form only; a NUL within it PostgreSQL would not even take.
        row = await exchange.sessions.find_live(session_id) if session_id.isalnum() else None
        if row is None or row.user_id != signed_in.row.user_id:
            raise HTTPException(404)
        await exchange.end([row.id])

    return router
