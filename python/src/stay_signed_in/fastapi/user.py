"""What the app's user needs for sessions, and how a changed password or a deactivation reaches them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import randbits
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, event, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, object_session

_rehashing: ContextVar[bool] = ContextVar("stay_signed_in_rehashing", default=False)


class SessionUserMixin:
    """Two columns for the app's user: ``class User(SessionUserMixin, SQLAlchemyBaseUserTableUUID, Base)``.

    ``credential_version`` changes by itself, in the same write, whenever the ORM writes another password or deactivates
    the user; every session that was made before is over then. Statements that pass the ORM by do not change it: call
    :meth:`SessionBackend.end_sessions` after those.
    """

    if TYPE_CHECKING:
        is_guest: bool
        credential_version: int
    else:
        is_guest: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"), nullable=False)
        credential_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", nullable=False)


@contextmanager
def rehashing() -> Iterator[None]:
    """While fastapi-users checks a password it may store the same one under a better hash: that ends nothing."""
    token = _rehashing.set(True)
    try:
        yield
    finally:
        _rehashing.reset(token)


def watch_users(user_model: type[Any], on_change: Callable[[Any], None]) -> None:
    """Renews ``credential_version`` where that is due, and calls `on_change` after the transaction."""

    def after_commit(target: Any, user_id: Any) -> None:
        session = object_session(target)
        if session is not None:
            event.listen(session, "after_commit", lambda _: on_change(user_id), once=True)

    @event.listens_for(user_model, "before_update", propagate=True)
    def before_update(_mapper: Any, _connection: Any, target: Any) -> None:
        attributes = inspect(target).attrs
        has_other_password = attributes.hashed_password.history.has_changes() and not _rehashing.get()
        if has_other_password or (attributes.is_active.history.has_changes() and not target.is_active):
            # Drawn, not counted: of two changes at once, the later must not stand where the earlier stood.
            target.credential_version = randbits(62)
            after_commit(target, target.id)

    @event.listens_for(user_model, "after_delete", propagate=True)
    def after_delete(_mapper: Any, _connection: Any, target: Any) -> None:
        after_commit(target, target.id)
