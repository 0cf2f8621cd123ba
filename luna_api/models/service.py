"""What the administrator sees of the models and does with them."""

from luna_api.accounts.principal import Principal
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid, unavailable
from luna_api.models.choice import ROLES
from luna_api.models.pulls import Pull, Pulls
from luna_api.models.schemas import ModelData, ModelList, ModelRequest, PullData, RoleData
from resources.generator import GeneratorError, ModelInfo, OllamaGenerator
from resources.settings import LOCAL, is_model_name

_WRITES, _EMBEDS = "completion", "embedding"
_EMBED_EXAMPLE = '"embed_model": "nomic-embed-text"'
_EXAMPLE = '"model": "llama3.1:8b-instruct-q4_K_M"'


class ModelService:
    """Lists, fetches and chooses models."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._models = context.models
        self._principal = principal

    async def list(self) -> ModelList:
        """The server, its models, what they are used for, and those on their way."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            chosen = await self._models.choice.refresh(sql)
        configured = self._models.choice.configured
        used = {role: chosen.get(role, configured[role]) for role in ROLES}
        generator = self._models.generator
        version, fault, found = "", "", list[ModelInfo]()
        if generator is not None:
            try:
                version, found = await generator.version(), await generator.models()
            except GeneratorError as error:
                fault = f"{error}."
        there = {info.name for info in found}
        return ModelList(
            host=self._context.settings.ollama_host,
            state="off" if generator is None else "down" if fault else "up",
            version=version,
            message=fault or ("" if generator else "Ohne OLLAMA_HOST entstehen Antworten aus wörtlichen Sätzen."),
            models=[
                ModelData(
                    name=info.name,
                    digest=info.digest,
                    size_bytes=info.size_bytes,
                    roles=[role for role in ROLES if info.name in _spellings(used[role])],
                )
                for info in sorted(found, key=lambda one: one.name)
            ],
            roles=[
                RoleData(
                    role=role,
                    model=used[role],
                    configured=configured[role],
                    chosen=role in chosen,
                    present=bool(_spellings(used[role]) & there) or (role == "embed" and used[role] == LOCAL),
                )
                for role in ROLES
            ],
            pulls=[_told(one) for one in self._models.pulls.all()] if self._models.pulls else [],
        )

    async def act(self, request: ModelRequest) -> tuple[ModelList, str]:
        """Do what is asked; the list afterwards, and a sentence about it."""
        if request.model is not None and not is_model_name(request.model):
            raise invalid("model", "ist kein Name eines Modells", _EXAMPLE)
        generator, pulls = self._server()
        if request.action == "select":
            message = await self._select(generator, request)
        else:
            if request.role is not None:
                raise invalid(
                    "role", f"gehört nicht zu „{request.action}“", f'"action": "{request.action}", {_EXAMPLE}'
                )
            message = await self._transfer(generator, pulls, request)
        return await self.list(), message

    def _server(self) -> tuple[OllamaGenerator, Pulls]:
        if self._models.generator is None or self._models.pulls is None:
            raise _no_server()
        return self._models.generator, self._models.pulls

    async def _select(self, generator: OllamaGenerator, request: ModelRequest) -> str:
        if request.role is None:
            raise invalid("role", "fehlt")
        name = request.model
        if request.role == "embed":
            name = name and await embedding_model(generator, name)
        elif name is not None:
            try:
                info = await generator.describe(name)
            except GeneratorError as fault:
                if fault.fault == "missing":
                    raise ApiError(
                        404, f"{fault}. Laden Sie es zuerst.", data={"model": name, "action": "pull"}
                    ) from None
                raise unavailable("ollama", f"{fault}.") from None
            if info.abilities and _WRITES not in info.abilities:
                raise ApiError(422, f"{info.name} kann nicht, was hier gebraucht wird: Antworten schreiben.")
            name = info.name
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            await self._models.choice.choose(sql, self._principal, request.role, name)
            await audit(sql, self._principal, "admin.models.select", {"role": request.role, "model": name})
        self._models.forget()
        if request.role == "embed":
            name = name or self._models.choice.configured["embed"]
            made = "der Index seine Vektoren selbst" if name == LOCAL else f"{name} die Vektoren"
            return f"Ab dem nächsten Neubau des Index bildet {made}."
        if name is None:
            return f"Es gilt wieder die Einstellung: {self._models.choice.configured[request.role]}."
        return f"Ab der nächsten Frage gilt {name}."

    async def _transfer(self, generator: OllamaGenerator, pulls: Pulls, request: ModelRequest) -> str:
        if request.model is None:
            raise invalid("model", "fehlt", _EXAMPLE)
        if request.action == "cancel":
            pulls.cancel(request.model)
            message = f"{request.model} wird nicht weiter geladen."
        else:
            try:
                await generator.version()
            except GeneratorError as fault:
                raise unavailable("ollama", f"{fault}.") from None
            pulls.start(request.model)
            message = f"{request.model} wird geladen."
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            await audit(sql, self._principal, f"admin.models.{request.action}", {"model": request.model})
        return message


async def embedding_model(generator: OllamaGenerator | None, name: str) -> str:
    """The full name of a model that can make vectors, or `local`. Raises 400, 404, 409, 422 or 503."""
    if name == LOCAL:
        return name
    if not is_model_name(name):
        raise invalid("embed_model", "ist kein Name eines Modells", _EMBED_EXAMPLE)
    if generator is None:
        raise _no_server()
    try:
        info = await generator.describe(name)
    except GeneratorError as fault:
        if fault.fault == "missing":
            raise ApiError(404, f"{fault}. Laden Sie es zuerst.", data={"model": name, "action": "pull"}) from None
        raise unavailable("ollama", f"{fault}.") from None
    if info.abilities and _EMBEDS not in info.abilities:
        raise ApiError(422, f"{info.name} kann nicht, was hier gebraucht wird: Vektoren bilden.")
    return info.name


def _no_server() -> ApiError:
    return ApiError(
        409,
        "Es ist kein Modellserver eingerichtet. Richtig wäre zum Beispiel OLLAMA_HOST=http://127.0.0.1:11434 "
        "und ein Neustart.",
    )


def _spellings(name: str) -> set[str]:
    """The names under which the server may list a model."""
    return {name, f"{name}:latest"}


def _told(one: Pull) -> PullData:
    return PullData(
        model=one.model,
        state=one.state,
        status=one.status,
        error=one.error,
        completed_bytes=one.completed_bytes,
        total_bytes=one.total_bytes,
        started_at_s=one.started_at_s,
        ended_at_s=one.ended_at_s,
    )
