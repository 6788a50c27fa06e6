"""One Salesforce org: the parts that saves and queries share, and the set-up every org is born with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.history import History
from sandbox.salesforce.rights import GUARDED, VERBS, Rights
from sandbox.salesforce.rows import Row, Rows, timestamp
from sandbox.salesforce.rules import Rules
from sandbox.salesforce.schema import Choice, SObject

if TYPE_CHECKING:
    from sandbox.core import Sandbox

ADMIN_PROFILE = "System Administrator"
USER_PROFILE = "Standard User"
INTEGRATION_PROFILE = "Minimum Access - API Only Integrations"
_ADMIN = frozenset(
    {
        "ApiEnabled", "ViewSetup", "ModifyMetadata", "CustomizeApplication", "ManageUsers", "AssignPermissionSets", "ModifyAllData",
        "ViewAllData", "TransferAnyLead", "ConvertLeads", "EditTask", "EditEvent",
    }
)  # fmt: skip
PROFILES: Mapping[str, frozenset[str]] = {
    ADMIN_PROFILE: _ADMIN,
    USER_PROFILE: frozenset({"ApiEnabled", "EditTask", "EditEvent", "ConvertLeads"}),
    INTEGRATION_PROFILE: frozenset({"ApiEnabled"}),
}
LEAD_STATUSES = (
    ("Open - Not Contacted", True, False),
    ("Working - Contacted", False, False),
    ("Closed - Converted", False, True),
    ("Closed - Not Converted", False, False),
)
TASK_STATUSES = (
    ("Not Started", True, False),
    ("In Progress", False, False),
    ("Completed", False, True),
    ("Waiting on someone else", False, False),
    ("Deferred", False, False),
)
STAGES = (
    ("Prospecting", 10), ("Qualification", 10), ("Needs Analysis", 20), ("Value Proposition", 50), ("Id. Decision Makers", 60),
    ("Perception Analysis", 70), ("Proposal/Price Quote", 75), ("Negotiation/Review", 90), ("Closed Won", 100), ("Closed Lost", 0),
)  # fmt: skip
_TRACKED_AT_BIRTH = (("Lead", "Status"), ("Lead", "OwnerId"), ("Opportunity", "StageName"), ("Opportunity", "OwnerId"))


class Org:
    """State and set-up. A fresh store is filled by `install`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store, self.clock, self.journal = sandbox.store, sandbox.clock, sandbox.journal
        self.switches, self.limits = sandbox.switches, sandbox.limits
        self.catalog = Catalog(self.store)
        self.rows = Rows(self.store, self.catalog)
        self.rules = Rules(self.store)
        self.rights = Rights(self.store, self.catalog, self.exists)
        self.history = History(self.catalog, self.rows)
        self._setup: dict[str, dict[str, Row]] = {}
        self._identity: tuple[str, str] | None = None
        self.store.on_restore(self._forget)
        if self.store.scalar('SELECT count(*) FROM "sf_Organization"') == 0:
            self.install()

    def _forget(self) -> None:
        self._setup.clear()
        self._identity = None

    def exists(self, sobject: SObject) -> bool:
        """Whether this org has the object switched on."""
        return sobject.name != "OutOfOffice" or bool(self.switches.get("salesforce.out_of_office"))

    @property
    def organization_id(self) -> str:
        """The 18-character id of the org (00D...)."""
        return self._ids()[0]

    @property
    def system_user_id(self) -> str:
        """The user behind automations without a user of their own."""
        return self._ids()[1]

    def _ids(self) -> tuple[str, str]:
        if self._identity is None:
            organization = self.store.scalar('SELECT "Id" FROM "sf_Organization"')
            user = self.store.scalar("""SELECT "Id" FROM "sf_User" WHERE "UserType" = 'AutomatedProcess'""")
            self._identity = (organization, user)
        return self._identity

    def setup_row(self, sobject: str, api_name: str | None) -> Row | None:
        """The LeadStatus, TaskStatus or OpportunityStage row of that name (any case)."""
        if sobject not in self._setup:
            rows = [
                dict(zip(("Id",), row, strict=True)) for row in self.store.rows(f'SELECT "Id" FROM "sf_{sobject}" ORDER BY "SortOrder"')
            ]
            found = [self.rows.get(sobject, row["Id"]) for row in rows]
            self._setup[sobject] = {row["ApiName"].lower(): row for row in found if row is not None}
        return self._setup[sobject].get((api_name or "").lower())

    def default_of(self, sobject: str) -> str | None:
        """The default LeadStatus or TaskStatus."""
        self.setup_row(sobject, None)
        return next((row["ApiName"] for row in self._setup[sobject].values() if row["IsDefault"]), None)

    def install(self) -> None:
        """Fill an empty org: organization, profiles, the automated process, statuses, stages, business hours."""
        stamp = timestamp(self.clock.now())
        with self.store.transaction():
            audit = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
            organization = {"Name": "Acme", "InstanceName": "EU42", "OrganizationType": "Enterprise Edition", "TimeZoneSidKey": "UTC"}
            locale = {"DefaultLocaleSidKey": "en_GB", "LanguageLocaleKey": "en_US", "DefaultLeadAccess": "ReadEditTransfer"}
            self.rows.insert("Organization", {**audit, **organization, **locale})
            for name, permissions in PROFILES.items():
                self._profile(name, permissions, audit)
            self._automated_process(audit)
            self.put_statuses("LeadStatus", [{"label": n, "default": d, "converted": c} for n, d, c in LEAD_STATUSES])
            self.put_statuses("TaskStatus", [{"label": n, "default": d, "closed": c} for n, d, c in TASK_STATUSES])
            self.put_stages([{"label": name, "probability": probability} for name, probability in STAGES])
            self._business_hours(audit)
        for sobject, field in _TRACKED_AT_BIRTH:
            self.catalog.change_field(sobject, field, tracked=True)

    def _profile(self, name: str, permissions: Iterable[str], audit: Row) -> None:
        profile_id = self.rows.insert("Profile", {**audit, "Name": name, "UserType": "Standard"})
        flags = {f"Permissions{permission}": True for permission in permissions}
        own = {"Name": f"X{profile_id[:15]}", "Label": name, "IsOwnedByProfile": True, "ProfileId": profile_id}
        set_id = self.rows.insert("PermissionSet", {**audit, **own, **flags})
        if name == INTEGRATION_PROFILE:
            return
        verbs = {f"Permissions{verb}": True for verb in VERBS}
        self.rows.insert_many("ObjectPermissions", [{**audit, **verbs, "ParentId": set_id, "SobjectType": one} for one in sorted(GUARDED)])

    def _automated_process(self, audit: Row) -> None:
        profile_id = self.store.scalar('SELECT "Id" FROM "sf_Profile" WHERE "Name" = ?', (ADMIN_PROFILE,))
        locale = {"TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8"}
        names = {
            "Username": "autoproc@acme.example",
            "LastName": "Automated Process",
            "Name": "Automated Process",
            "Email": "autoproc@acme.example",
        }
        state = {"Alias": "autoproc", "IsActive": True, "ProfileId": profile_id, "UserType": "AutomatedProcess"}
        user_id = self.rows.insert("User", {**audit, **names, **locale, **state})
        set_id = self.store.scalar('SELECT "Id" FROM "sf_PermissionSet" WHERE "ProfileId" = ?', (profile_id,))
        self.rows.insert(
            "PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": set_id, "SystemModstamp": audit["SystemModstamp"]}
        )

    def _business_hours(self, audit: Row) -> None:
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
        times = {f"{day}{edge}Time": clock for day in days for edge, clock in (("Start", "09:00:00.000Z"), ("End", "18:00:00.000Z"))}
        self.rows.insert(
            "BusinessHours", {**audit, **times, "Name": "Default", "IsActive": True, "IsDefault": True, "TimeZoneSidKey": "UTC"}
        )

    def put_statuses(self, sobject: str, statuses: Iterable[Mapping[str, Any]]) -> None:
        """Replace the values of LeadStatus or TaskStatus: {"label", "default"?, "converted"? or "closed"?} in order."""
        flag = "IsConverted" if sobject == "LeadStatus" else "IsClosed"
        given = list(statuses)
        rows = [{"IsDefault": bool(one.get("default")), flag: bool(one.get("converted") or one.get("closed"))} for one in given]
        self._replace_setup(sobject, [(one["label"], row) for one, row in zip(given, rows, strict=True)])
        self.put_choices(
            sobject.removesuffix("Status"), "Status", [Choice(one["label"], one["label"], bool(one.get("default"))) for one in given]
        )

    def put_stages(self, stages: Iterable[Mapping[str, Any]]) -> None:
        """Replace OpportunityStage: {"label", "probability", "closed"?, "won"?}; by default 100 is won and 0 is lost."""
        rows = []
        for one in stages:
            won = bool(one.get("won", one["probability"] == 100))
            closed = bool(one.get("closed", won or one["probability"] == 0))
            category = ("Closed" if won else "Omitted") if closed else "Pipeline"
            values = {"IsActive": True, "IsClosed": closed, "IsWon": won, "DefaultProbability": float(one["probability"])}
            rows.append((one["label"], {**values, "ForecastCategory": category, "ForecastCategoryName": category}))
        self._replace_setup("OpportunityStage", rows)
        self.put_choices("Opportunity", "StageName", [Choice(label, label) for label, _ in rows])

    def _replace_setup(self, sobject: str, labelled: Iterable[tuple[str, Row]]) -> None:
        stamp = timestamp(self.clock.now())
        audit = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
        self.store.execute(f'DELETE FROM "sf_{sobject}"')
        rows = [
            {**audit, **values, "MasterLabel": label, "ApiName": label, "SortOrder": order}
            for order, (label, values) in enumerate(labelled, 1)
        ]
        self.rows.insert_many(sobject, rows)
        self._setup.pop(sobject, None)

    def put_choices(self, sobject: str, field_name: str, choices: Iterable[Choice]) -> None:
        """Replace the values of a picklist."""
        given = tuple(choices)
        default = next((choice.value for choice in given if choice.is_default), None)
        field = self.catalog.of(sobject).field(field_name)
        if field is None:
            message = f"no field {field_name!r} on {sobject}"
            raise KeyError(message)
        self.catalog.put_field(sobject, replace(field, choices=given, default=default))
