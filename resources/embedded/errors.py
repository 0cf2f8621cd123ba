"""Faults of the embedded stack; each text is a German sentence that says what to do next."""

from __future__ import annotations

from resources.embedded.ports import free_port_near, holder_of


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
