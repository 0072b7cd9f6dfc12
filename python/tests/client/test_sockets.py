"""Sockets as whoever is signed in, with python-socketio's clients."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from sqlalchemy import update

from stay_signed_in import AuthError, Session, SessionEnded
from stay_signed_in.socketio import connect, connect_async

from ..site import PASSWORD, SECRET
from .served import Served, until


class TestSockets:
    @pytest.fixture
    def short(self, served: Served) -> Served:
        served.stop()
        return served.start(token_lifetime_seconds=6)

    @pytest.fixture
    async def opened(self) -> AsyncIterator[list[Any]]:
        clients: list[Any] = []
        yield clients
        for client in clients:
            if asyncio.iscoroutinefunction(client.disconnect):
                await client.disconnect()
            else:
                await asyncio.to_thread(client.disconnect)

    async def test_live_on_over_renewals_of_their_token(
        self, short: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client, sync_client = socketio.AsyncClient(), socketio.Client()
        opened += [client, sync_client]
        disconnects: list[Any] = []
        client.on("disconnect", disconnects.append)
        await connect_async(client, session, short.origin)
        await asyncio.to_thread(connect, sync_client, session, short.origin)
        first = session.stored()
        ids = (client.sid, sync_client.sid)
        # Past the end of the token that the handshakes were made with.
        await asyncio.to_thread(until, lambda: time.time() * 1000 > first.accessTokenExpiresAt + 2_000)  # type: ignore
        assert await client.call("who") == first.subject  # type: ignore[union-attr]
        assert await asyncio.to_thread(sync_client.call, "who") == first.subject  # type: ignore[union-attr]
        assert (client.sid, sync_client.sid) == ids and disconnects == []

    async def test_come_back_as_the_same_person_with_a_token_that_a_restarted_server_takes(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        await connect_async(client, session, served.origin)
        subject, old = await client.call("who"), client.sid
        await asyncio.to_thread(served.stop)
        await asyncio.to_thread(served.start, secret=f"another {SECRET}")
        await asyncio.to_thread(until, lambda: client.connected and client.sid not in (None, old))
        assert await client.call("who") == subject

    async def test_come_back_when_the_former_connection_was_still_being_closed_at_the_first_attempt(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        await connect_async(client, session, served.origin)
        subject, old, really_connect = await client.call("who"), client.sid, client.eio.connect

        async def connect_later(*_: Any, **__: Any) -> None:
            client.eio.connect = really_connect
            raise ValueError("Client is not in a disconnected state")

        client.eio.connect = connect_later
        await asyncio.to_thread(served.stop)
        await asyncio.to_thread(until, lambda: client.eio.connect != connect_later)
        await asyncio.to_thread(served.start)
        await asyncio.to_thread(until, lambda: client.connected and client.sid not in (None, old))
        assert await client.call("who") == subject

    async def test_end_with_the_session_and_stay_out(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        ended: list[AuthError] = []
        await connect_async(client, session, served.origin, on_session_ended=ended.append)
        session.sign_out()
        await asyncio.to_thread(until, lambda: len(ended) == 1)
        assert not client.connected and isinstance(ended[0], SessionEnded)
        with pytest.raises(SessionEnded):
            await connect_async(client, session, served.origin)

    async def test_stay_out_when_somebody_else_is_signed_in_by_now(
        self, served: Served, session: Session, ada: str, opened: list[Any]
    ) -> None:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        opened.append(client)
        ended: list[AuthError] = []
        await connect_async(client, session, served.origin, on_session_ended=ended.append)
        await asyncio.to_thread(session.sign_in, served.register(), PASSWORD)
        await asyncio.to_thread(until, lambda: len(ended) == 1)
        assert ended[0].code == "identityChanged" and not client.connected

    # X10
    @pytest.mark.parametrize("how", ["deactivated by SQL", "deleted", "re-passworded"])
    async def test_of_a_user_who_is_shut_out_end(
        self, served: Served, session: Session, ada: str, opened: list[Any], how: str
    ) -> None:
        client = socketio.AsyncClient(reconnection=False)
        opened.append(client)
        await client.connect(served.origin, auth={"token": session.access_token()})
        if how == "deactivated by SQL":
            await served.site.change_user(ada, is_active=False)
        else:
            users = served.site.user_model
            async with served.site.backend.open_session() as db:
                if how == "deleted":
                    from sqlalchemy import delete

                    await db.execute(delete(users).where(users.email == ada))
                else:
                    await db.execute(update(users).where(users.email == ada).values(credential_version=7))
                await db.commit()
        await asyncio.to_thread(until, lambda: client.eio.state == "disconnected")
        refused: list[Any] = []
        client.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(served.origin, auth={"token": session.access_token()}, wait_timeout=5)
        assert refused[0]["data"] == {"code": "TOKEN_INVALID"}

    async def test_without_a_good_token_are_refused_with_a_code(self, served: Served, opened: list[Any]) -> None:
        for auth in ({"token": "nonsense"}, {"token": 7}, {"token": "\0"}, {}, "text"):
            client = socketio.AsyncClient(reconnection=False)
            refused: list[Any] = []
            client.on("connect_error", refused.append)
            with pytest.raises(socketio.exceptions.ConnectionError):
                await client.connect(served.origin, auth=auth, wait_timeout=5)
            assert refused[0]["data"] == {"code": "TOKEN_INVALID"}
