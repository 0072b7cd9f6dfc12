"""Sign-in that lasts, for a fastapi-users app: sign-in, guest, refresh and sign-out by the rules of PROTOCOL.md."""

import hashlib
import hmac
import secrets
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import jwt
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, CookieTransport, JWTStrategy
from fastapi_users.exceptions import UserNotExists
from fastapi_users_db_sqlalchemy.generics import GUID
from pydantic import BaseModel
from sqlalchemy import JSON, BigInteger, ClauseElement, case, func, insert, literal, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from .database import Base, User, get_async_session
from .schemas import GUEST_DOMAIN
from .settings import Settings, get_settings
from .users import UserManager, get_user_manager

AUDIENCE, ALGORITHM = "fastapi-users:auth", "HS256"
session_ended_listeners: list[Callable[[str], Awaitable[None]]] = []


class now_ms(FunctionElement[int]):
    """Milliseconds since 1970 by the database's clock, the one clock that several servers share."""

    type, inherit_cache = BigInteger(), True


@compiles(now_ms, "sqlite")
def _now_of_sqlite(*_: Any, **__: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_of_postgresql(*_: Any, **__: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


class AuthSession(Base):
    """One sign-in on one device. It holds no token: a refresh token is this row's id and counter under a MAC."""

    __tablename__ = "auth_session"
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    # No foreign key: the sessions of a deleted user still answer `REFRESH_TOKEN_REVOKED`.
    user_id: Mapped[uuid.UUID] = mapped_column(GUID, index=True)
    credential_version: Mapped[int]
    transport: Mapped[str]
    salt: Mapped[bytes]
    counter: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[int] = mapped_column(BigInteger)
    rotated_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    authenticated_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    absolute_expires_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    replaces: Mapped[list[str]] = mapped_column(JSON)
    user_agent: Mapped[str]


USERS = User.__table__.c
_same_user = (
    USERS.id == AuthSession.user_id,
    USERS.is_active,
    USERS.credential_version == AuthSession.credential_version,
)
SAME_USER = select(USERS.id).where(*_same_user).correlate(AuthSession).exists()
LIVE = (AuthSession.ended_at.is_(None), AuthSession.expires_at > now_ms(), SAME_USER)


def read_claims(token: str, settings: Settings, allow_expired: bool = False) -> dict[str, Any] | None:
    """What a genuine access token says. No refresh token is one: that is no JWT, and its key is another."""
    options: Any = {"require": ["exp", "iat", "sub", "sid"], "verify_exp": not allow_expired}
    secret = settings.secret.get_secret_value()
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options, audience=AUDIENCE, leeway=5)
    except jwt.PyJWTError:
        return None
    return claims if claims["exp"] - claims["iat"] <= 86_400 else None


class AccessTokenStrategy(JWTStrategy[User, uuid.UUID]):
    """fastapi-users' JWT strategy, for tokens that name their session and count only while it lives."""

    def __init__(
        self, db: AsyncSession = Depends(get_async_session), settings: Settings = Depends(get_settings)
    ) -> None:
        super().__init__(settings.secret, settings.token_lifetime_seconds, [AUDIENCE], ALGORITHM)
        self.db, self.settings = db, settings

    def sign(self, session: AuthSession, user: User, now: int) -> tuple[str, int]:
        lifetime = min(self.settings.token_lifetime_seconds, (session.absolute_expires_at - now) // 1000 + 1)
        claims: dict[str, Any] = {"sub": str(user.id), "sid": session.id, "aud": AUDIENCE, "jti": uuid.uuid4().hex}
        claims |= {"iat": now // 1000, "exp": now // 1000 + lifetime} | ({"is_guest": True} if user.is_guest else {})
        secret = self.settings.secret.get_secret_value()
        return jwt.encode(claims, secret, ALGORITHM, headers={"typ": "at+jwt"}), lifetime

    async def read_token(self, token: str | None, user_manager: BaseUserManager[User, uuid.UUID]) -> User | None:
        claims = read_claims(token or "", self.settings)
        if claims is None:
            return None
        same = (AuthSession.id == claims["sid"], *LIVE)
        user: User | None = await self.db.scalar(
            select(User).join(AuthSession, USERS.id == AuthSession.user_id).where(*same)
        )
        return user


class Sessions:
    """What the routes do with sessions, for one request."""

    def __init__(
        self,
        request: Request,
        db: AsyncSession = Depends(get_async_session),
        settings: Settings = Depends(get_settings),
    ) -> None:
        self.db, self.settings, self.headers = db, settings, request.headers
        self.url = urlsplit(settings.public_url or f"{request.url.scheme}://{self.headers.get('host', '')}")
        self.secure = self.url.scheme == "https"
        port = f"{self.url.port}." if settings.public_url and self.url.port else ""
        self.cookie_start = "__Host-Http-refresh_token." if self.secure else f"refresh_token.{port}"
        length = len(self.cookie_start) + 8
        names = (name for name in request.cookies if name.startswith(self.cookie_start) and len(name) == length)
        self.cookies = {name: request.cookies[name] for name in names}

    def transport(self, asks_body: bool) -> str:
        """What kind of refresh token this request may have: PROTOCOL, "Cross-site requests", in its order."""
        origin, site, cookie = (self.headers.get(name) for name in ("origin", "sec-fetch-site", "cookie"))
        if asks_body or (origin is None and site is None):
            if origin is not None or site is not None or cookie is not None:
                raise HTTPException(403, "ORIGIN_NOT_ALLOWED")
            return "body" if asks_body else "none"
        own = f"{self.url.scheme if self.settings.public_url else urlsplit(origin or '').scheme}://{self.url.netloc}"
        host = f".{self.url.hostname}"
        private = self.secure or host.endswith((".localhost", ".::1")) or host.startswith(".127.")
        same_origin = site == "same-origin" if site is not None else origin == own
        allowed = origin in self.settings.allowed_origins or same_origin
        if not (allowed and (private or self.settings.allow_insecure_cookies)):
            raise HTTPException(403, "ORIGIN_NOT_ALLOWED")
        return "cookie"

    async def set_cookie(self, response: Response, name: str, token: str = "", max_age: int = 0) -> None:
        """fastapi-users' cookie transport, with a name for each session; without a token it clears the cookie."""
        path = "/" if self.secure else self.settings.auth_prefix
        transport = CookieTransport(name, max_age, path, cookie_secure=self.secure, cookie_samesite="strict")
        made = await transport.get_login_response(token)
        response.headers.append("set-cookie", made.headers["set-cookie"])

    def make_token(self, session: AuthSession, counter: int, key_id: str | None = None) -> str | None:
        """The one refresh token of this session and counter, under the newest key or the named one; None without it."""
        settings, context = self.settings, b"refresh token"
        ring = settings.refresh_token_secrets or [settings.secret]
        master = [hmac.digest(key.get_secret_value().encode(), context, "sha256") for key in ring]
        keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in master}
        key_id = key_id or next(iter(keys))
        if key_id not in keys:
            return None
        key = hmac.digest(hmac.digest(session.salt, keys[key_id], "sha256"), context + b"\x01", "sha256")  # RFC 5869
        content = bytes.fromhex(session.id) + counter.to_bytes(8, "big")
        mac = hmac.digest(key, b"ssr1 %b %b" % (session.transport.encode(), content), "sha256")
        return ".".join(["ssr1", key_id, *(urlsafe_b64encode(part).decode().rstrip("=") for part in (content, mac))])

    async def presented(self, tokens: Iterable[str], transport: str) -> list[tuple[AuthSession, int]]:
        """The sessions that `tokens` are genuine for, whatever has become of them; the highest number first."""
        found: dict[str, tuple[AuthSession, int]] = {}
        for token in list(tokens)[:64]:
            try:
                _, key_id, content, _ = token.split(".")
                sid, counter = (raw := urlsafe_b64decode(content)[:24])[:16].hex(), int.from_bytes(raw[16:], "big")
            except ValueError:
                continue
            session = await self.db.get(AuthSession, sid, populate_existing=True)
            if session is None or session.transport != transport:
                continue
            genuine = self.make_token(session, counter, key_id) or ""
            if hmac.compare_digest(genuine.encode(), token.encode()) and counter > found.get(sid, (None, 0))[1]:
                found[sid] = (session, counter)
        return sorted(found.values(), key=lambda each: -each[0].number)

    async def start(
        self, user: User, transport: str, authenticated: bool, above: int = 0, version: int | None = None
    ) -> AuthSession:
        """A new session. What the request presents ends when the new session is first presented, not before."""
        presented = await self.presented(self.cookies.values(), transport) if transport == "cookie" else []
        above = max([above, *(session.number for session, _ in presented)])
        ways = (func.max(AuthSession.number) + 1, literal(above + 1), now_ms())
        drawn = union_all(*(select(way.label("number")) for way in ways)).subquery()
        version = user.credential_version if version is None else version
        life = self.settings.session_lifetime_seconds * 1000
        idle = min(self.settings.refresh_token_lifetime_seconds * 1000, life)
        values: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "number": select(func.max(drawn.c.number)).scalar_subquery(),
            "user_id": user.id,
            "credential_version": version,
            "transport": transport,
            "salt": secrets.token_bytes(32),
            "counter": 1,
            "previous": 0,
            "rotated_at": 0,
            "created_at": now_ms(),
            "authenticated_at": now_ms() if authenticated else 0,
            "expires_at": now_ms() + idle,
            "absolute_expires_at": now_ms() + life,
            "replaces": [session.id for session, _ in presented],
            "user_agent": self.headers.get("user-agent", "")[:200],
        }
        types = {name: AuthSession.__table__.c[name].type for name in values}
        row: list[Any] = [v if isinstance(v, ClauseElement) else literal(v, types[k]) for k, v in values.items()]
        same_user = (USERS.id == user.id, USERS.is_active, USERS.credential_version == version)
        insertion = insert(AuthSession).from_select(list(values), select(*row).where(*same_user)).returning(AuthSession)
        for _ in range(8):
            try:
                async with self.db.begin_nested():
                    session: AuthSession | None = await self.db.scalar(insertion)
                await self.db.commit()
            except IntegrityError:
                continue  # On PostgreSQL another sign-in can draw the same number in the same moment.
            if session is None:
                raise HTTPException(400, "LOGIN_BAD_CREDENTIALS")
            return session
        raise HTTPException(503, "TRY_AGAIN")

    async def rotate(self, sid: str, presented: int) -> AuthSession:
        """One step of PROTOCOL's rotation table. Whoever changes no row reads again and decides anew."""
        grace = self.settings.refresh_grace_seconds * 1000
        read = select(AuthSession, SAME_USER, now_ms()).where(AuthSession.id == sid)
        row: AuthSession
        for _ in range(8):
            row, same_user, now = (await self.db.execute(read, execution_options={"populate_existing": True})).one()
            if row.ended_at is not None or not same_user:
                raise HTTPException(401, "REFRESH_TOKEN_REVOKED")
            if row.expires_at <= now:
                raise HTTPException(401, "REFRESH_TOKEN_EXPIRED")
            if presented < row.counter and presented != row.previous:
                await self.end([sid])
                raise HTTPException(401, "REFRESH_TOKEN_REUSED")
            if presented > row.counter:
                grace = 0  # a database restored from a backup
            elif now - grace < row.rotated_at:
                return row
            # Was it the previous one, then the answer that carried the current one was lost. That counter is dead from
            # now on: it is neither the next nor, as the presented one is, the previous.
            idle = now_ms() + self.settings.refresh_token_lifetime_seconds * 1000
            until = case((AuthSession.absolute_expires_at < idle, AuthSession.absolute_expires_at), else_=idle)
            unchanged = (AuthSession.counter == row.counter, AuthSession.previous == row.previous)
            due = (AuthSession.id == sid, AuthSession.rotated_at <= now_ms() - grace, *unchanged, *LIVE)
            changes = {"counter": max(row.counter, presented) + 1, "previous": presented, "rotated_at": now_ms()}
            step = update(AuthSession).where(*due).values(**changes, expires_at=until)
            step = step.execution_options(synchronize_session=False)
            rotated: AuthSession | None = await self.db.scalar(
                step.returning(AuthSession), execution_options={"populate_existing": True}
            )
            await self.db.commit()
            if rotated is not None:
                return rotated
        raise HTTPException(503, "TRY_AGAIN")

    async def end(self, ids: Iterable[str]) -> None:
        open_ones = update(AuthSession).where(AuthSession.id.in_(list(ids)), AuthSession.ended_at.is_(None))
        ending = open_ones.values(ended_at=now_ms()).execution_options(synchronize_session=False)
        ended = (await self.db.scalars(ending.returning(AuthSession.id))).all()
        await self.db.commit()
        for sid in ended:
            for listener in session_ended_listeners:
                await listener(sid)

    async def answer(self, response: Response, session: AuthSession, user: User) -> dict[str, Any]:
        """The token answer: the refresh token goes into a cookie or into the body, never into both."""
        now = await self.db.scalar(select(now_ms())) or 0
        token, lifetime = AccessTokenStrategy(self.db, self.settings).sign(session, user, now)
        body = {"access_token": token, "token_type": "bearer", "expires_in": lifetime, "subject": str(user.id)}
        body |= {"session": {"id": session.id, "number": session.number}}
        refresh_token = self.make_token(session, session.counter) or ""
        if session.transport == "cookie":
            name, max_age = self.cookie_start + session.id[:8], (session.expires_at - now) // 1000
            await self.set_cookie(response, name, refresh_token, max_age)
        return body | ({"refresh_token": refresh_token} if session.transport == "body" else {})


class Presented(BaseModel):
    refresh_token: str | None = None
    session_id: str | None = None


backend = AuthenticationBackend("jwt", BearerTransport("jwt/login"), AccessTokenStrategy)
router = APIRouter()


@router.post("/jwt/login")
async def login(
    request: Request,
    response: Response,
    credentials: OAuth2PasswordRequestForm = Depends(),
    sessions: Sessions = Depends(),
    user_manager: UserManager = Depends(get_user_manager),
) -> dict[str, Any]:
    transport = sessions.transport(request.headers.get("auth-transport") == "body")
    user = await user_manager.authenticate(credentials)
    if user is None or not user.is_active or user.is_guest:
        raise HTTPException(400, "LOGIN_BAD_CREDENTIALS")
    if sessions.settings.require_verified_users and not user.is_verified:
        raise HTTPException(400, "LOGIN_USER_NOT_VERIFIED")
    answer = await sessions.answer(response, await sessions.start(user, transport, authenticated=True), user)
    await user_manager.on_after_login(user, request, response)
    return answer


@router.post("/guest")
async def start_guest(
    request: Request,
    response: Response,
    sessions: Sessions = Depends(),
    user_manager: UserManager = Depends(get_user_manager),
) -> dict[str, Any]:
    if not sessions.settings.guests:
        raise HTTPException(403, "GUESTS_DISABLED")
    transport = sessions.transport(request.headers.get("auth-transport") == "body")
    ids = [session.id for session, _ in await sessions.presented(sessions.cookies.values(), "cookie")]
    registered = select(AuthSession).join(User, USERS.id == AuthSession.user_id).where(AuthSession.id.in_(ids), *LIVE)
    if await sessions.db.scalar(registered.where(User.is_guest.is_(False))):
        raise HTTPException(409, "SESSION_EXISTS")
    # "!" is no hash: no password ever matches it.
    guest = {"email": f"{uuid.uuid4().hex}{GUEST_DOMAIN}", "hashed_password": "!", "is_guest": True}
    user = await user_manager.user_db.create(guest)
    return await sessions.answer(response, await sessions.start(user, transport, authenticated=False), user)


@router.post("/jwt/refresh")
async def refresh(
    response: Response,
    body: Presented | None = None,
    sessions: Sessions = Depends(),
    user_manager: UserManager = Depends(get_user_manager),
) -> dict[str, Any]:
    given = body.refresh_token if body else None
    transport = sessions.transport(given is not None)
    tokens = [given] if given is not None else list(sessions.cookies.values())
    if not tokens or transport == "none":
        raise HTTPException(401, "REFRESH_TOKEN_MISSING")
    presented = await sessions.presented(tokens, transport)
    if not presented:
        raise HTTPException(401, "REFRESH_TOKEN_INVALID")
    (chosen, counter), *others = presented
    session = await sessions.rotate(chosen.id, counter)
    try:
        user = await user_manager.get(session.user_id)
    except UserNotExists:
        raise HTTPException(401, "REFRESH_TOKEN_REVOKED") from None
    await sessions.end([*session.replaces, *(other.id for other, _ in others)])
    answer = await sessions.answer(response, session, user)
    for name in sessions.cookies:
        if name != sessions.cookie_start + session.id[:8]:
            await sessions.set_cookie(response, name)
    return answer


@router.post("/jwt/logout", status_code=204)
async def logout(
    request: Request, response: Response, body: Presented | None = None, sessions: Sessions = Depends()
) -> None:
    body = body or Presented()
    transport = sessions.transport(body.refresh_token is not None)
    tokens = [body.refresh_token] if body.refresh_token is not None else sessions.cookies.values()
    proven = {session.id: session for session, _ in await sessions.presented(tokens, transport)}
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    claims = read_claims(bearer, sessions.settings, allow_expired=True) if scheme.lower() == "bearer" else None
    if claims and (session := await sessions.db.get(AuthSession, claims["sid"])):
        proven[session.id] = session
    meant = [session for sid, session in proven.items() if body.session_id in (None, sid)]
    await sessions.end([sid for session in meant for sid in (session.id, *session.replaces)])
    short = None if body.session_id is None else body.session_id[:8]
    for name in sessions.cookies:
        if short is None or name == sessions.cookie_start + short:
            await sessions.set_cookie(response, name)
