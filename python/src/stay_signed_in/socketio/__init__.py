"""python-socketio for people who are signed in: :class:`SocketGuard` for a server."""

from .guard import SocketGuard

__all__ = ["SocketGuard"]
