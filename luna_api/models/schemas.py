"""Shapes of the administration of models."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from luna_api.models.choice import Role
from luna_api.models.pulls import PullState

ModelName = Annotated[
    str, Meta(min_length=1, max_length=200, description="Name eines Modells.", examples=["llama3.1:8b-instruct-q4_K_M"])
]


class ModelData(msgspec.Struct, kw_only=True):
    """A model on the server. `roles` are what it is used for."""

    name: str
    digest: str
    size_bytes: int
    roles: list[Role]


class RoleData(msgspec.Struct, kw_only=True):
    """What serves a purpose. `chosen` is false where the setting counts; `present` whether the server has the model."""

    role: Role
    model: str
    configured: str
    chosen: bool
    present: bool


class PullData(msgspec.Struct, kw_only=True):
    """A model on its way. `total_bytes` grows as files become known; times are epoch seconds, UTC."""

    model: str
    state: PullState
    status: str
    error: str
    completed_bytes: int
    total_bytes: int
    started_at_s: float
    ended_at_s: float | None


class ModelList(msgspec.Struct, kw_only=True):
    """The models' server and all on it. `host` is null where answers are made without a model."""

    host: str | None
    state: Literal["up", "down", "off"]
    version: str
    message: str
    models: list[ModelData]
    roles: list[RoleData]
    pulls: list[PullData]


class ModelRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What to do with a model. `select` needs `role`; without `model` it goes back to the setting."""

    action: Literal["pull", "cancel", "select"]
    model: ModelName | None = None
    role: Role | None = None
