"""The application: settings in, routes and parts out. Nothing happens at import."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from litestar import Litestar, Router
from litestar.datastructures import State

from luna_api import deps
from luna_api.accounts.controller import AccountController
from luna_api.accounts.service import Authenticator
from luna_api.admin.controller import AdminController
from luna_api.admin.evaluation import QualityController
from luna_api.admin.index import IndexController
from luna_api.answers.controller import AnswerController
from luna_api.answers.lexicons import Lexicons
from luna_api.answers.pipeline import AnswerPipeline
from luna_api.answers.ratelimit import AskLimiter
from luna_api.answers.receipt_controller import AdminAnswerController, AnswerReceiptController
from luna_api.context import AppContext
from luna_api.conversations.controller import ConversationController
from luna_api.edge import Edge
from luna_api.errors import EXCEPTION_HANDLERS
from luna_api.events.controller import EventController
from luna_api.garbage import seldom_collected
from luna_api.guards import known_query, signed_in
from luna_api.ingest.controller import IngestController, UploadController
from luna_api.ingest.drain import DrainStarter
from luna_api.ingest.fetch import Fetcher
from luna_api.ingest.watch import ItemWatcher
from luna_api.items.controller import ItemController
from luna_api.limits import FORM_SLACK, FORM_SLACK_BYTES, JSON_LIMIT_BYTES
from luna_api.logs import configure_logging
from luna_api.meters.controller import MeterController
from luna_api.metrics.controller import MetricsController, prometheus
from luna_api.metrics.registry import Registry
from luna_api.models.choice import ModelChoice
from luna_api.models.controller import ModelController
from luna_api.models.directory import ModelDirectory
from luna_api.plugins import openapi_config
from luna_api.prompts import load_prompts
from luna_api.series.controller import ImportController, LoadController, ReceiptController, SeriesController
from luna_api.simulators.controller import SimulatorController
from luna_api.system.commit import installed_commit
from luna_api.system.controller import HelpController, health, system_info
from luna_api.system.docs import docs_script, docs_style
from luna_api.system.help import HelpTexts
from luna_api.system.page import Page, page
from resources.database import AppDatabase
from resources.generator import OllamaGenerator
from resources.objects import open_object_store
from resources.orchestrator import Orchestrator
from resources.search_tables import load_search_tables
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings, load_settings
from resources.vectors.engines import open_index, open_points
from resources.vectors.questions import QuestionEmbedder

ROOT = Path(__file__).resolve().parent.parent
PAGE_FOLDER = ROOT / "luna_ui" / "dist"
API_PATH = "/api/v1"


def build_context(settings: Settings) -> AppContext:
    """Make the application's parts; none of them is asked for anything yet."""
    secrets = load_secrets(settings)
    url = database_urls(settings, secrets).app
    database = AppDatabase(url, query_limit_s=settings.db_query_sec)
    orchestrator = Orchestrator(settings.dagster_url)
    registry = Registry()
    lexicons = Lexicons()
    points = open_points(settings)
    questions = QuestionEmbedder(settings.ollama_host)
    index = open_index(load_search_tables(), points, questions)
    models = ModelDirectory(_generator(settings), ModelChoice(database, settings))
    return AppContext(
        settings=settings,
        database=database,
        objects=open_object_store(settings),
        orchestrator=orchestrator,
        authenticator=Authenticator(settings, secrets.admin_api_key, database),
        registry=registry,
        drain=DrainStarter(orchestrator, database),
        watcher=ItemWatcher(url),
        fetcher=Fetcher(max_bytes=settings.max_upload_bytes),
        limiter=AskLimiter(settings.rate_limit_ask_per_minute),
        pipeline=AnswerPipeline(database, index, load_prompts(), lexicons, registry, models),
        lexicons=lexicons,
        models=models,
        help_texts=HelpTexts(),
        index=index,
        points=points,
        questions=questions,
    )


def _generator(settings: Settings) -> OllamaGenerator | None:
    """The models' server, where one is configured."""
    if settings.ollama_host is None:
        return None
    return OllamaGenerator(
        settings.ollama_host,
        first_piece_s=settings.generate_first_token_sec,
        next_piece_s=settings.generate_next_token_sec,
        whole_s=settings.generate_whole_sec,
    )


def create_app(
    settings: Settings | None = None, *, context: AppContext | None = None, page_folder: Path = PAGE_FOLDER
) -> Litestar:
    """The ASGI application (`uvicorn --factory luna_api.app:create_app`)."""
    settings = settings or (context.settings if context else load_settings())
    configure_logging(settings.log_level)
    context = context or build_context(settings)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        with seldom_collected():
            await context.open()
            try:
                yield
            finally:
                await context.close()

    app = Litestar(
        route_handlers=[*_routers(settings), health, prometheus, docs_script, docs_style, page],
        dependencies=deps.PUBLIC,
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[lifespan],
        openapi_config=openapi_config(),
        request_max_body_size=JSON_LIMIT_BYTES,
        multipart_form_part_limit=200,
        state=State(
            {"context": context, "page": Page(page_folder), "commit": installed_commit(ROOT, settings.git_sha)}
        ),
        logging_config=None,
        debug=False,
    )
    hosts = frozenset(host.strip().lower() for host in settings.allowed_hosts.split(",") if host.strip())
    # Where it listens on one address only, that address is what it is called by.
    hosts |= {urlsplit(settings.api_url).hostname or ""}
    app.asgi_handler = Edge(app.asgi_handler, allowed_hosts=hosts, registry=context.registry)
    return app


def _routers(settings: Settings) -> list[Router]:
    public = Router(API_PATH, route_handlers=[system_info], guards=[known_query])
    uploads = Router(
        API_PATH,
        route_handlers=[UploadController],
        guards=[signed_in, known_query],
        dependencies=deps.SIGNED_IN,
        request_max_body_size=settings.max_upload_bytes + FORM_SLACK_BYTES,
        opt={FORM_SLACK: FORM_SLACK_BYTES},
    )
    imports = Router(
        API_PATH,
        route_handlers=[LoadController],
        guards=[signed_in, known_query],
        dependencies=deps.SIGNED_IN,
        request_max_body_size=settings.max_import_bytes + FORM_SLACK_BYTES,
        opt={FORM_SLACK: FORM_SLACK_BYTES},
    )
    signed = Router(
        API_PATH,
        route_handlers=[
            AccountController,
            AdminAnswerController,
            AdminController,
            IndexController,
            QualityController,
            AnswerController,
            AnswerReceiptController,
            ConversationController,
            EventController,
            HelpController,
            ImportController,
            IngestController,
            ItemController,
            MeterController,
            MetricsController,
            ModelController,
            SimulatorController,
            ReceiptController,
            SeriesController,
        ],
        guards=[signed_in, known_query],
        dependencies=deps.SIGNED_IN,
    )
    return [public, uploads, imports, signed]
