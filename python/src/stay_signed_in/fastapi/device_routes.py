"""Signing in a program without a browser of its own (RFC 8628): it shows a code, a person approves it on a page."""

import hashlib
import re
from base64 import b64encode
from importlib.resources import files
from typing import Any

from fastapi import Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from .account_routes import iso
from .audit import client_address, user_agent
from .binding import is_bound_to, read_proved_key
from .confirm import confirm_identity
from .dependencies import Dependencies, SignedIn
from .device_codes import (
    INTERVAL_MS,
    LIFETIME_MS,
    SLOW_DOWN_MS,
    WINDOW_SECONDS,
    DeviceCode,
    DeviceCodes,
    UnknownCodes,
    hash_code,
    read_user_code,
    showable,
)
from .errors import refusal, refuse
from .exchange import Exchange
from .route import session_router
from .session_row import SessionRow
from .tables import now_ms

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class TypedCode(BaseModel):
    user_code: str
    password: str | None = None


async def decide(
    codes: DeviceCodes, code: DeviceCode | None, user_manager: Any, bound_key: str | None
) -> tuple[SessionRow, bool] | str:
    """The session of an approved code and whether it is a guest's, or what the device is told (RFC 8628 §3.5)."""
    exchange = codes.exchange
    if code is None:
        return "invalid_grant"
    if code.status == "redeemed":
        # The answer may have been lost: the same session's tokens once more, for the grace time.
        row = await exchange.sessions.find_live(code.session_id) if code.session_id else None
        if row is None or code.now - code.redeemed_at >= exchange.settings.refresh_grace_seconds * 1000:
            return "invalid_grant"
        if not is_bound_to(exchange, row, bound_key):
            return "invalid_grant"
        return row, (await user_manager.get(row.user_id)).is_guest
    if code.expires_at <= code.now:
        return "expired_token"
    if code.status == "denied":
        return "access_denied"
    if code.status == "pending":
        is_too_soon = code.now - code.polled_at < code.interval_ms
        interval_ms = code.interval_ms + (SLOW_DOWN_MS if is_too_soon else 0)
        await codes.change(code, "pending", polled_at=code.now, interval_ms=interval_ms)
        return "slow_down" if is_too_soon else "authorization_pending"
    approving = await exchange.sessions.find_live(code.approving_session_id) if code.approving_session_id else None
    if approving is None:
        return "invalid_grant"
    user = await user_manager.get(approving.user_id)
    is_guest: bool = user.is_guest
    row = await exchange.start(user, "body", authenticated=False, client_name=code.client_id, bound_key=bound_key)
    if await codes.change(code, "approved", status="redeemed", session_id=row.id, redeemed_at=now_ms()):
        return row, is_guest
    # Another request of the same device was quicker: its session is the one.
    await exchange.end([row.id])
    return await decide(codes, await codes.find(codes.table.c.code_hash == code.code_hash), user_manager, bound_key)


