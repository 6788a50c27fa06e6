"""Handoff's own Salesforce fields as a metadata package: custom fields and the permission sets that make them visible.

Built from the field map, so that adding a field stays one line of YAML. Fields of tasks live on Activity (Metadata API guide,
"CustomField"). The same package is shipped as a Salesforce DX project for administrators who deploy with their own tools;
`python -m connectors.salesforce.package` rewrites it.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from connectors.account import SalesforceAccount
from mappings.fields import HERE, FieldMap, FieldSpec, FieldType, load_field_map

INTEGRATION_SET = "Handoff_Integration"
SALES_SET = "Handoff_Sales"
_NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
_SOURCE = "force-app/main/default"
SHIPPED = HERE / "salesforce-metadata"
SHIPPED_VERSION = str(SalesforceAccount.model_fields["api_version"].default)
_HOME = {"Task": "Activity", "Event": "Activity"}


def files(field_map: FieldMap, api_version: str) -> dict[str, str]:
    """Path -> text of the package in Metadata API format."""
    by_home = _by_home(field_map)
    made = {f"objects/{home}.object": _object(specs) for home, specs in by_home.items()}
    made |= {f"permissionsets/{name}.permissionset": text for name, text in _permission_sets(field_map).items()}
    made["package.xml"] = _manifest([f"{home}.{spec.name}" for home, specs in by_home.items() for spec in specs], api_version)
    return made


def source(field_map: FieldMap, api_version: str) -> dict[str, str]:
    """Path -> text of the same package in source format: one file per field and permission set, deployed by `sf project deploy start`."""
    made = {
        f"{_SOURCE}/objects/{home}/fields/{spec.name}.field-meta.xml": _document("CustomField", _lines(_field(spec), 4))
        for home, specs in _by_home(field_map).items()
        for spec in specs
    }
    sets = _permission_sets(field_map).items()
    made |= {f"{_SOURCE}/permissionsets/{name}.permissionset-meta.xml": text for name, text in sets}
    project = {"packageDirectories": [{"path": "force-app", "default": True}], "name": "handoff", "sourceApiVersion": api_version}
    return made | {"sfdx-project.json": json.dumps(project, indent=2) + "\n"}


def rewrite(folder: Path, made: Mapping[str, str]) -> None:
    """Writes the project into `folder`; what its package directory held before is removed."""
    shutil.rmtree(folder / "force-app", ignore_errors=True)
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def archive(made: Mapping[str, str]) -> bytes:
    """The package as a zip; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(made):
            packed.writestr(zipfile.ZipInfo(path), made[path])
    return buffer.getvalue()


def _by_home(field_map: FieldMap) -> dict[str, list[FieldSpec]]:
    by_home: dict[str, list[FieldSpec]] = {}
    for object_name in field_map.objects:
        for spec in field_map.own(object_name).values():
            by_home.setdefault(_HOME.get(object_name, object_name), []).append(spec)
    return by_home


def _object(specs: list[FieldSpec]) -> str:
    return _document("CustomObject", "".join(f"    <fields>\n{_lines(_field(spec), 8)}    </fields>\n" for spec in specs))


def _field(spec: FieldSpec) -> Iterator[tuple[str, str]]:
    yield "fullName", spec.name
    yield "label", spec.label
    yield "description", spec.description
    if spec.type is FieldType.BOOL:
        yield from (("type", "Checkbox"), ("defaultValue", "false"))
    elif spec.type is FieldType.NUMBER:
        yield from (("type", "Number"), ("precision", "18"), ("scale", "0"), ("required", "false"))
    elif spec.type is FieldType.DATE:
        yield from (("type", "Date"), ("required", "false"))
    elif spec.type is FieldType.DATETIME:
        yield from (("type", "DateTime"), ("required", "false"))
    elif spec.type is FieldType.PICKLIST:
        yield from (("type", "Picklist"), ("required", "false"), ("valueSet", _value_set(spec)))
    else:
        yield from (("type", "Text"), ("length", str(spec.length)), ("required", "false"))
        if spec.unique:
            yield from (("externalId", "true"), ("unique", "true"), ("caseSensitive", "true"))


def _value_set(spec: FieldSpec) -> str:
    values = "".join(
        f"<value><fullName>{escape(value)}</fullName><default>false</default><label>{escape(label)}</label></value>"
        for value, label in spec.options.items()
    )
    return f"<restricted>true</restricted><valueSetDefinition><sorted>false</sorted>{values}</valueSetDefinition>"


def _permission_sets(field_map: FieldMap) -> dict[str, str]:
    return {
        INTEGRATION_SET: _permission_set(field_map, "Handoff integration", ours=True),
        SALES_SET: _permission_set(field_map, "Handoff sales", ours=False),
    }


def _permission_set(field_map: FieldMap, label: str, *, ours: bool) -> str:
    """The integration user edits the own fields that are not read only.

    People read all, and edit those that are theirs (read only to us).
    """
    grants = "".join(
        "    <fieldPermissions>\n"
        + _lines(
            (
                ("editable", str(spec.shared or spec.read_only is not ours).lower()),
                ("field", f"{object_name}.{spec.name}"),
                ("readable", "true"),
            ),
            8,
        )
        + "    </fieldPermissions>\n"
        for object_name in field_map.objects
        for spec in field_map.own(object_name).values()
    )
    return _document("PermissionSet", grants + _lines((("hasActivationRequired", "false"), ("label", label)), 4))


def _manifest(fields: list[str], api_version: str) -> str:
    members = {"CustomField": fields, "PermissionSet": [INTEGRATION_SET, SALES_SET]}
    types = "".join(
        "    <types>\n"
        + "".join(f"        <members>{member}</members>\n" for member in names)
        + f"        <name>{kind}</name>\n    </types>\n"
        for kind, names in members.items()
    )
    return _document("Package", types + f"    <version>{api_version}</version>\n")


def _lines(pairs: Iterator[tuple[str, str]] | tuple[tuple[str, str], ...], indent: int) -> str:
    """One element per line; a value that is markup already (a value set) stays as it is."""
    return "".join(f"{' ' * indent}<{tag}>{value if tag == 'valueSet' else escape(value)}</{tag}>\n" for tag, value in pairs)


def _document(root: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_NAMESPACE}>\n{inner}</{root}>\n'


if __name__ == "__main__":
    rewrite(SHIPPED, source(load_field_map("salesforce"), SHIPPED_VERSION))
    sys.stdout.write(f"{SHIPPED} is rewritten\n")
