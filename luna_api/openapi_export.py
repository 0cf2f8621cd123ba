"""Writes the OpenAPI document for the page's generator: `python -m luna_api.openapi_export [path]`.

Needs no database and no settings of an installation; the same code gives the same bytes.
"""

import json
import sys
import tempfile
from pathlib import Path

from luna_api.app import create_app
from luna_api.describe import finished
from resources.settings import load_settings

DEFAULT_PATH = Path(__file__).resolve().parent.parent / "luna_ui" / "openapi.json"


def document() -> str:
    """The OpenAPI document as text."""
    with tempfile.TemporaryDirectory() as home:
        app = create_app(load_settings({"luna_home": home, "git_sha": "", "max_upload_mb": 50}))
    return json.dumps(finished(app.openapi_schema.to_schema()), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write the document to the path given, or to where the page expects it."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PATH
    path.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
