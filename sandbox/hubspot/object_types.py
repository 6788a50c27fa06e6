"""The object types of the CRM: ids, names, own date properties, default properties and the scopes that read and write them."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "developers.hubspot.com, 'Understanding the CRM' (type ids), 'Search the CRM' (default properties), per-object guides (scopes)"


@dataclass(frozen=True)
class ObjectType:
    """One type. `number` is the second half of the type id; `is_engagement` types ignore unknown and read-only properties on write."""

    number: int
    plural: str
    singular: str
    created_property: str
    modified_properties: tuple[str, ...]
    default_properties: tuple[str, ...]
    read_scope: str
    write_scope: str
    first_id: int
    required: tuple[str, ...] = ()
    is_engagement: bool = False
    archived_listing: bool = True

    @property
    def type_id(self) -> str:
        """The id in paths, such as 0-1."""
        return f"0-{self.number}"

    @property
    def label(self) -> str:
        """The name in error messages, such as CONTACT."""
        return self.singular.upper()


_ENGAGEMENT_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
_CONTACTS = ("crm.objects.contacts.read", "crm.objects.contacts.write")


def _engagement(
    number: int, plural: str, singular: str, first_id: int, required: tuple[str, ...], *, archived_listing: bool = True
) -> ObjectType:
    return ObjectType(
        number,
        plural,
        singular,
        "hs_createdate",
        ("hs_lastmodifieddate",),
        _ENGAGEMENT_DEFAULTS,
        *_CONTACTS,
        first_id,
        required=required,
        is_engagement=True,
        archived_listing=archived_listing,
    )


_TYPES = (
    ObjectType(
        1,
        "contacts",
        "contact",
        "createdate",
        ("lastmodifieddate", "hs_lastmodifieddate"),
        ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        *_CONTACTS,
        70_000_001,
    ),
    ObjectType(
        2,
        "companies",
        "company",
        "createdate",
        ("hs_lastmodifieddate",),
        ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"),
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        20_000_001,
    ),
    ObjectType(
        3,
        "deals",
        "deal",
        "createdate",
        ("hs_lastmodifieddate",),
        ("dealname", "amount", "closedate", "pipeline", "dealstage", "createdate", "hs_lastmodifieddate", "hs_object_id"),
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        30_000_001,
    ),
    ObjectType(
        136,
        "leads",
        "lead",
        "hs_createdate",
        ("hs_lastmodifieddate",),
        _ENGAGEMENT_DEFAULTS,
        "crm.objects.leads.read",
        "crm.objects.leads.write",
        40_000_001,
        required=("hs_lead_name",),
    ),
    ObjectType(
        115,
        "users",
        "user",
        "hs_createdate",
        ("hs_lastmodifieddate",),
        _ENGAGEMENT_DEFAULTS,
        "crm.objects.users.read",
        "crm.objects.users.write",
        900_001,
    ),
    _engagement(48, "calls", "call", 48_000_001, ("hs_timestamp",)),
    _engagement(49, "emails", "email", 49_000_001, ("hs_timestamp", "hs_email_direction")),
    _engagement(47, "meetings", "meeting", 47_000_001, ("hs_timestamp",), archived_listing=False),
    _engagement(27, "tasks", "task", 27_000_001, ("hs_timestamp",)),
    _engagement(46, "notes", "note", 46_000_001, ("hs_timestamp",)),
    _engagement(
        18, "communications", "communication", 18_000_001, ("hs_timestamp", "hs_communication_channel_type"), archived_listing=False
    ),
)

ALL: tuple[ObjectType, ...] = _TYPES
# HubSpot's own types that this portal has no records of: nothing is served for them, and nothing is associated with them.
EMPTY = frozenset({"tickets", "products", "quotes", "line_items", "feedback_submissions", "postal_mail", "goal_targets", "carts", "orders"})
CONTACTS, COMPANIES, DEALS, LEADS, USERS = _TYPES[:5]
_BY_NAME: dict[str, ObjectType] = {}
for _type in _TYPES:
    for _name in (_type.plural, _type.singular, _type.type_id):
        _BY_NAME[_name] = _type
BY_NUMBER: dict[int, ObjectType] = {t.number: t for t in _TYPES}


def find(name: str) -> ObjectType | None:
    """The type for a plural, singular or id form (any case), or None."""
    return _BY_NAME.get(name.lower())


def get(name: str) -> ObjectType:
    """The type for a plural, singular or id form; KeyError names the types there are."""
    found = find(name)
    if found is None:
        message = f"unknown HubSpot object type {name!r}; there are: {', '.join(t.plural for t in _TYPES)}"
        raise KeyError(message)
    return found
