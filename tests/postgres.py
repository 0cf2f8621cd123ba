"""The embedded PostgreSQL as the tests start it: what makes data outlast a power cut is left away."""

from __future__ import annotations

from resources.embedded.postgres import EmbeddedPostgres

HASTY = {
    # A server of the tests is thrown away with its data.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Parallel workers share a server where one is given.
    "max_connections": "200",
    # It would go round through hundreds of databases that nobody comes back to.
    "autovacuum": "off",
}
"""Settings for a server that need not survive anything; they change no result of a statement."""


def with_settings(argv: list[str], settings: dict[str, str]) -> list[str]:
    """The server's command line with settings that win over the configuration file's."""
    return [*argv, *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]


class HastyPostgres(EmbeddedPostgres):
    """The embedded server for tests that ask about rows, not about durability."""

    def argv(self) -> list[str]:
        """The command that is the server."""
        return with_settings(super().argv(), HASTY)
