"""Keeps people signed in: sessions that outlive their access tokens.

This is the client for scripts; it needs nothing but Python. For servers see :mod:`stay_signed_in.fastapi` and
:mod:`stay_signed_in.socketio`, for requests :mod:`stay_signed_in.httpx` and
:mod:`stay_signed_in.requests`.
"""

from .client.device import DevicePrompt
from .client.errors import AuthError, SessionEnded, SessionFileError
from .client.session import Session
from .client.session_format import StoredSession

__all__ = ["AuthError", "DevicePrompt", "Session", "SessionEnded", "SessionFileError", "StoredSession"]
