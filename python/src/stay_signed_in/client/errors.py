"""What can go wrong, each with a code to match on and a sentence that says what to do."""

from typing import Literal

AuthErrorCode = Literal[
    "credentialsRejected",
    "rateLimited",
    "guestsDisabled",
    "sessionExists",
    "sessionEnded",
    "identityChanged",
    "unavailable",
    "badResponse",
    "invalidOptions",
]
EndReason = Literal["none", "expired", "revoked"]
SessionFileErrorCode = Literal[
    "sessionFileDamaged",
    "sessionFileTooNew",
    "sessionFileUnsafe",
    "sessionFileUnreadable",
    "sessionFileUnwritable",
    "sessionFileBusy",
    "keyringUnavailable",
]


class AuthError(Exception):
    """A failure of the session. ``code`` is what to match on. No message holds a token or a password."""

    def __init__(self, code: AuthErrorCode, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.code: AuthErrorCode = code
        #: Of the server's answer, if there was one.
        self.status = status


class SessionEnded(AuthError):  # noqa: N818
    """There is no session here (any more), and nobody becomes a guest for it. ``command`` begins a new one."""

    def __init__(self, address: str, reason: EndReason) -> None:
        self.reason: EndReason = reason
        self.command = f"python -m stay_signed_in login --url {address}"
        said = {
            "none": f"Nobody is signed in at {address}.",
            "expired": f"The session at {address} has expired.",
            "revoked": f"The session at {address} was ended by the server.",
        }[reason]
        super().__init__("sessionEnded", f"{said} Sign in with: {self.command}")


class SessionFileError(Exception):
    """The session file, or the keyring in its place, cannot be used. What it held stays as it is."""

    def __init__(self, code: SessionFileErrorCode, path: str, message: str) -> None:
        super().__init__(message)
        self.code: SessionFileErrorCode = code
        self.path = path
