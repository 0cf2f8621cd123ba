"""Cleaning of what uploads are called: file names, tags, titles, dates of a form. Pure."""

import re
import unicodedata
from datetime import date
from uuid import UUID

from luna_api.errors import invalid

MAX_NAME_CHARS = 180
MAX_TAGS = 50
MAX_TAG_CHARS = 100
_RESERVED = re.compile(r'[<>:"|?*]')
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """Text without control, format and lone surrogate characters; runs of white space as one blank."""
    kept = "".join(" " if char in "\t\n\r" else char for char in text if char in "\t\n\r" or _shown(char))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip()


def _shown(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def safe_file_name(given: str | None) -> str:
    """The name without folders, control characters and what file systems reserve; never empty, never hidden."""
    name = visible((given or "").replace("\\", "/").rsplit("/", 1)[-1])
    name = _RESERVED.sub("_", name).strip(" .")
    if len(name) > MAX_NAME_CHARS:
        stem, dot, ending = name.rpartition(".")
        name = (
            f"{stem[: MAX_NAME_CHARS - len(ending) - 1]}.{ending}"
            if dot and len(ending) <= 10
            else name[:MAX_NAME_CHARS]
        )
    return name or "dokument"


def clean_tags(given: list[str]) -> list[str]:
    """Tags in the order given, each once; commas separate."""
    tags = list(dict.fromkeys(tag for text in given for part in text.split(",") if (tag := visible(part))))
    if len(tags) > MAX_TAGS:
        raise invalid("tags", f"hat mehr als {MAX_TAGS} Einträge")
    if any(len(tag) > MAX_TAG_CHARS for tag in tags):
        raise invalid("tags", f"hat einen Eintrag mit mehr als {MAX_TAG_CHARS} Zeichen")
    return tags


def optional_text(field: str, given: str, longest: int) -> str | None:
    """A text field of a form; empty means not given."""
    text = visible(given)
    if len(text) > longest:
        raise invalid(field, f"ist länger als {longest} Zeichen")
    return text or None


def optional_date(field: str, given: str) -> date | None:
    """A date field of a form; empty means not given."""
    if not given.strip():
        return None
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        raise invalid(field, "muss ein Datum (JJJJ-MM-TT) sein") from None


def optional_uuid(field: str, given: str) -> UUID | None:
    """A UUID field of a form; empty means not given."""
    if not given.strip():
        return None
    try:
        return UUID(given.strip())
    except ValueError:
        raise invalid(field, "muss eine UUID sein") from None
