"""Signing in a program without a browser of its own (RFC 8628): it shows a code, a person approves it on a page."""

import hashlib
import re
import secrets
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel
from sqlalchemy import BigInteger, select, update
from sqlalchemy.orm import Mapped, mapped_column

from .account import confirm, current_session, current_user, iso
from .database import Base, User
from .refresh import LIVE, AuthSession, Sessions, now_ms
from .users import UserManager, get_user_manager

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LIFETIME_MS, INTERVAL_MS, SLOW_DOWN_MS = 600_000, 5_000, 5_000
router, page = APIRouter(prefix="/device"), APIRouter()
unknown_codes: dict[str, list[float]] = defaultdict(list)


class DeviceCode(Base):
    __tablename__ = "device_code"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    user_code: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    interval_ms: Mapped[int] = mapped_column(BigInteger)
    polled_at: Mapped[int] = mapped_column(BigInteger)
    redeemed_at: Mapped[int] = mapped_column(BigInteger)
    approving_session_id: Mapped[str | None]
    session_id: Mapped[str | None]
    address: Mapped[str]
    user_agent: Mapped[str]


def hash_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@router.post("/code")
async def ask_for_code(request: Request, client_id: str = Form(), sessions: Sessions = Depends()) -> dict[str, Any]:
    device_code = secrets.token_urlsafe(32)
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    now = await sessions.db.scalar(select(now_ms())) or 0
    sessions.db.add(
        DeviceCode(
            code_hash=hash_code(device_code),
            user_code=letters,
            client_id=client_id[:100],
            status="pending",
            created_at=now,
            expires_at=now + LIFETIME_MS,
            interval_ms=INTERVAL_MS,
            polled_at=0,
            redeemed_at=0,
            address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", "")[:200],
        )
    )
    await sessions.db.commit()
    shown = f"{letters[:4]}-{letters[4:]}"
    uri = f"{sessions.url.scheme}://{sessions.url.netloc}/device"
    return {
        "device_code": device_code,
        "user_code": shown,
        "verification_uri": uri,
        "verification_uri_complete": f"{uri}?user_code={shown}",
        "expires_in": LIFETIME_MS // 1000,
        "interval": INTERVAL_MS // 1000,
    }


async def change(sessions: Sessions, code: DeviceCode, expected: str, **values: Any) -> bool:
    """One conditional update: of two requests at once, one goes through."""
    where = (DeviceCode.code_hash == code.code_hash, DeviceCode.status == expected)
    statement = update(DeviceCode).where(*where).values(**values).execution_options(synchronize_session=False)
    changed = await sessions.db.scalar(statement.returning(DeviceCode.code_hash))
    await sessions.db.commit()
    return changed is not None


async def read_code(sessions: Sessions, device_code: str, client_id: str) -> DeviceCode | None:
    wanted = (DeviceCode.code_hash == hash_code(device_code), DeviceCode.client_id == client_id)
    query = select(DeviceCode).where(*wanted).execution_options(populate_existing=True)
    found: DeviceCode | None = await sessions.db.scalar(query)
    return found


async def find_live(sessions: Sessions, session_id: str | None) -> AuthSession | None:
    found: AuthSession | None = await sessions.db.scalar(select(AuthSession).where(AuthSession.id == session_id, *LIVE))
    return found


