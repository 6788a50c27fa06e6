"""The Salesforce DX project that ships for administrators is the package that setup deploys: same fields, types and permission sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from connectors.salesforce import package
from mappings.fields import FieldMap, load_field_map

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
Element = ElementTree.Element


def shipped() -> dict[str, str]:
    """Path -> text of the files in mappings/."""
    root = package.SHIPPED
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()}


def parts(element: Element) -> list[tuple[str, str, object]]:
    """An element's children as plain values, in order."""
    return [(child.tag.removeprefix(NAMESPACE), (child.text or "").strip(), parts(child)) for child in element]


def deployed_fields(files: Mapping[str, str]) -> dict[str, object]:
    """`Lead.Handoff_Stage__c` -> definition, from `objects/Lead.object`."""
    found: dict[str, object] = {}
    for path, text in files.items():
        if path.endswith(".object"):
            for field in ElementTree.fromstring(text).iter(f"{NAMESPACE}fields"):
                found[f"{Path(path).stem}.{field.findtext(f'{NAMESPACE}fullName')}"] = parts(field)
    return found


def project_fields(files: Mapping[str, str]) -> dict[str, object]:
    """The same from `objects/Lead/fields/Handoff_Stage__c.field-meta.xml`, named by folder and file."""
    return {
        f"{path.split('/')[-3]}.{path.split('/')[-1].removesuffix('.field-meta.xml')}": parts(ElementTree.fromstring(text))
        for path, text in files.items()
        if path.endswith(".field-meta.xml")
    }


def permission_sets(files: Mapping[str, str]) -> dict[str, object]:
    """Name -> grants, of either layout."""
    return {Path(path).name.split(".")[0]: parts(ElementTree.fromstring(text)) for path, text in files.items() if ".permissionset" in path}


def test_the_shipped_project_is_up_to_date() -> None:
    """If not: `python -m connectors.salesforce.package` rewrites it from mappings/salesforce.yaml."""
    assert shipped() == package.source(load_field_map("salesforce"), package.SHIPPED_VERSION)


def test_the_shipped_project_holds_what_setup_deploys() -> None:
    deployed, ships = package.files(load_field_map("salesforce"), package.SHIPPED_VERSION), shipped()
    assert project_fields(ships) == deployed_fields(deployed)
    assert permission_sets(ships) == permission_sets(deployed)
    assert set(permission_sets(ships)) == {package.INTEGRATION_SET, package.SALES_SET}


def test_the_project_names_every_own_field_at_its_home() -> None:
    """Task fields live on Activity; each file says the name it is stored under."""
    field_map = load_field_map("salesforce")
    own = {f"{name}.{spec.name}" for name in field_map.objects for spec in field_map.own(name).values()}
    found = project_fields(shipped())
    assert set(found) == {name.replace("Task.", "Activity.") for name in own}
    assert all(("fullName", name.partition(".")[2], []) in definition for name, definition in found.items())  # type: ignore[operator]


def test_the_project_file_names_the_package_directory_and_the_version() -> None:
    project = json.loads(shipped()["sfdx-project.json"])
    (only,) = project["packageDirectories"]
    assert (package.SHIPPED / only["path"] / "main" / "default" / "objects" / "Lead").is_dir()
    assert project["sourceApiVersion"] == package.SHIPPED_VERSION


def test_rewriting_takes_away_the_file_of_a_field_that_is_gone(tmp_path: Path) -> None:
    field_map = load_field_map("salesforce")
    package.rewrite(tmp_path, package.source(field_map, "67.0"))
    fewer = FieldMap(system="salesforce", objects={"Lead": field_map.own("Lead")})
    package.rewrite(tmp_path, package.source(fewer, "67.0"))
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(package.source(fewer, "67.0"))
    assert not any("Activity" in path for path in left)
