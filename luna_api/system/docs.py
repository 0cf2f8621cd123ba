"""The API's documentation as a page that loads nothing from anywhere else: our own reader of the OpenAPI document."""

from pathlib import Path
from typing import Any

from litestar import Request
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


class FinishedJson(JsonRenderPlugin):
    """The document itself, finished."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON."""
        return encode_json(finished(openapi_schema))
