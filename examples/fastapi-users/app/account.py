"""The optional rest of PROTOCOL.md: changing the password, and the list of one's own sessions."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import FastAPIUsers, InvalidPasswordException
from pydantic import BaseModel
from sqlalchemy import select

from .database import User
from .refresh import LIVE, AuthSession, Sessions, backend, now_ms, read_claims
from .schemas import UserRead, UserUpdate
from .users import UserManager, get_user_manager

current_user = FastAPIUsers(get_user_manager, [backend]).current_user(active=True)
router = APIRouter()


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


class PasswordChange(BaseModel):
    password: str
    current_password: str | None = None


async def current_session(
    request: Request, sessions: Sessions = Depends(), _: User = Depends(current_user)
) -> AuthSession:
    """The session of the bearer token, which `current_user` has found alive."""
    claims = read_claims(request.headers["authorization"].partition(" ")[2], sessions.settings)
    found = await sessions.db.get(AuthSession, claims["sid"]) if claims else None
    if found is None:
        raise HTTPException(401)
    return found


async def confirm(
    sessions: Sessions,
    user_manager: UserManager,
    user: User,
    session: AuthSession,
    password: str | None,
    refusal: HTTPException,
) -> None:
    """An access token alone does not do here: the password must come along, or the sign-in be a few minutes old."""
    if password is not None:
        credentials = OAuth2PasswordRequestForm(username=user.email, password=password)
        if await user_manager.authenticate(credentials) is None:
            raise refusal
        return
    age = await sessions.db.scalar(select(now_ms() - session.authenticated_at)) or 0
    if age > sessions.settings.fresh_sign_in_seconds * 1000:
        raise HTTPException(403, "REAUTHENTICATION_REQUIRED")


@router.patch("/users/me")
async def change_password(
    change: PasswordChange,
    request: Request,
    response: Response,
    sessions: Sessions = Depends(),
    user: User = Depends(current_user),
    session: AuthSession = Depends(current_session),
    user_manager: UserManager = Depends(get_user_manager),
) -> dict[str, Any]:
    """Ends every session of the user and answers with a new one."""
    transport = sessions.transport(request.headers.get("auth-transport") == "body")
    if user.is_guest:
        raise HTTPException(403, "GUEST")
    wrong = HTTPException(400, "CURRENT_PASSWORD_INVALID")
    await confirm(sessions, user_manager, user, session, change.current_password, wrong)
    version = user.credential_version + 1
    others = (await sessions.db.scalars(select(AuthSession.id).where(AuthSession.user_id == user.id))).all()
    try:
        await user_manager.update(UserUpdate(password=change.password), user, safe=True, request=request)
    except InvalidPasswordException as error:
        raise HTTPException(400, {"code": "UPDATE_USER_INVALID_PASSWORD", "reason": error.reason}) from None
    await sessions.end(others)
    # With the version that this change made: should another change have come after it, no session comes of this one.
    started = await sessions.start(user, transport, authenticated=True, above=session.number, version=version)
    return UserRead.model_validate(user).model_dump(mode="json") | await sessions.answer(response, started, user)


@router.get("/sessions")
async def list_sessions(
    sessions: Sessions = Depends(), session: AuthSession = Depends(current_session)
) -> list[dict[str, Any]]:
    own = select(AuthSession).where(AuthSession.user_id == session.user_id, *LIVE).order_by(AuthSession.number.desc())
    return [
        {
            "id": each.id,
            "created_at": iso(each.created_at),
            "last_refreshed_at": iso(max(each.created_at, each.rotated_at)),
            "expires_at": iso(each.expires_at),
            "user_agent": each.user_agent,
            "client_name": None,
            "current": each.id == session.id,
        }
        for each in await sessions.db.scalars(own)
    ]


@router.delete("/sessions", status_code=204)
async def end_other_sessions(sessions: Sessions = Depends(), session: AuthSession = Depends(current_session)) -> None:
    others = select(AuthSession.id).where(AuthSession.user_id == session.user_id, AuthSession.id != session.id)
    await sessions.end((await sessions.db.scalars(others)).all())


@router.delete("/sessions/{sid}", status_code=204)
async def end_session(
    sid: str, sessions: Sessions = Depends(), session: AuthSession = Depends(current_session)
) -> None:
    own = select(AuthSession.id).where(AuthSession.user_id == session.user_id, AuthSession.id == sid, *LIVE)
    if await sessions.db.scalar(own) is None:
        raise HTTPException(404)
    await sessions.end([sid])
