"""Help for the page's views, read once from `help.yml`."""

from pathlib import Path
from typing import Any

import yaml

from luna_api.system.schemas import HelpText

FILE = Path(__file__).with_name("help.yml")


class HelpTexts:
    """Help by route; a route without its own gets that of the nearest route above it."""

    def __init__(self, path: Path = FILE) -> None:
        content: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
        self._texts = {
            route: HelpText(route, text["title"], " ".join(text["text"].split()), list(text.get("tips", [])))
            for route, text in content.items()
        }

    def of(self, route: str) -> HelpText:
        """The help for a view."""
        path = "/" + route.split("?")[0].strip("/")
        while path not in self._texts and path != "/":
            path = path.rsplit("/", 1)[0] or "/"
        return self._texts[path]
