"""How long a password may be, whatever else the app's own ``validate_password`` asks for."""

SHORTEST_BYTES, LONGEST_BYTES = 8, 1024


def password_objection(password: str) -> str | None:
    if len(password.encode()) < SHORTEST_BYTES:
        return f"The password must have at least {SHORTEST_BYTES} bytes."
    if len(password.encode()) > LONGEST_BYTES:
        return f"The password must have at most {LONGEST_BYTES:,} bytes."
    return None
