"""docs/sandbox.md against the sandbox: its routes, its examples, its faults, its acts."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from docs_pages import DOCS

from sandbox.app import build_app
from sandbox.control import act_lead, act_rep
from sandbox.control.urls import PATHS
from sandbox.core import Sandbox
from sandbox.faults import ACTIONS
from sandbox.hubspot import object_types

TEXT = (DOCS / "sandbox.md").read_text(encoding="utf-8")
ANY_LEAD = 'SELECT "Id" FROM "sf_Lead" WHERE "Region__c" IS NOT NULL AND NOT "IsConverted" AND NOT "IsDeleted" ORDER BY "Id" LIMIT 1'
CALLS = re.findall(r"^\| `(GET|POST|PUT|DELETE) (/[\w/]+)` \| (?:`(\{.*?\})`)? ?\|", TEXT, re.MULTILINE)


def test_the_page_names_every_endpoint_and_no_other() -> None:
    """The table on the page is the route table."""
    assert sorted((method, path) for method, path, _ in CALLS) == sorted(PATHS)


def test_the_page_names_every_fault() -> None:
    """In the order of the code."""
    section = TEXT.partition("## Faults")[2].partition("## Switches")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == sorted(ACTIONS)


def test_the_page_names_every_act() -> None:
    """What reps and leads can do."""
    sentence = TEXT.partition("A rep can ")[2].partition("\n\n")[0]
    rep, _, lead = sentence.partition("A lead can")
    for table in (act_rep._HUBSPOT, act_rep._SALESFORCE):
        assert {name for name in table if f"`{name}`" not in rep} == set()
    for table in (act_lead._HUBSPOT, act_lead._SALESFORCE):
        assert {name for name in table if f"`{name}`" not in lead} == set()


def test_every_example_works() -> None:
    """Each call of the table with the body shown, in the order of the table, on a small world."""
    box = Sandbox(seed=7)
    try:
        replies = asyncio.run(_play(box))
    finally:
        box.close()
    assert {call: text for call, (status, text) in replies.items() if status != 200} == {}


async def _play(box: Sandbox) -> Mapping[str, tuple[int, str]]:
    replies = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=build_app(box)), base_url="http://sandbox") as client:
        for method, path, example in CALLS:
            reply = await client.request(method, f"/_sandbox{path}", json=_body(box, example) if example else None)
            replies[f"{method} {path}"] = (reply.status_code, reply.text)
    return replies


def _body(box: Sandbox, example: str) -> Any:
    if '"CONTACT"' in example:
        example = example.replace("CONTACT", str(next(iter(box.hubspot.records.scan(object_types.get("contacts")))).id))
    if '"LEAD"' in example:
        example = example.replace("LEAD", str(next(iter(box.store.rows(ANY_LEAD)))[0]))
    return json.loads(example)


@pytest.mark.parametrize("flag", sorted(set(re.findall(r"(?<![-\w])--[a-z][\w-]*", TEXT))))
def test_every_flag_exists(flag: str) -> None:
    """Of `python -m sandbox`."""
    from sandbox.__main__ import parse

    words = [flag] if flag in ("--follow-wall", "--die-with-parent") else [flag, "1"]
    assert parse(words)
