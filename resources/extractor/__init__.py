"""Text out of documents: the interface, and the extractor that runs on this machine in sandboxed child processes."""

from __future__ import annotations

from typing import Protocol

from luna_rules.documents.model import ExtractedText
from resources.extractor.cutting import ReadDocument
from resources.extractor.detection import DetectedType, detect
from resources.extractor.errors import ExtractionError, ExtractorLostError, ExtractorUnavailableError
from resources.extractor.media_types import SUPPORTED_FORMATS
from resources.extractor.pool import EmbeddedExtractor

__all__ = [
    "SUPPORTED_FORMATS",
    "DetectedType",
    "EmbeddedExtractor",
    "ExtractionError",
    "Extractor",
    "ExtractorLostError",
    "ExtractorUnavailableError",
    "ReadDocument",
    "detect",
]


class Extractor(Protocol):
    """Turns a document's bytes into its text; `ExtractionError` says why it cannot."""

    @property
    def name(self) -> str:
        """Which implementation this is, for instance `embedded`."""
        ...

    @property
    def version(self) -> str:
        """What the texts are made with; stored beside each text."""
        ...

    @property
    def workers(self) -> int:
        """How many documents it reads at once; further callers wait for their turn."""
        ...

    def extract(self, data: bytes, file_name: str, media_type: str | None = None) -> ExtractedText:
        """The document's text. Content decides on the type; name and claimed type only help with plain text."""
        ...

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        """The same text and, where the extractor cuts it as well, its passages."""
        ...

    def warm_up(self) -> None:
        """Make ready, so that the first document does not wait; may be called from another thread."""
        ...

    def close(self) -> None:
        """Give every process and connection back."""
        ...