async def decide(
    sessions: Sessions, user_manager: UserManager, code: DeviceCode | None, now: int
) -> tuple[AuthSession, User] | str:
    """The session of an approved code, or what the device is to be told (RFC 8628 §3.5)."""
    if code is None:
        return "invalid_grant"
    if code.status == "redeemed":
        # The answer may have been lost: the same session's tokens once more, for the grace time.
        session = await find_live(sessions, code.session_id)
        recent = now - code.redeemed_at < sessions.settings.refresh_grace_seconds * 1000
        return (session, await user_manager.get(session.user_id)) if session and recent else "invalid_grant"
    if code.expires_at <= now:
        return "expired_token"
    if code.status == "denied":
        return "access_denied"
    if code.status == "pending":
        too_fast = now - code.polled_at < code.interval_ms
        interval_ms = code.interval_ms + (SLOW_DOWN_MS if too_fast else 0)
        await change(sessions, code, "pending", polled_at=now, interval_ms=interval_ms)
        return "slow_down" if too_fast else "authorization_pending"
    approving = await find_live(sessions, code.approving_session_id)
    if approving is None:
        return "invalid_grant"
    user = await user_manager.get(approving.user_id)
    session = await sessions.start(user, "body", authenticated=False)
    if await change(sessions, code, "approved", status="redeemed", session_id=session.id, redeemed_at=now_ms()):
        return session, user
    # Another request of the same device was quicker: its session is the one.
    await sessions.end([session.id])
    await sessions.db.refresh(code)
    return await decide(sessions, user_manager, code, now)


@router.post("/token")
async def redeem(
    response: Response,
    grant_type: str = Form(),
    device_code: str = Form(),
    client_id: str = Form(),
    sessions: Sessions = Depends(),
    user_manager: UserManager = Depends(get_user_manager),
) -> Any:
    sessions.transport(asks_body=True)
    if grant_type != GRANT_TYPE:
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    now = await sessions.db.scalar(select(now_ms())) or 0
    outcome = await decide(sessions, user_manager, await read_code(sessions, device_code, client_id), now)
    if isinstance(outcome, str):
        return JSONResponse({"error": outcome}, 400)
    return await sessions.answer(response, *outcome)


class TypedCode(BaseModel):
    user_code: str
    password: str | None = None


async def typed_code(
    typed: TypedCode, sessions: Sessions = Depends(), session: AuthSession = Depends(current_session)
) -> DeviceCode:
    """The pending code that was typed; five unknown ones in ten minutes are enough."""
    recent = unknown_codes[str(session.user_id)]
    recent[:] = [moment for moment in recent if time.monotonic() - moment < 600]
    if len(recent) >= 5:
        raise HTTPException(429, "RATE_LIMITED", {"Retry-After": "600"})
    letters = re.sub(r"[\s-]", "", typed.user_code).upper()
    query = select(DeviceCode, now_ms()).where(DeviceCode.user_code == letters, DeviceCode.status == "pending")
    found = (await sessions.db.execute(query)).one_or_none()
    if found is None:
        recent.append(time.monotonic())
        raise HTTPException(404, "DEVICE_CODE_UNKNOWN")
    code, now = found
    if code.expires_at <= now:
        raise HTTPException(410, "DEVICE_CODE_EXPIRED")
    result: DeviceCode = code
    return result


@router.post("/lookup")
async def look_up(code: DeviceCode = Depends(typed_code)) -> dict[str, str]:
    shown = {"client_name": code.client_id, "address": code.address, "user_agent": code.user_agent}
    return shown | {"created_at": iso(code.created_at)}


@router.post("/approve", status_code=204)
async def approve(
    typed: TypedCode,
    code: DeviceCode = Depends(typed_code),
    sessions: Sessions = Depends(),
    session: AuthSession = Depends(current_session),
    user: User = Depends(current_user),
    user_manager: UserManager = Depends(get_user_manager),
) -> None:
    refusal = HTTPException(403, "REAUTHENTICATION_REQUIRED")
    await confirm(sessions, user_manager, user, session, typed.password, refusal)
    if not await change(sessions, code, "pending", status="approved", approving_session_id=session.id):
        raise HTTPException(404, "DEVICE_CODE_UNKNOWN")


@router.post("/deny", status_code=204)
async def deny(code: DeviceCode = Depends(typed_code), sessions: Sessions = Depends()) -> None:
    if not await change(sessions, code, "pending", status="denied"):
        raise HTTPException(404, "DEVICE_CODE_UNKNOWN")


@page.get("/device", include_in_schema=False)
async def show_page() -> HTMLResponse:
    html = Path(__file__).with_name("device.html").read_text()
    # Not framed: a click on "Approve" is to be the person's own.
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
    policy += "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})
