"""``python -m stay_signed_in login --url https://api.example/v1/auth``, and ``status``, ``token``, ``logout``."""

import argparse
import getpass
import sys
import webbrowser

from . import AuthError, DevicePrompt, Session, SessionEnded, SessionFileError


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m stay_signed_in", description="Who is signed in on this machine.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--url", help="the auth endpoints (default: STAY_SIGNED_IN_URL)")
    shared.add_argument(
        "--session-file", help="default: STAY_SIGNED_IN_SESSION_FILE, else the folder for configuration"
    )
    shared.add_argument(
        "--keyring", action="store_true", default=None, help="the system's keyring (default: STAY_SIGNED_IN_KEYRING)"
    )
    shared.add_argument("--dangerously-allow-http", action="store_true", help="send tokens in the clear on a network")
    commands = parser.add_subparsers(dest="command", required=True)
    login = commands.add_parser("login", parents=[shared], help="sign in by a code, or with --username by a password")
    login.add_argument("--username")
    login.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    login.add_argument("--no-browser", action="store_true", help="do not open the page")
    for name, text in (
        ("status", "say who is signed in"),
        ("token", "print a good access token"),
        ("logout", "sign out"),
    ):
        commands.add_parser(name, parents=[shared], help=text)
    given = parser.parse_args(words)
    try:
        session = Session(
            given.url,
            session_file=given.session_file,
            keyring=given.keyring,
            dangerously_allow_http=given.dangerously_allow_http,
        )
        return _run(given, session)
    except (AuthError, SessionFileError) as error:
        print(error, file=sys.stderr)
        return _exit_code(error)
    except KeyboardInterrupt:
        return 130


def _run(given: argparse.Namespace, session: Session) -> int:
    if given.command == "login":
        signed_in = _login(given, session)
        print(f"Signed in as {signed_in} at {session.address}.", file=sys.stderr)
    elif given.command == "token":
        print(session.access_token())
    elif given.command == "logout":
        session.sign_out()
        print(f"Signed out of {session.address}.", file=sys.stderr)
    else:
        session.access_token()
        stored = session.stored()
        kind = "a guest" if stored and stored.isGuest else "a user"
        print(f"Signed in at {session.address} as {kind}, subject {stored.subject if stored else 'unknown'}.")
    return 0


def _login(given: argparse.Namespace, session: Session) -> str:
    if given.username:
        password = sys.stdin.read().rstrip("\r\n") if given.password_stdin else getpass.getpass("Password: ")
        session.sign_in(given.username, password)
        return str(given.username)

    def show(prompt: DevicePrompt) -> None:
        print(f"Open {prompt.verification_uri} and approve this code: {prompt.user_code}", file=sys.stderr)
        if not given.no_browser:
            webbrowser.open(prompt.verification_uri_complete or prompt.verification_uri)

    return session.sign_in_with_device(show).subject or "somebody"


def _exit_code(error: Exception) -> int:
    """As the Node command's: docs/node-and-cli.md."""
    if isinstance(error, SessionEnded):
        return 3
    if isinstance(error, SessionFileError):
        return 5
    code = error.code if isinstance(error, AuthError) else ""
    return {"unavailable": 4, "badResponse": 4, "invalidOptions": 2, "identityChanged": 3}.get(code, 6)


if __name__ == "__main__":
    sys.exit(main())
