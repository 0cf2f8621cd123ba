"""What the framework is configured with: the OpenAPI document and how it is shown."""

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag

from luna_api.admin.service import luna_version
from luna_api.system.docs import DOCS_PATH, FinishedJson, LocalDocs

TAGS = {
    "answers": "Fragen, suchen, belegen",
    "ingest": "Dokumente aufnehmen",
    "items": "Der Bestand",
    "series": "Messwerte und Preise",
    "meters": "Zähler",
    "conversations": "Eigene Gespräche",
    "events": "Ereignisse und Rückmeldungen",
    "accounts": "Wer fragt",
    "metrics": "Kennzahlen",
    "system": "Öffentliches",
    "admin": "Verwaltung",
}


def openapi_config() -> OpenAPIConfig:
    """The API's own description."""
    return OpenAPIConfig(
        title="Luna-IEMS",
        version=luna_version(),
        description="Antworten aus Energiedokumenten, jede Aussage belegt.",
        path=DOCS_PATH,
        render_plugins=[LocalDocs(), FinishedJson()],
        use_handler_docstrings=True,
        servers=[Server(url="/")],
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        components=Components(
            security_schemes={
                "adminKey": SecurityScheme(type="apiKey", name="X-Admin-Key", security_scheme_in="header"),
                "devUser": SecurityScheme(type="apiKey", name="X-Dev-User", security_scheme_in="header"),
            }
        ),
        security=[{"adminKey": []}, {"devUser": []}],
    )
