from collections.abc import Iterator
from pathlib import Path

import pytest

from stay_signed_in import Session

from ..site import PASSWORD
from .served import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path, refresh_token_secrets=["r" * 32]).start()
    yield server
    server.stop()


@pytest.fixture
def session(served: Served, tmp_path: Path) -> Session:
    return Session(served.url, session_file=str(tmp_path / "private" / "sessions.json"))


@pytest.fixture
def ada(served: Served, session: Session) -> str:
    email = served.register()
    session.sign_in(email, PASSWORD)
    return email
