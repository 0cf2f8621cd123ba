"""Luna's persona, rules for a generator and the words around answers, read from `luna.yml` (or a file in its place).

Reading and validating the file belongs here; what is said when is decided in `luna_rules.answers`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

import yaml

from luna_rules.answers.frame import Frame, FrameError


class PromptError(ValueError):
    """The prompt file cannot be used; the message names the key and its fault."""


@dataclass(frozen=True)
class Style:
    """How Luna speaks; `sarcasm` from 0 (none) to 1."""

    language: str
    register: str
    sarcasm: float


@dataclass(frozen=True)
class LunaPrompts:
    """The prompt file as read. `sha256` tells two files of the same `version` apart and belongs in the answer's log."""

    version: str
    persona: str
    style: Style
    rag_system: str
    rag_context: str
    rag_question: str
    frame: Frame
    sha256: str

    @cached_property
    def system(self) -> str:
        """What a generator is told: the persona in its rules."""
        return self.rag_system.replace("{persona}", self.persona.strip())

    def context(self, passages: Sequence[tuple[str, str, str]]) -> str:
        """The passages as a generator gets them: (chunk id, name, text) each."""
        return "\n\n".join(
            self.rag_context.replace("{chunk_id}", chunk_id).replace("{name}", name).replace("{text}", text)
            for chunk_id, name, text in passages
        )

    def question(self, question: str) -> str:
        """The question as a generator gets it."""
        return self.rag_question.replace("{question}", question)


def _at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            raise PromptError(f"{path} is missing")
        value = cast("Mapping[str, Any]", value)[key]
    return value


def _text(data: Mapping[str, Any], path: str) -> str:
    value = _at(data, path)
    if not isinstance(value, str) or not value.strip():
        raise PromptError(f"{path} must be a text that is not empty")
    return value


def parse_prompts(content: bytes) -> LunaPrompts:
    """Read the content of a prompt file; raises PromptError naming the key and its fault."""
    try:
        data: Any = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise PromptError(f"not valid YAML: {error}") from error
    if not isinstance(data, Mapping):
        raise PromptError("the file must hold keys and values")
    data = cast("Mapping[str, Any]", data)
    sarcasm = _at(data, "style.sarcasm")
    if isinstance(sarcasm, bool) or not isinstance(sarcasm, int | float) or not 0 <= sarcasm <= 1:
        raise PromptError("style.sarcasm must be a number from 0 to 1")
    frame_data = _at(data, "frame")
    if not isinstance(frame_data, Mapping):
        raise PromptError("frame must hold templates")
    try:
        frame = Frame.from_mapping(cast("Mapping[str, Any]", frame_data))
    except FrameError as error:
        raise PromptError(str(error)) from error
    return LunaPrompts(
        version=str(_at(data, "version")),
        persona=_text(data, "persona"),
        style=Style(_text(data, "style.language"), _text(data, "style.register"), float(sarcasm)),
        rag_system=_text(data, "rag.system"),
        rag_context=_text(data, "rag.context"),
        rag_question=_text(data, "rag.question"),
        frame=frame,
        sha256=hashlib.sha256(content).hexdigest(),
    )


@lru_cache(maxsize=4)
def load_prompts(path: Path | None = None) -> LunaPrompts:
    """The prompts of the house, or those of another file. Read once for each path."""
    if path is not None:
        return parse_prompts(path.read_bytes())
    return parse_prompts(resources.files("luna_api.prompts").joinpath("luna.yml").read_bytes())
