"""What keeps a part from listening: another one, a foreign address, or the operating system."""

from __future__ import annotations

import os
import socket

import pytest

from resources.embedded.errors import AddressError, EmbeddedError, PortForbiddenError, PortTakenError, refuse_unusable
from resources.embedded.ports import obstacle
from tests.conftest import free_port

# RFC 5737: addresses for documentation, nobody's.
NOWHERE = "192.0.2.1"


@pytest.mark.parametrize("address", [NOWHERE, "kein-rechner.invalid", "127.0.0.1:8000", "2001:db8::1"])
def test_an_address_of_nobody_is_no_taken_port(address: str) -> None:
    with pytest.raises(AddressError, match="BIND_ADDRESS") as told:
        refuse_unusable("API_PORT", free_port(), address)
    assert address in str(told.value)
    assert "belegt" not in str(told.value)


def test_a_taken_port_is_told_as_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert obstacle(port) == "taken"
        with pytest.raises(PortTakenError, match=f"API_PORT.*PID {os.getpid()}"):
            refuse_unusable("API_PORT", port, "127.0.0.1")
    assert obstacle(port) is None


def test_a_port_of_the_system_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert obstacle(80) == "forbidden"
    monkeypatch.undo()
    assert issubclass(PortForbiddenError, EmbeddedError)
    assert "API_PORT=80" in str(PortForbiddenError("API_PORT", 80))
