"""Applies a package in Metadata API format (package.xml, objects/, permissionsets/, queues/): all of it, or nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from sandbox.salesforce.metadata_fields import ProblemError, custom_field
from sandbox.salesforce.rows import timestamp

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

Element = ElementTree.Element
_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_FOLDERS = {"objects": (".object", "CustomObject"), "permissionsets": (".permissionset", "PermissionSet"), "queues": (".queue", "Queue")}
_MAX_TRACKED = 20


class _UndoError(Exception):
    """Leaves the transaction of a deploy that failed, or that was only a check."""


def text(element: Element, name: str, default: str = "") -> str:
    """The text of a child element."""
    return (element.findtext(_NAMESPACE + name) or default).strip()


def flag(element: Element, name: str) -> bool:
    """A boolean child element; absent is false."""
    return text(element, name) == "true"


def children(element: Element, name: str) -> list[Element]:
    """Child elements of that name."""
    return element.findall(_NAMESPACE + name)


class Deployment:
    """One deploy: `components` (successes) and `failures` in the vendor's form."""

    def __init__(self, org: Org, user_id: str, *, check_only: bool) -> None:
        self._org = org
        self._user_id = user_id
        self.check_only = check_only
        self.components: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []

    def run(self, archive: bytes) -> None:
        """Apply the zip; on any failure, or when only checking, nothing stays."""
        try:
            with self._org.store.transaction():
                self._apply(archive)
                if self.failures or self.check_only:
                    raise _UndoError
        except _UndoError:
            self._org.catalog.reload()
        self._org.rights.forget()

    def _apply(self, archive: bytes) -> None:
        try:
            files = _read(archive)
            named = _named(files)
        except ProblemError as broken:
            self._fail("", "package.xml", "package.xml", str(broken))
            return
        actions: dict[str, Callable[[str, Element, set[str]], None]] = {
            "objects": self._object,
            "queues": self._queue,
            "permissionsets": self._permission_set,
        }
        for folder, apply in actions.items():
            for path, name, root in _components(files, folder):
                try:
                    apply(name, root, named.get(_FOLDERS[folder][1], set()) | named.get("CustomField", set()))
                except ProblemError as problem:
                    self._fail(_FOLDERS[folder][1], name, path, str(problem))
        self._check_all_found(named)

    def _check_all_found(self, named: dict[str, set[str]]) -> None:
        done = {(one["componentType"], one["fullName"]) for one in (*self.components, *self.failures)}
        for kind, members in named.items():
            for member in sorted(members - {"*"}):
                if (kind, member) not in done and kind != "CustomObject":
                    problem = f"An object '{member}' of type {kind} was named in package.xml, but was not found in zipped directory"
                    self._fail(kind, member, "package.xml", problem)

    def _object(self, name: str, root: Element, named: set[str]) -> None:
        for element in children(root, "fields"):
            full_name = f"{name}.{text(element, 'fullName')}"
            if not named & {name, "*", full_name}:
                continue
            try:
                self._field(name, element)
            except ProblemError as problem:
                self._fail("CustomField", full_name, f"objects/{name}.object", str(problem))

    def _field(self, name: str, element: Element) -> None:
        targets = ("Task", "Event") if name == "Activity" else (name,)
        field = custom_field(self._org, name, element)
        created = False
        for target in targets:
            sobject = self._org.catalog.get(target)
            if sobject is None or sobject.query_only or (name in ("Task", "Event")):
                raise ProblemError(f"Entity Enumeration Or ID: bad value for restricted picklist field: {name}")
            old = sobject.field(field.name)
            if old is not None and old.type != field.type:
                raise ProblemError(f"Cannot change the type of {name}.{field.name} from {old.type} to {field.type}")
            tracked = sum(one.tracked for one in sobject.fields.values() if one.name != field.name) + field.tracked
            if field.tracked and tracked > _MAX_TRACKED:
                raise ProblemError(f"Maximum number of history tracked fields reached: {_MAX_TRACKED}")
            created = old is None
            self._org.catalog.put_field(target, field if old is None else replace(field, granted=old.granted))
        self._succeed("CustomField", f"{name}.{field.name}", f"objects/{name}.object", created=created)

    def _permission_set(self, name: str, root: Element, named: set[str]) -> None:
        if not named & {name, "*"}:
            return
        found = self._org.store.scalar('SELECT "Id" FROM "sf_PermissionSet" WHERE "Name" = ?', (name,))
        created = found is None
        flags = {f"Permissions{text(one, 'name')}": flag(one, "enabled") for one in children(root, "userPermissions")}
        unknown = [one for one in flags if self._org.catalog.of("PermissionSet").field(one) is None]
        if unknown:
            raise ProblemError(f"Unknown user permission: {unknown[0].removeprefix('Permissions')}")
        values = {
            **self._audit(),
            **flags,
            "Name": name,
            "Label": text(root, "label", name),
            "Description": text(root, "description") or None,
            "IsCustom": True,
        }
        if created:
            found = self._org.rows.insert("PermissionSet", values)
        else:
            self._org.rows.update("PermissionSet", found, values)
        self._grant_objects(found, root)
        self._grant_fields(found, root)
        self._succeed("PermissionSet", name, f"permissionsets/{name}.permissionset", created=created)

    def _grant_objects(self, set_id: str, root: Element) -> None:
        verbs = {
            "PermissionsRead": "allowRead",
            "PermissionsCreate": "allowCreate",
            "PermissionsEdit": "allowEdit",
            "PermissionsDelete": "allowDelete",
        }
        for one in children(root, "objectPermissions"):
            sobject = text(one, "object")
            if self._org.catalog.get(sobject) is None:
                raise ProblemError(f"In field: object - no CustomObject named {sobject} found")
            self._org.store.execute('DELETE FROM "sf_ObjectPermissions" WHERE "ParentId" = ? AND "SobjectType" = ?', (set_id, sobject))
            granted = {column: flag(one, tag) for column, tag in verbs.items()}
            self._org.rows.insert("ObjectPermissions", {**self._audit(), **granted, "ParentId": set_id, "SobjectType": sobject})

    def _grant_fields(self, set_id: str, root: Element) -> None:
        for one in children(root, "fieldPermissions"):
            full_name = text(one, "field")
            sobject_name, _, field_name = full_name.partition(".")
            sobject = self._org.catalog.get(sobject_name)
            field = None if sobject is None else sobject.field(field_name)
            if sobject is None or field is None:
                raise ProblemError(f"In field: field - no CustomField named {full_name} found")
            if not field.nillable and field.type != "boolean":
                raise ProblemError(f"You cannot deploy to a required field: {full_name}")
            read = flag(one, "readable") or flag(one, "editable")
            self._org.store.execute('DELETE FROM "sf_FieldPermissions" WHERE "ParentId" = ? AND "Field" = ?', (set_id, full_name))
            stamp = self._audit()["SystemModstamp"]
            row = {"ParentId": set_id, "SobjectType": sobject.name, "Field": f"{sobject.name}.{field.name}", "SystemModstamp": stamp}
            self._org.rows.insert("FieldPermissions", {**row, "PermissionsRead": read, "PermissionsEdit": flag(one, "editable")})

    def _queue(self, name: str, root: Element, named: set[str]) -> None:
        if not named & {name, "*"}:
            return
        found = self._org.store.scalar("""SELECT "Id" FROM "sf_Group" WHERE "Type" = 'Queue' AND "DeveloperName" = ?""", (name,))
        values = {"Name": text(root, "name", name), "DeveloperName": name, "Type": "Queue", "Email": text(root, "email") or None}
        sends = {"DoesSendEmailToMembers": flag(root, "doesSendEmailToMembers"), "DoesIncludeBosses": flag(root, "doesIncludeBosses")}
        created = found is None
        if created:
            found = self._org.rows.insert("Group", {**self._audit(), **values, **sends, "OwnerId": self._org.organization_id})
        else:
            self._org.rows.update("Group", found, {**values, **sends})
        for row in self._org.rows.find("QueueSobject", "QueueId", [found], ("Id",)):
            self._org.rows.delete("QueueSobject", row["Id"])
        for one in children(root, "queueSobject"):
            row = {"QueueId": found, "SobjectType": text(one, "sobjectType"), "CreatedById": self._user_id}
            self._org.rows.insert("QueueSobject", row)
        self._succeed("Queue", name, f"queues/{name}.queue", created=created)

    def _audit(self) -> dict[str, Any]:
        stamp = timestamp(self._org.clock.now())
        by = {"CreatedById": self._user_id, "LastModifiedById": self._user_id}
        return {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp, **by}

    def _succeed(self, kind: str, name: str, path: str, *, created: bool) -> None:
        state = {"success": True, "created": created, "changed": not created, "deleted": False}
        self.components.append({"componentType": kind, "fullName": name, "fileName": path, **state})

    def _fail(self, kind: str, name: str, path: str, problem: str) -> None:
        state = {"success": False, "created": False, "changed": False, "deleted": False}
        self.failures.append(
            {"componentType": kind, "fullName": name, "fileName": path, "problem": problem, "problemType": "Error", **state}
        )


