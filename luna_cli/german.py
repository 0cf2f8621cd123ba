"""German words where the command-line library has English ones."""

from __future__ import annotations

from typing import Any

import typer
from typer import core, rich_utils


def speak_german() -> None:
    """Rename the library's panels."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "Angaben"
    rich_utils.OPTIONS_PANEL_TITLE = "Optionen"
    rich_utils.COMMANDS_PANEL_TITLE = "Befehle"
    rich_utils.ERRORS_PANEL_TITLE = "So geht es nicht"
    rich_utils.ABORTED_TEXT = "Abgebrochen."


class GermanCommand(core.TyperCommand):
    """A command whose `--help` option explains itself in German."""

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """The `--help` option."""
        return _german(super().get_help_option(ctx))


class GermanGroup(core.TyperGroup):
    """A group whose `--help` option explains itself in German."""

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """The `--help` option."""
        return _german(super().get_help_option(ctx))


def _german(option: Any) -> Any:
    if option is not None:
        option.help = "Diese Hilfe zeigen."
    return option
