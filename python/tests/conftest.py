from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from .postgres import running_postgres
from .site import PAGE, PROGRAM, Caller, OpenCaller, OpenSite, Site, make_site, some_address


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/app.sqlite"
    url: str | None = request.getfixturevalue("postgres")
    if url is None:
        pytest.skip("PostgreSQL is not installed here")
    return url


@pytest.fixture
async def open_site(database_url: str) -> AsyncIterator[OpenSite]:
    opened: list[Any] = []

    async def open_one(**options: Any) -> Site:
        site = make_site(database_url, **options)
        lifespan = site.app.router.lifespan_context(site.app)
        await lifespan.__aenter__()
        opened.append((site, lifespan))
        return site

    yield open_one
    for site, lifespan in opened:
        await lifespan.__aexit__(None, None, None)
        await site.engine.dispose()


@pytest.fixture
async def site(open_site: OpenSite) -> Site:
    opened: Site = await open_site()
    return opened


@pytest.fixture
async def open_caller(site: Site) -> AsyncIterator[OpenCaller]:
    callers: list[Caller] = []

    def open_one(
        headers: dict[str, str], base_url: str = "http://localhost", *, at: Site = site, address: str = "127.0.0.1"
    ) -> Caller:
        callers.append(Caller(at, headers, base_url, address))
        return callers[-1]

    yield open_one
    for caller in callers:
        await caller.client.aclose()


@pytest.fixture
def page(open_caller: OpenCaller) -> Caller:
    return open_caller(PAGE)


@pytest.fixture
def program(open_caller: OpenCaller) -> Caller:
    return open_caller(PROGRAM)


@pytest.fixture
async def ada(page: Caller) -> str:
    email = some_address()
    assert (await page.register(email)).status_code == 201
    return email
