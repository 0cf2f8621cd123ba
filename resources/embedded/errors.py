"""Faults of the embedded stack; each text is a German sentence that says what to do next."""

from __future__ import annotations

from resources.embedded.ports import free_port_near, holder_of, obstacle


class EmbeddedError(RuntimeError):
    """A part cannot be started or stopped; the text is meant for the person at the command line."""


class PortTakenError(EmbeddedError):
    """Somebody else listens where a part wants to."""

    def __init__(self, variable: str, port: int) -> None:
        holder = holder_of(port)
        by = f" von {holder}" if holder else ""
        super().__init__(
            f"Port {port} ({variable}) ist bereits{by} belegt. Frei wäre etwa {variable}={free_port_near(port)}."
        )
        self.variable = variable
        self.port = port


class AddressError(EmbeddedError):
    """The address to listen on is none of this machine's."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"BIND_ADDRESS „{address}“ ist keine Adresse dieses Rechners; richtig wäre zum Beispiel "
            "BIND_ADDRESS=127.0.0.1 (nur dieser Rechner) oder BIND_ADDRESS=0.0.0.0 (alle Netze)."
        )


class PortForbiddenError(EmbeddedError):
    """The operating system keeps this port for others."""

    def __init__(self, variable: str, port: int) -> None:
        super().__init__(
            f"Port {port} ({variable}) darf dieser Benutzer nicht öffnen; Ports unter 1024 gehören dem System. "
            f"Frei wäre etwa {variable}={free_port_near(max(port, 8000))}."
        )


def refuse_unusable(variable: str, port: int, address: str) -> None:
    """Raise what keeps a part from listening there; do nothing when it can."""
    found = obstacle(port, address)
    if found == "taken":
        raise PortTakenError(variable, port)
    if found == "forbidden":
        raise PortForbiddenError(variable, port)
    if found == "address":
        raise AddressError(address)