def _read(archive: bytes) -> dict[str, Element]:
    """Parsed files by path; the package may lie in one top folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            names = [name for name in opened.namelist() if not name.endswith("/")]
            base = next((name.removesuffix("package.xml") for name in names if name.endswith("package.xml")), None)
            if base is None:
                raise ProblemError("No package.xml found")
            return {name.removeprefix(base): ElementTree.fromstring(opened.read(name)) for name in names if name.startswith(base)}
    except (zipfile.BadZipFile, ElementTree.ParseError) as broken:
        raise ProblemError(f"the zip file can not be read: {broken}") from None


def _named(files: dict[str, Element]) -> dict[str, set[str]]:
    """Members by type, from package.xml."""
    found: dict[str, set[str]] = {}
    for types in children(files["package.xml"], "types"):
        found.setdefault(text(types, "name"), set()).update((one.text or "").strip() for one in children(types, "members"))
    unknown = set(found) - {kind for _, kind in _FOLDERS.values()} - {"CustomField"}
    if unknown:
        raise ProblemError(f"this sandbox does not deploy the metadata types {sorted(unknown)}")
    return found


def _components(files: dict[str, Element], folder: str) -> Iterator[tuple[str, str, Element]]:
    suffix = _FOLDERS[folder][0]
    for path, root in sorted(files.items()):
        if path.startswith(f"{folder}/") and path.endswith(suffix):
            yield path, path.removeprefix(f"{folder}/").removesuffix(suffix), root
