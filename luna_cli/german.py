"""German words where the command-line library has English ones: its help pages and its complaints."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer import core, rich_utils

_USAGE = (
    ("Usage: ", "Aufruf: "),
    ("[OPTIONS]", "[OPTIONEN]"),
    ("COMMAND [ARGS]...", "BEFEHL [ANGABEN]"),
)
_ARGUMENT = re.compile(r"\{([^{}]+)\}(\.\.\.)?")
_COMPLAINTS = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (
            r"No such option: (?P<a>.+?) \(Possible options: (?P<b>.+)\)",
            "Die Option {a} gibt es hier nicht. Gemeint ist vielleicht {b}.",
        ),
        (r"No such option: (?P<a>.+)", "Die Option {a} gibt es hier nicht."),
        (r"No such command ['\"](?P<a>.+?)['\"]\..*", "Den Befehl „{a}“ gibt es nicht."),
        (r"Missing argument '(?P<a>.+?)…?'.*", "Es fehlt die Angabe {a}."),
        (r"Missing option '(?P<a>.+?)'.*", "Es fehlt die Option {a}."),
        (r"Missing command.*", "Es fehlt ein Befehl."),
        (r"Got unexpected extra arguments?(?:\(s\))? \((?P<a>.+)\)", "Zu viel ist: {a}. Braucht es Anführungszeichen?"),
        (r"Option '(?P<a>.+?)' requires an argument\..*", "Nach {a} fehlt ein Wert."),
        (r"Option '(?P<a>.+?)' requires .+", "Nach {a} fehlen Werte."),
        (r"Option '(?P<a>.+?)' does not take a value\..*", "{a} nimmt keinen Wert."),
        (r"Invalid value for '?(?P<a>.+?)'?: .+", "Der Wert von {a} ist unbrauchbar."),
    )
)


def speak_german() -> None:
    """Rename the library's panels and leave out its names of Python types."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "Angaben"
    rich_utils.OPTIONS_PANEL_TITLE = "Optionen"
    rich_utils.COMMANDS_PANEL_TITLE = "Befehle"
    rich_utils.REQUIRED_LONG_STRING = "[nötig]"
    rich_utils.DEFAULT_STRING = "[sonst: {}]"
    core.TyperArgument.display_type_rich = _no_type  # type: ignore[method-assign]
    core.TyperOption.display_type_rich = _no_type  # type: ignore[method-assign]


def complaint(english: str) -> str:
    """The library's complaint as a German sentence."""
    for pattern, sentence in _COMPLAINTS:
        if found := pattern.fullmatch(english.strip()):
            return sentence.format(**found.groupdict())
    return "Dieser Aufruf ist nicht zu verstehen."


class _InGerman:
    """What commands and groups say about themselves."""

    def get_usage(self, ctx: Any) -> str:
        """The line that shows how to call."""
        usage = super().get_usage(ctx)  # type: ignore[misc]
        for english, german in _USAGE:
            usage = usage.replace(english, german)
        return _ARGUMENT.sub(r"\1", usage)

    def get_help_option(self, ctx: Any) -> Any:
        """The `--help` option."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "Diese Hilfe zeigen."
        return option


class GermanCommand(_InGerman, core.TyperCommand):
    """A command that explains itself in German."""


class GermanGroup(_InGerman, core.TyperGroup):
    """A group that explains itself in German."""


def _no_type(self: Any, ctx: typer.Context) -> str | None:
    """An option's own word for its value, if it has one; a name of an argument says enough."""
    return self.metavar if isinstance(self, core.TyperOption) else None