def device_routes(given: Dependencies) -> Any:
    router = session_router(prefix="/device", tags=["device"])
    unknown = UnknownCodes()

    def device_codes(exchange: Exchange = Depends(given.exchange)) -> DeviceCodes:
        return DeviceCodes(exchange)

    @router.post("/code", name="device:code")
    async def ask_for_code(
        request: Request, client_id: str = Form(), codes: DeviceCodes = Depends(device_codes)
    ) -> dict[str, Any]:
        name = showable(client_id, 100) or "A program without a name"
        device_code, letters = await codes.make(name, client_address(request), showable(user_agent(request), 256))
        shown = f"{letters[:4]}-{letters[4:]}"
        root = request.scope.get("root_path", "").rstrip("/")
        uri = f"{codes.exchange.address.origin}{root}{given.backend.settings.prefix}/device"
        return {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": uri,
            "verification_uri_complete": f"{uri}?user_code={shown}",
            "expires_in": LIFETIME_MS // 1000,
            "interval": INTERVAL_MS // 1000,
        }

    @router.post("/token", name="device:token")
    async def redeem(
        grant_type: str = Form(),
        device_code: str = Form(),
        client_id: str = Form(),
        codes: DeviceCodes = Depends(device_codes),
        user_manager: Any = Depends(given.user_manager),
    ) -> Any:
        codes.exchange.find_transport(asks_body=True)
        if grant_type != GRANT_TYPE:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        columns = codes.table.c
        name = showable(client_id, 100) or "A program without a name"
        found = await codes.find(columns.code_hash == hash_code(device_code), columns.client_id == name)
        bound_key = read_proved_key(codes.exchange) if found is not None else None
        outcome = await decide(codes, found, user_manager, bound_key)
        if isinstance(outcome, str):
            return JSONResponse({"error": outcome}, 400)
        return codes.exchange.answer(*outcome)

    async def typed_code(
        typed: TypedCode,
        request: Request,
        signed_in: SignedIn = Depends(given.signed_in),
        codes: DeviceCodes = Depends(device_codes),
    ) -> DeviceCode:
        """The pending code that was typed."""
        names = [f"subject {signed_in.row.user_id}", f"address {client_address(request)}"]
        if unknown.is_exhausted(names):
            codes.exchange.audit("rateLimited", subject=str(signed_in.row.user_id))
            raise refusal(429, "RATE_LIMITED", headers={"Retry-After": str(WINDOW_SECONDS)})
        columns = codes.table.c
        found = await codes.find(columns.user_code == read_user_code(typed.user_code), columns.status == "pending")
        if found is None:
            unknown.count(names)
            refuse(404, "DEVICE_CODE_UNKNOWN")
        if found.expires_at <= found.now:
            refuse(410, "DEVICE_CODE_EXPIRED")
        return found

    @router.post("/lookup", name="device:lookup")
    async def look_up(code: DeviceCode = Depends(typed_code)) -> dict[str, str]:
        shown = {"client_name": code.client_id, "address": code.address, "user_agent": code.user_agent}
        return shown | {"created_at": iso(code.created_at)}

    @router.post("/approve", status_code=204, name="device:approve")
    async def approve(
        typed: TypedCode,
        code: DeviceCode = Depends(typed_code),
        signed_in: SignedIn = Depends(given.signed_in),
        codes: DeviceCodes = Depends(device_codes),
        user_manager: Any = Depends(given.user_manager),
    ) -> None:
        wrong: HTTPException = refusal(403, "REAUTHENTICATION_REQUIRED", "That password is not the account's.")
        await confirm_identity(codes.exchange, user_manager, signed_in, typed.password, wrong)
        if not await codes.change(code, "pending", status="approved", approving_session_id=signed_in.row.id):
            refuse(404, "DEVICE_CODE_UNKNOWN")
        codes.exchange.audit("deviceApproved", subject=str(signed_in.row.user_id), session_id=signed_in.row.id)

    @router.post("/deny", status_code=204, name="device:deny")
    async def deny(
        code: DeviceCode = Depends(typed_code),
        signed_in: SignedIn = Depends(given.signed_in),
        codes: DeviceCodes = Depends(device_codes),
    ) -> None:
        if not await codes.change(code, "pending", status="denied"):
            refuse(404, "DEVICE_CODE_UNKNOWN")
        codes.exchange.audit("deviceDenied", subject=str(signed_in.row.user_id))

    page, policy = _read_page()

    @router.get("", include_in_schema=False, name="device:page")
    async def show_page() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})

    return router


def _read_page() -> tuple[str, str]:
    """The page, and a policy that lets nothing run but what stands in it. Not framed: a click is the person's own."""
    page = files(__package__).joinpath("device.html").read_text("utf-8")

    def hash_of(tag: str) -> str:
        content = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        text = content[1] if content else ""
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    policy = f"default-src 'none'; script-src {hash_of('script')}; style-src {hash_of('style')}; connect-src 'self'; "
    return page, policy + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
