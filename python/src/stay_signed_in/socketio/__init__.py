"""python-socketio for people who are signed in.

:class:`SocketGuard` for a server (``pip install "stay-signed-in[fastapi,socketio]"``), :func:`connect` and
:func:`connect_async` for a client, which needs ``stay-signed-in[socketio]`` alone.
"""

from typing import TYPE_CHECKING, Any

from .connect import connect, connect_async

if TYPE_CHECKING:
    from .guard import SocketGuard

__all__ = ["SocketGuard", "connect", "connect_async"]


def __getattr__(name: str) -> Any:
    # A client's machine has no FastAPI.
    if name == "SocketGuard":
        from .guard import SocketGuard

        return SocketGuard
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
