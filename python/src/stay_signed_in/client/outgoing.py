"""Which requests a session's token goes along with: the rules that every HTTP library's adapter keeps to."""

from collections.abc import Iterable

from .address import origin_of
from .errors import AuthError
from .session import Session


class Outgoing:
    """The requests of one session. The calls block; each request begins with `start`."""

    def __init__(self, session: Session, origins: Iterable[str]) -> None:
        self._session = session
        self._origins = {origin_of(each) for each in (session.address, *origins)}

    def start(self, url: str) -> "SentToken":
        """:raises AuthError: ``invalidOptions`` for another server, and as `Session.access_token`."""
        origin = origin_of(url)
        if origin not in self._origins:
            message = (
                f"The token of {self._session.address} is not sent to {origin}. Name it in `origins` if that is meant."
            )
            raise AuthError("invalidOptions", message)
        stored = self._session.stored()
        return SentToken(self._session, self._session.access_token(), stored.subject if stored else None)


class SentToken:
    """What one request was sent with, and as whom."""

    def __init__(self, session: Session, token: str, subject: str | None) -> None:
        self._session, self._token, self._subject = session, token, subject

    @property
    def header(self) -> str:
        return f"Bearer {self._token}"

    def renew(self) -> "SentToken":
        """For the same person, after a 401. :raises AuthError: ``identityChanged``, and as `Session.renew`."""
        renewed = self._session.renew(self._token)
        now = self._session.stored()
        if now is not None and self._subject is not None and now.subject != self._subject:
            raise AuthError("identityChanged", "Somebody else is signed in by now; the request was not sent as them.")
        return SentToken(self._session, renewed, self._subject)
