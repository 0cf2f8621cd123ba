"""Which commit is installed, read from the checkout's own files: no git is needed, and none runs beside a request."""

import re
from pathlib import Path

UNKNOWN = "unknown"
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def installed_commit(root: Path, told: str = "") -> str:
    """`told` (GIT_SHA) where it is set, else the commit that is checked out in `root`, else `unknown`."""
    if told.strip():
        return told.strip()
    try:
        return _checked_out(root) or UNKNOWN
    except (OSError, UnicodeDecodeError):
        return UNKNOWN


def _checked_out(root: Path) -> str | None:
    folder = root / ".git"
    if folder.is_file():
        # A further work tree has a file that points to its folder, and that one to what all of them share.
        folder = (root / folder.read_text("utf-8").removeprefix("gitdir:").strip()).resolve()
    shared = folder / "commondir"
    common = (folder / shared.read_text("utf-8").strip()).resolve() if shared.is_file() else folder
    head = (folder / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return _sha(head)
    name = head.removeprefix("ref:").strip()
    if ".." in Path(name).parts or not name.startswith("refs/"):
        return None
    for place in (folder, common):
        if (place / name).is_file():
            return _sha((place / name).read_text("utf-8").strip())
    packed = common / "packed-refs"
    for line in packed.read_text("utf-8").splitlines() if packed.is_file() else ():
        sha, _, ref = line.partition(" ")
        if ref == name:
            return _sha(sha)
    return None


def _sha(text: str) -> str | None:
    return text if _SHA.fullmatch(text) else None
