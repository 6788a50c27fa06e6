"""What the pages name exists: links, commands, settings, make targets, flows, files, and the places a new CRM is named in."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import pytest
import yaml
from docs_pages import DOCS, ROOT, pages

from cli.main import app
from connectors.protocol import Crm
from mappings.fields import FieldMap, load_field_map
from runtime.settings import Settings

PAGES = pages()
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
# A fenced block, a span, or an indented line.
CODE = re.compile(r"```.*?```|`[^`\n]+`|^ {4,}\S[^\n]*$", re.DOTALL | re.MULTILINE)
TEST_ONLY = {"HANDOFF_TESTS_REQUIRE"}  # of the tests themselves


def named(pattern: str, *, in_code: bool = True) -> list[tuple[str, str]]:
    """(page, name) of everything that matches, once per page; in code spans and blocks only, unless told otherwise."""
    found = set()
    for page, text in TEXTS.items():
        parts = CODE.findall(text) if in_code else [text]
        found |= {(page, name) for part in parts for name in re.findall(pattern, part)}
    return sorted(found)


def slug(title: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize(("page", "target"), named(r"\]\(([^)\s]+)\)", in_code=False))
def test_every_relative_link_leads_somewhere(page: str, target: str) -> None:
    """A file or folder of this repository, and a heading where one is named."""
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    aim = (ROOT / page).parent / path if path else ROOT / page
    assert aim.exists(), f"{page} links to {target}, which is not there"
    if anchor:
        assert anchor in {slug(title) for title in re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.MULTILINE)}


BY_MAKE = {"demo", "up"}  # a person who tries them starts them as make demo and make up
COMMANDS = {*app, *(f"policy {verb}" for verb in app["policy"])} - BY_MAKE


@pytest.mark.parametrize("command", sorted(command for command in COMMANDS if "-" not in command))
def test_every_command_stands_in_the_readmes_list(command: str) -> None:
    """Whoever reads on from the first page finds all of them."""
    listed = TEXTS["README.md"].partition("## From the command line")[2].partition("\n## ")[0]
    assert re.search(rf"handoff {command}\b", listed), f"say in README.md what handoff {command} does"


@pytest.mark.parametrize(("page", "command"), named(r"(?:^|[`/ ])handoff ([a-z]+(?: check)?)\b(?!:)"))
def test_every_command_exists(page: str, command: str) -> None:
    """`handoff <command>` as the command line knows it."""
    first, _, second = command.partition(" ")
    assert first in set(app), f"{page} names 'handoff {command}'; there are: {', '.join(sorted(set(app)))}"
    if second:
        assert second in set(app[first])


@pytest.mark.parametrize(("page", "name"), named(r"\b(HANDOFF_[A-Z0-9_]+)\b", in_code=False))
def test_every_setting_exists(page: str, name: str) -> None:
    """An environment variable that the settings read."""
    assert name in TEST_ONLY or name.removeprefix("HANDOFF_").lower() in Settings.model_fields, f"{page} names {name}; nothing reads it"


@pytest.mark.parametrize(("page", "target"), named(r"\bmake ([a-z.]+)\b"))
def test_every_make_target_exists(page: str, target: str) -> None:
    """As a rule of the Makefile."""
    targets = re.findall(r"^([a-z.]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert target in targets, f"{page} names 'make {target}'; there are: {', '.join(targets)}"


FOLDERS = "handoff|mappings|connectors|ledger|engine|flows|cli|runtime|sandbox|tests|docs|benchmarks"


@pytest.mark.parametrize(("page", "path"), named(rf"(?<![./\w])((?:{FOLDERS})/[\w./-]*\w)"))
def test_every_file_exists(page: str, path: str) -> None:
    """Paths of this repository, as a page writes them; `mappings/draft` is made by `handoff look`."""
    assert path == "mappings/draft" or (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), f"{page} names {path}"


@pytest.mark.parametrize(("page", "module"), named(r"python -m ([\w.]+)"))
def test_every_module_that_is_run_exists(page: str, module: str) -> None:
    """`python -m x.y` finds a file to run."""
    path = ROOT / module.replace(".", "/")
    assert module == "venv" or path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"{page} runs {module}"


def test_no_page_names_a_place_of_one_machine() -> None:
    """A reader has none of these folders."""
    for (page, text), word in product(TEXTS.items(), ("/home/", "/root/", "/tmp/")):
        assert word not in text, f"{page} names {word}"


def test_the_tables_that_name_each_crm_exist() -> None:
    """docs/add-a-crm.md: each module has that name, so that who adds a CRM finds all of them."""
    listed = re.findall(r"^\| `([\w/]+\.py)` `(\w+)` \|", TEXTS["docs/add-a-crm.md"], re.MULTILINE)
    assert len(listed) > 5
    for path, name in listed:
        assert name in assigned(ROOT / path), f"{path} has no {name}"


ROUTES = ("query.", "describe", "properties.", "tooling.", "users.")


def of_a_crm(value: object) -> bool:
    """Whether a constant is the name of a CRM, of an object that a field map reads, or of a call family."""
    objects = {name for system in ("hubspot", "salesforce") for name in (system, *load_field_map(system).objects)}
    return isinstance(value, str) and (value in objects or value.startswith(ROUTES))


def test_no_table_that_names_a_crm_is_left_out() -> None:
    """Every constant below the connectors and above in which a CRM, its objects or its calls are named is on the page of who adds one."""
    listed = set(re.findall(r"^\| `([\w/]+\.py)` `(\w+)` \|", TEXTS["docs/add-a-crm.md"], re.MULTILINE))
    for folder in ("handoff", "mappings", "engine", "ledger"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name, value in assigned(path).items():
                if is_data(value) and any(of_a_crm(node.value) for node in ast.walk(value) if isinstance(node, ast.Constant)):
                    assert (path.relative_to(ROOT).as_posix(), name) in listed, f"list {name} of {path.name} in docs/add-a-crm.md"


def assigned(path: Path) -> dict[str, ast.expr]:
    """Constants of a module."""
    made: dict[str, ast.expr] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        made |= {target.id: node.value for target in targets if isinstance(target, ast.Name) and node.value is not None}
    return made


def is_data(value: ast.expr) -> bool:
    """Whether a constant is a table, and no query that is built from calls (its parameters bear plain words)."""
    return not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute))


def test_the_page_on_crms_names_every_method_of_the_protocol() -> None:
    """No more and no fewer."""
    section = TEXTS["docs/add-a-crm.md"].partition("## What the Protocol asks")[2].partition("Errors say")[0]
    methods = {name for name in vars(Crm) if not name.startswith("_")}
    assert {name for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)} == methods


def test_the_field_of_the_example_loads(tmp_path: Path) -> None:
    """The one line of YAML in docs/add-a-crm.md is a field after it is added to the shipped map."""
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", TEXTS["docs/add-a-crm.md"], re.DOTALL)[1])  # type: ignore[index]
    shipped = load_field_map("hubspot").model_dump(mode="json")
    ((name, line),) = example["objects"]["contacts"].items()
    shipped["objects"]["contacts"][name] = line
    assert FieldMap.model_validate(shipped).fields("contacts")[name].name == line["name"]


def test_every_page_of_docs_is_reachable() -> None:
    """From the README or the architecture page, in one or two steps."""
    linked = {str(((ROOT / page).parent / target.partition("#")[0]).resolve()) for page, target in named(r"\]\(([^)\s]+)\)", in_code=False)}
    lost = [page.name for page in sorted(DOCS.glob("*.md")) if str(page.resolve()) not in linked and page.name != "architecture.md"]
    assert lost == []
