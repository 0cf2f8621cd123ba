"""Whether the sections that a file of questions names stand in the index: a misspelt one would count as missed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from luna_cli.client import Json, LunaClient
from luna_rules.evaluation.questions import GoldQuestion, Provision, QuestionFileError, law_key

_TOP_K = 10
_PATIENCE_S = 30.0


def check_sections(client: LunaClient, questions: Sequence[GoldQuestion], names: Mapping[str, Sequence[str]]) -> None:
    """Look up every section that the questions name in its law. Raises QuestionFileError naming the first unknown one.

    `names` are the names of the laws in the index, by item. Laws that are not in the index are left alone.
    """
    items: dict[str, dict[str, str]] = {}
    for item_id, known in names.items():
        for name in known:
            items.setdefault(law_key(name), {})[item_id] = name
    seen: set[Provision] = set()
    for question in questions:
        for provision in question.gold:
            if provision not in seen and provision.law in items:
                seen.add(provision)
                _look_up(client, question, provision, items[provision.law])


def _look_up(client: LunaClient, question: GoldQuestion, provision: Provision, items: Mapping[str, str]) -> None:
    law = next(iter(items.values()))
    asked: Json = {
        "question": f"{provision.section} {law}",
        "top_k": _TOP_K,
        "filters": {"item_id": list(items)},
    }
    found = client.post("/rag/search", asked, patience_s=_PATIENCE_S)
    sections = [cast("Json", hit["payload"]).get("section") for hit in cast("list[Json]", found.get("hits") or [])]
    if provision.section in sections:
        return
    right = json.dumps({"law": law, "section": next((s for s in sections if s), "§ 1")}, ensure_ascii=False)
    raise QuestionFileError(
        f"Frage {question.id}: „gold“ nennt „{provision.section}“, das gibt es im aufgenommenen {law} nicht. "
        f"Richtig wäre eine Fundstelle, wie die Überschrift sie schreibt, zum Beispiel {right}"
    )
