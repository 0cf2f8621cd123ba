"""The ways in which a document can fail to become text, each with a sentence for the person who sent it.

Only the error type and its sentences belong here. The API maps codes to HTTP: `unsupported` is 415, `too_large` 413,
everything else that is permanent 422; what is not permanent may be tried again.
"""

from __future__ import annotations

from typing import Literal, get_args

ErrorCode = Literal[
    "empty",
    "unsupported",
    "encrypted",
    "no_text",
    "bomb",
    "damaged",
    "timeout",
    "memory",
    "too_large",
    "garbled",
    "unavailable",
]

ERROR_CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)

FINAL_CODES: frozenset[str] = frozenset(ERROR_CODES) - {"timeout", "memory", "unavailable"}
"""Faults of the bytes themselves: the same file fails again. Time, memory and a reader elsewhere may suffice later."""

MESSAGES: dict[ErrorCode, str] = {
    "empty": "Die Datei ist leer.",
    "unsupported": "Dieses Dateiformat wird nicht unterstützt.",
    "encrypted": "Das Dokument ist verschlüsselt. Bitte ohne Kennwort speichern und erneut senden.",
    "no_text": "Das Dokument enthält keinen Text.",
    "bomb": "Die Datei würde beim Entpacken unverhältnismäßig groß oder ist auf andere Weise gefährlich aufgebaut. "
    "Sie wurde nicht geöffnet.",
    "damaged": "Die Datei ist beschädigt oder unvollständig und kann nicht gelesen werden.",
    "timeout": "Das Lesen der Datei hat zu lange gedauert und wurde abgebrochen.",
    "memory": "Die Datei braucht beim Lesen mehr Speicher, als dafür vorgesehen ist.",
    "too_large": "Das Dokument ist zu umfangreich.",
    "garbled": "Der Text des Dokuments ist nicht lesbar kodiert: Statt Wörtern stehen Zeichencodes in der Datei. "
    "Bitte das Dokument neu erzeugen oder als anderes Format senden.",
    "unavailable": "Der Dienst, der Text aus Dokumenten liest, antwortet nicht. Bitte später noch einmal versuchen.",
}


class ExtractionError(Exception):
    """A document that could not be turned into text.

    `message` is a German sentence for people. `permanent` is false where the same bytes may succeed later, for instance
    when the reading process was stopped from outside.
    """

    def __init__(self, code: ErrorCode, message: str | None = None, *, permanent: bool = True) -> None:
        self.code: ErrorCode = code
        self.message: str = message or MESSAGES[code]
        self.permanent: bool = permanent
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling with every field: orchestrators carry errors between processes."""
        return _rebuild, (self.code, self.message, self.permanent)

    def __repr__(self) -> str:
        return f"ExtractionError({self.code!r}, {self.message!r}, permanent={self.permanent})"


class ExtractorUnavailableError(ExtractionError):
    """Nobody answers where documents are read: no fault of any document, so none should fail by it."""

    def __init__(self) -> None:
        super().__init__("unavailable", permanent=False)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling as what it is."""
        return ExtractorUnavailableError, ()


class ExtractorLostError(ExtractorUnavailableError):
    """It was there and went away over this document, which may be why, or not."""

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling as what it is."""
        return ExtractorLostError, ()


def _rebuild(code: ErrorCode, message: str, permanent: bool) -> ExtractionError:
    return ExtractionError(code, message, permanent=permanent)
