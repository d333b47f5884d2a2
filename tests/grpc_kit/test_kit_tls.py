"""TLS: h2 is agreed by ALPN, strangers and plain text are turned away."""

import asyncio
import ssl

import grpc
import pytest
from kit_service import NAME
from kit_world import TLS, kit_world

from aidevos.doors.grpc_interface import Tls

ROOTS = TLS / "roots.pem"
SERVER = Tls(certificate=TLS / "server.pem", key=TLS / "server.key")
MUTUAL = Tls(certificate=SERVER.certificate, key=SERVER.key, client_roots=ROOTS)
PATH = f"/{NAME}/Echo"


def credentials(*, shown: bool) -> grpc.ChannelCredentials:
    pair = [(TLS / f"client.{part}").read_bytes() for part in ("key", "pem")]
    return grpc.ssl_channel_credentials(ROOTS.read_bytes(), *(pair if shown else []))


async def code_over_tls(port: int, *, shown: bool = False) -> grpc.StatusCode:
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials(shown=shown)) as channel:
        call = channel.unary_unary(PATH)(bytes(100_000), timeout=5)
        return await call.code()


async def test_calls_pass_over_tls(kind: str) -> None:
    async with kit_world(kind, SERVER) as world:
        assert await code_over_tls(world.port) is grpc.StatusCode.OK


async def test_only_clients_with_a_certificate_are_let_in_where_it_is_asked_for(kind: str) -> None:
    async with kit_world(kind, MUTUAL) as world:
        assert await code_over_tls(world.port, shown=True) is grpc.StatusCode.OK
        assert await code_over_tls(world.port) is grpc.StatusCode.UNAVAILABLE


async def test_plain_text_is_not_answered_on_a_tls_port(kind: str) -> None:
    async with kit_world(kind, SERVER) as world:
        call = world.unary("Echo")(b"")
        assert await call.code() is grpc.StatusCode.UNAVAILABLE


async def test_who_does_not_speak_h2_is_turned_away(kind: str) -> None:
    context = ssl.create_default_context(cafile=ROOTS)
    context.set_alpn_protocols(["http/1.1"])
    async with kit_world(kind, SERVER) as world:
        try:
            reader, writer = await asyncio.open_connection(
                "localhost", world.port, ssl=context, server_hostname="localhost"
            )
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            answer = await reader.read()
            writer.close()
        except (ssl.SSLError, ConnectionError):
            answer = b""
        assert answer == b""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
async def test_old_versions_of_tls_are_refused(kind: str) -> None:
    context = ssl.create_default_context(cafile=ROOTS)
    context.set_alpn_protocols(["h2"])
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with kit_world(kind, SERVER) as world:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("localhost", world.port, ssl=context)
