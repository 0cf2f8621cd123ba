"""The API's documentation as a page that loads nothing from anywhere else: our own reader of the OpenAPI document."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.serialization import encode_json

from luna_api.describe import finished

DOCS_PATH = "/api/v1/docs"
_FOLDER = Path(__file__).with_name("docs")


class LocalDocs(OpenAPIRenderPlugin):
    """Renders the reader; the document itself is at `openapi.json` beside it."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; script and style are files of their own, as the content security policy wants it."""
        return (_FOLDER / "index.html").read_bytes()


@get(f"{DOCS_PATH}/docs.js", include_in_schema=False, sync_to_thread=False)
def docs_script() -> Response[bytes]:
    """What makes the reader work."""
    return Response((_FOLDER / "docs.js").read_bytes(), media_type="text/javascript; charset=utf-8")


@get(f"{DOCS_PATH}/docs.css", include_in_schema=False, sync_to_thread=False)
def docs_style() -> Response[bytes]:
    """What makes it readable."""
    return Response((_FOLDER / "docs.css").read_bytes(), media_type="text/css; charset=utf-8")


class FinishedJson(JsonRenderPlugin):
    """The document itself, finished."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON."""
        return encode_json(finished(openapi_schema))
