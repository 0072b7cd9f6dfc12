"""Sessions that outlive their access tokens, for an app on fastapi-users: ``pip install "stay-signed-in[fastapi]"``.

Put a :class:`SessionBackend` where ``AuthenticationBackend`` was and include a :class:`RefreshRouter`. The guide, step
by step, for an app that exists already: docs/fastapi-users.md.
"""

from .access_tokens import AccessToken, AccessTokenError
from .audit import AuditEvent, Ended
from .backend import SessionBackend
from .errors import ConfigurationError
from .router import RefreshRouter
from .schemas import SessionUserRead
from .settings import SessionSettings
from .setup_checks import SessionSetupWarning
from .strategy import SessionStrategy
from .user import SessionUserMixin

__all__ = [
    "AccessToken",
    "AccessTokenError",
    "AuditEvent",
    "ConfigurationError",
    "Ended",
    "RefreshRouter",
    "SessionBackend",
    "SessionSettings",
    "SessionSetupWarning",
    "SessionStrategy",
    "SessionUserMixin",
    "SessionUserRead",
]
