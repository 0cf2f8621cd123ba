"""The page: files of the built user interface, its start page for every view, and a hint where it is not built."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from luna_api.errors import missing

_NO_PAGE = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Luna</title>
<body style="font-family: system-ui; max-width: 40rem; margin: 4rem auto; line-height: 1.5">
<h1>Luna ist da, ihre Oberfläche noch nicht</h1>
<p>Die Seite ist nicht gebaut. Das holt dieser Befehl nach:</p>
<pre>make build</pre>
<p>Bis dahin antwortet die Schnittstelle: <a href="/api/v1/docs">/api/v1/docs</a></p></body></html>"""


class Page:
    """Serves the files below `root`; everything that is no file is a view of the single page."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def response(self, path: str) -> Response[bytes]:
        """The file at `path`, or the start page."""
        relative = path.lstrip("/")
        if relative.startswith("api/"):
            raise missing(f"Unter /{relative}")
        file = self._file(relative) if relative else None
        if file is not None:
            media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            hashed = relative.startswith("assets/")
            caching = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return Response(file.read_bytes(), media_type=media_type, headers={"Cache-Control": caching})
        # Only files lie at the top; further down a dot may belong to the name of a meter.
        if relative.startswith("assets/") or ("." in relative and "/" not in relative):
            raise missing(f"Die Datei /{relative}")
        start = self._file("index.html")
        body = start.read_bytes() if start is not None else _NO_PAGE.encode()
        return Response(
            body,
            media_type="text/html",
            status_code=200 if start is not None else 503,
            headers={"Cache-Control": "no-cache"},
        )

    def _file(self, relative: str) -> Path | None:
        if "\x00" in relative or "\\" in relative:
            return None
        file = (self._root / relative).resolve()
        return file if file.is_file() and file.is_relative_to(self._root) else None


@get(["/", "/{path:path}"], include_in_schema=False)
async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the page, or its start page."""
    served: Page = request.app.state.page
    return await asyncio.to_thread(served.response, request.scope["path"])
