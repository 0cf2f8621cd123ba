"""Answers whose readers have left are noted before the process ends, and no note holds up its end for ever."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from structlog.testing import capture_logs

from luna_api.answers.schemas import AnswerData
from luna_api.answers.settling import Settling

_NOTED = cast("AnswerData", object())


def test_what_is_under_way_is_waited_for() -> None:
    async def scene() -> bool:
        settling = Settling()

        async def note() -> AnswerData:
            await asyncio.sleep(0.05)
            return _NOTED

        task = settling.begin(note())
        await settling.close(60)
        return task.result() is _NOTED

    assert asyncio.run(scene())


def test_a_note_that_never_ends_is_given_up_and_told() -> None:
    async def scene() -> asyncio.Task[AnswerData]:
        settling = Settling()

        async def stuck() -> AnswerData:
            await asyncio.Event().wait()
            return _NOTED

        task = settling.begin(stuck())
        await asyncio.wait_for(settling.close(0.1), 30)
        return task

    with capture_logs() as logs:
        task = asyncio.run(scene())
    assert task.cancelled()
    assert [(one["event"], one["count"]) for one in logs] == [("answers_not_noted", 1)]


def test_a_note_that_fails_is_told_and_holds_up_nothing() -> None:
    async def scene() -> None:
        settling = Settling()

        async def broken() -> AnswerData:
            raise ConnectionError

        settling.begin(broken())
        await settling.close()

    begun = time.monotonic()
    with capture_logs() as logs:
        asyncio.run(scene())
    assert time.monotonic() - begun < 30
    assert [(one["event"], one["fault"]) for one in logs] == [("answer_not_noted", "ConnectionError")]


def test_with_nothing_under_way_there_is_nothing_to_wait_for() -> None:
    asyncio.run(Settling().close())
