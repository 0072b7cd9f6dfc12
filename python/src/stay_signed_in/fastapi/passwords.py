"""What a password may be, whatever else the app's own ``validate_password`` asks for (NIST SP 800-63B §5.1.1.2)."""

FEWEST_CHARACTERS, LONGEST_BYTES = 8, 1024


def password_objection(password: str, email: str) -> str | None:
    # By code points: an emoji is a character, whatever it takes to store it.
    if len(password) < FEWEST_CHARACTERS:
        return f"The password must have at least {FEWEST_CHARACTERS} characters."
    if len(password.encode()) > LONGEST_BYTES:
        return f"The password must have at most {LONGEST_BYTES:,} bytes."
    typed, address = password.strip().casefold(), email.casefold()
    if typed in (address, address.rpartition("@")[0]):
        return "The password must not be the e-mail address."
    return None
