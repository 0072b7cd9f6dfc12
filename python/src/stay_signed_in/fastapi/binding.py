"""Which key a request proves, and whether that is the session's (docs/protocol.md, "Bound sessions")."""

from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from .dpop import Proved, verify_proof
from .errors import refuse
from .origin import Transport, is_own_origin
from .route import ProofError, answer_with
from .session_row import SessionRow

if TYPE_CHECKING:
    from .exchange import Exchange

BINDING_REQUIRED = (
    "Sessions here need a key: use bindSession, on https, in a browser that lets this page use IndexedDB; a program: "
    "stay-signed-in login --bind-session."
)


def give_nonce(exchange: "Exchange") -> None:
    """Each answer to a proof has the nonce for the next (RFC 9449 §8.2), whatever else it says."""
    if exchange.settings.session_binding is not None and "dpop" in exchange.request.headers:
        answer_with(exchange.request.scope, "DPoP-Nonce", exchange.backend.nonces.current())


def read_proved_key(exchange: "Exchange") -> str | None:
    """The thumbprint of the key that the request proves; None when it proves none.

    :raises ProofError: 400, in the form of RFC 9449 §5 and §8, which no client takes for the end of a session.
    """
    request, nonces = exchange.request, exchange.backend.nonces
    proofs = request.headers.getlist("dpop")
    if exchange.settings.session_binding is None or not proofs:
        return None

    def is_own_address(address: SplitResult) -> bool:
        return address.path == request.url.path and is_own_origin(address, request, exchange.settings)

    proof = ", ".join(proofs)
    verdict = verify_proof(proof, method=request.method, is_own_address=is_own_address, is_good_nonce=nonces.is_good)
    if verdict == "refused":
        raise ProofError("invalid_dpop_proof")
    # A browser may send a request again by itself when a connection broke: so twice is no theft.
    if not isinstance(verdict, Proved) or not nonces.use_once(verdict.id):
        raise ProofError("use_dpop_nonce")
    return verdict.thumbprint


def require_key(exchange: "Exchange", transport: Transport, bound_key: str | None) -> None:
    """:raises HTTPException: 403 ``SESSION_BINDING_REQUIRED`` where a session would need a key and gets none."""
    # Without a refresh token there is nothing to bind.
    if exchange.settings.session_binding == "required" and transport != "none" and bound_key is None:
        refuse(403, "SESSION_BINDING_REQUIRED", BINDING_REQUIRED)


def read_key_for(exchange: "Exchange", transport: Transport) -> str | None:
    """The key of a session that begins. Asked first: who has to send its proof again has then lost nothing."""
    bound_key = read_proved_key(exchange)
    require_key(exchange, transport, bound_key)
    return bound_key


def is_bound_to(exchange: "Exchange", row: SessionRow, proved_key: str | None) -> bool:
    """Whether this key may go on with the session."""
    if row.bound_key is None:
        return exchange.settings.session_binding != "required"
    return row.bound_key == proved_key
