"""What an OLE container is: an Office document of 1997 to 2003, a message, an encrypted one, or refused."""

from __future__ import annotations

from resources.extractor.media_types import BY_ENDING, DOC, ENCRYPTED_OFFICE, MSG, PPT, XLS, Refused
from resources.extractor.ole import ole_root_entries


def ole_kind(data: bytes, ending: str) -> str | Refused:
    """The media type of an OLE container, or why it is refused; `ending` decides where its directory is broken."""
    names = {entry.name.lower() for entry in ole_root_entries(data)}
    if not names:
        promised = BY_ENDING.get(ending)
        if promised in (DOC, XLS, PPT, MSG):
            return promised
    if "encryptedpackage" in names:
        return ENCRYPTED_OFFICE
    if "__properties_version1.0" in names:
        return MSG
    if "powerpoint document" in names:
        return PPT
    if "worddocument" in names:
        return DOC
    if names & {"workbook", "book"}:
        return XLS
    return Refused(
        "application/x-ole-storage",
        "OLE-Container",
        "Die Datei ist ein OLE-Container ohne Word-, Excel-, PowerPoint- oder Outlook-Inhalt; "
        "sie wird nicht unterstützt.",
    )
