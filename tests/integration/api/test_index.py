"""The administrator's view of the index, and the calls that change it."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import Api


@pytest.fixture
def public_version(api: Api) -> int:
    """A live version without passages."""
    with api.database.owner() as owner:
        row = owner.execute("SELECT id FROM index_versions WHERE state = 'live' AND tenant_id IS NULL").fetchone()
        return int(str(row[0])) if row else version("live", owner)


def version(state: str, owner: object) -> int:
    row = owner.execute(  # type: ignore[attr-defined]
        "WITH l AS (INSERT INTO index_lexicons (digest, data) VALUES (gen_random_uuid()::text, '') RETURNING id)"
        " INSERT INTO index_versions (state, lexicon_id, lexicon_digest, analyser_version, chunker_version, embedder,"
        " dimension, promoted_at) SELECT %s, id, 'x', '1', '1', 'svd-3', 3, now() FROM l RETURNING id",
        (state,),
    ).fetchone()
    return int(row[0])


def test_versions_and_engines_are_shown(api: Api, public_version: int) -> None:
    with api.admin() as admin:
        shown = admin.get("/admin/index").json()["data"]
        assert (shown["engine"], shown["trouble"], shown["alias"]) == ("postgres", None, None)
        one = next(item for item in shown["versions"] if item["id"] == public_version)
        assert (one["scope"], one["state"], one["engines"]) == ("public", "live", ["postgres"])
        assert one["points"] is None
        health = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
        assert (health["state"], health["implementation"]) == ("up", "embedded")
    with api.user() as user:
        assert user.get("/admin/index").status_code == 403
        assert user.post("/admin/index/rollback", json={}).status_code == 403
        assert user.post("/admin/index/switch", json={"engine": "postgres"}).status_code == 403


def test_what_cannot_be_done_is_said_before_anything_is_launched(api: Api, public_version: int) -> None:
    with api.admin() as admin:
        nothing = admin.post("/admin/index/rollback", json={})
        assert nothing.status_code == 409
        assert "keine frühere Version" in nothing.json()["message"]
        wrong = admin.post("/admin/index/rollback", json={"version_id": public_version})
        assert (wrong.status_code, wrong.json()["data"]["field"]) == (400, "version_id")
        engine = admin.post("/admin/index/switch", json={"engine": "qdrant"})
        assert (engine.status_code, engine.json()["data"]["field"]) == (400, "engine")
        assert "QDRANT_URL" in engine.json()["message"]
        assert admin.post("/admin/index/switch", json={"engine": "milvus"}).status_code == 400
        with api.database.owner() as owner:
            version("retired", owner)
        down = admin.post("/admin/index/rollback", json={})
        assert (down.status_code, down.json()["data"]["part"]) == (503, "dagster")
