"""Builds a ready engine from settings: real clock, real sleep, threads, the ledger and one connector per CRM with credentials."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import requests
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.protocol import Crm
from connectors.registry import open_crm
from engine import context
from handoff.policy import Policy
from ledger.connection import normalised
from ledger.ledger import Ledger, open_ledger
from mappings.baseline import baseline_policy
from mappings.exclusions import load_exclusions
from mappings.load import field_map_of, load_policy, personal_fields
from mappings.narrow import narrowed
from mappings.people import load_people
from runtime.settings import Settings

Clock = Callable[[], datetime]
PORTALS = {"hubspot_leads": "hubspot"}  # an adapter that has no credentials of its own: the account of the other is its account


class SettingsError(Exception):
    """The environment does not say enough, or contradicts itself. The message names the variable and the mend."""


def wall_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


def sandbox_clock(url: str) -> Clock:
    """The business clock of a sandbox, so that a fixed world and the product agree on the day. One answer serves for a second."""
    kept: list[tuple[float, datetime]] = []

    def read() -> datetime:
        if not kept or time.monotonic() - kept[-1][0] > 1:
            kept[:] = [(time.monotonic(), _sandbox_now(url))]
        return kept[-1][1]

    return read


def _sandbox_now(url: str) -> datetime:
    try:
        reply = requests.get(f"{url.rstrip('/')}/_sandbox/clock", timeout=10)
        reply.raise_for_status()
        return datetime.fromisoformat(reply.json()["now"]).astimezone(UTC)
    except (requests.RequestException, LookupError, TypeError, ValueError) as error:
        mend = "start it again (make up), or unset the variable to go by the wall clock"
        raise SettingsError(f"HANDOFF_CLOCK_URL: no sandbox answers at {url} ({type(error).__name__}): {mend}") from None


def clock_of(settings: Settings) -> Clock:
    """The wall clock, unless `clock_url` points at a sandbox."""
    return sandbox_clock(settings.clock_url) if settings.clock_url else wall_clock


def account_of(settings: Settings, system: str) -> Account:
    """One CRM's account values. Raises SettingsError when its credentials are not complete."""
    return _salesforce(settings) if PORTALS.get(system, system) == "salesforce" else _hubspot(settings)


def _hubspot(settings: Settings) -> HubSpotAccount:
    if settings.hubspot_token is None:
        msg = "HANDOFF_HUBSPOT_TOKEN is not set: create a service key in HubSpot (docs/permissions.md lists its scopes)"
        raise SettingsError(msg)
    return HubSpotAccount(
        base_url=settings.hubspot_base_url,
        token=settings.hubspot_token,
        version=settings.hubspot_api_version,
        portal_id=settings.hubspot_portal_id,
        limit_per_10s=settings.hubspot_calls_per_10_seconds,
        read_timeout_seconds=settings.timeout_seconds,
    )


def _salesforce(settings: Settings) -> SalesforceAccount:
    if not settings.salesforce_instance_url:
        msg = "HANDOFF_SALESFORCE_INSTANCE_URL is not set: it is your My Domain, https://<name>.my.salesforce.com"
        raise SettingsError(msg)
    key_file = settings.salesforce_private_key_file
    if settings.salesforce_client_secret is None and key_file is None:
        msg = "set HANDOFF_SALESFORCE_CLIENT_SECRET (client credentials) or HANDOFF_SALESFORCE_PRIVATE_KEY_FILE (JWT bearer)"
        raise SettingsError(msg)
    if settings.salesforce_client_secret is None and not settings.salesforce_username:
        msg = "HANDOFF_SALESFORCE_USERNAME is not set: the JWT bearer flow logs in as that user"
        raise SettingsError(msg)
    return SalesforceAccount(
        instance_url=settings.salesforce_instance_url,
        base_url=settings.salesforce_base_url or None,
        client_id=settings.salesforce_client_id,
        client_secret=settings.salesforce_client_secret,
        username=settings.salesforce_username,
        private_key=_private_key(key_file) if key_file else None,
        org_id=settings.salesforce_org_id or None,
        api_version=settings.salesforce_api_version,
        read_timeout_seconds=settings.timeout_seconds,
    )


def _private_key(path: Path) -> SecretStr:
    try:
        return SecretStr(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        mend = "name the file of the RSA key in PEM form, readable by whoever runs handoff"
        raise SettingsError(f"HANDOFF_SALESFORCE_PRIVATE_KEY_FILE: {path} cannot be read ({why}): {mend}") from None


def open_crms(settings: Settings, clock: Clock, stack: contextlib.ExitStack, named: Iterable[str] = ()) -> dict[str, Crm]:
    """One connector per CRM with credentials that `crms` names, closed with `stack`, and one for Lead objects where the policy is `named`
    for them.

    Raises SettingsError when there is none.
    """
    systems = (*settings.systems(), *(system for system in PORTALS if system in named and PORTALS[system] in settings.systems()))
    if not systems and settings.crms:
        raise SettingsError(f"HANDOFF_CRMS: there are no credentials for {settings.crms}; set them, or unset it")
    if not systems:
        msg = "no CRM is configured: set HANDOFF_HUBSPOT_TOKEN or HANDOFF_SALESFORCE_CLIENT_ID (or try it without any: make demo)"
        raise SettingsError(msg)
    crms: dict[str, Crm] = {}
    clocks = Clocks(now=clock, wall=wall_clock, monotonic=time.monotonic, sleep=time.sleep)
    for system in systems:
        crm = open_crm(system, account_of(settings, system), field_map_of(settings.mappings, system), clocks, crms)
        stack.callback(crm.close)
        crms[system] = crm
    return crms


def there(folder: Path, name: str) -> Path:
    """A policy folder. Raises SettingsError, which names the setting or the option that it comes from, where it is not there."""
    if not folder.is_dir():
        raise SettingsError(f"{name}: there is no folder {folder.absolute()}: make it, or correct the name")
    return folder


def mappings_of(settings: Settings) -> Path:
    """The company's policy folder; one that nobody has named need not be there. Raises SettingsError."""
    return there(settings.mappings, "HANDOFF_MAPPINGS") if "mappings" in settings.model_fields_set else settings.mappings


def policy_of(settings: Settings) -> Policy:
    """The reviewed policy of `mappings`, narrowed to the CRMs that `crms` names; the baseline when the folder holds none."""
    folder = mappings_of(settings)
    policy = load_policy(folder) if (folder / "policy.yaml").exists() else baseline_policy(folder)
    try:
        return narrowed(policy, _with_portals(settings.crms.split(","), policy.systems)) if settings.crms else policy
    except ValueError as error:
        raise SettingsError(f"HANDOFF_CRMS: {error}; name a CRM of the policy, or unset it") from None


def production_of(settings: Settings) -> frozenset[str]:
    """The CRMs whose account may be a production one."""
    return frozenset(filter(None, settings.production.split(",")))


def ledger_url(settings: Settings) -> str:
    """The ledger's URL. Raises SettingsError for one that no ledger can be opened with."""
    try:
        normalised(settings.ledger())
    except ValueError as error:
        msg = f"HANDOFF_LEDGER_URL: {error}; without it the ledger is a file in HANDOFF_HOME"
        raise SettingsError(msg) from None
    return settings.ledger()


def _opened_ledger(settings: Settings, crms: Iterable[str]) -> Ledger:
    try:
        return open_ledger(ledger_url(settings), personal=personal_fields(settings.mappings, crms))
    except OperationalError:
        # The database's own words may hold the address, and with it a password.
        mend = "see that the database runs and lets us in, or unset it: the ledger is then a file in HANDOFF_HOME"
        raise SettingsError(f"HANDOFF_LEDGER_URL: the ledger cannot be opened: {mend}") from None


def admin_settings(settings: Settings) -> Settings:
    """The same installation with an administrator's credentials where they are given (`HANDOFF_ADMIN_...`), for setup alone."""
    given = {
        "hubspot_token": settings.admin_hubspot_token,
        "salesforce_client_id": settings.admin_salesforce_client_id,
        "salesforce_client_secret": settings.admin_salesforce_client_secret,
    }
    return settings.model_copy(update={name: value for name, value in given.items() if value})


@contextlib.contextmanager
def open_engine(
    settings: Settings,
    *,
    policy: Policy | None = None,
    label: str = "",
    executor: context.Executor | None = None,
    notifier: context.Notifier | None = None,
    progress: Callable[[str], object] = context.silent,
) -> Iterator[context.Engine]:
    """A ready engine; connections and ledger are closed with the block. Raises SettingsError, PolicyErrors and the connectors' CrmError."""
    # Shards of frozen values live and die together; collecting every 700 allocations, as by default, cost a fifth of a run.
    gc.set_threshold(50_000, 20, 20)
    with contextlib.ExitStack() as stack:
        clock = clock_of(settings)
        _make_home(settings.home)
        chosen = policy or policy_of(settings)
        crms = open_crms(settings, clock, stack, chosen.systems)
        ledger = _opened_ledger(settings, crms)
        stack.callback(ledger.close)
        yield context.Engine(
            policy=chosen,
            crms=crms,
            ledger=ledger,
            clock=clock,
            sleep=time.sleep,
            monotonic=time.monotonic,
            wall=wall_clock,
            executor=executor or context.Threads(most=8),
            people=load_people(people) if os.path.lexists(people := settings.mappings / "people.csv") else (),
            exclusions=load_exclusions(settings.exclusions, chosen.company.free_mail_domains) if settings.exclusions is not None else {},
            settings=_engine_settings(settings, label),
            notifier=notifier,
            progress=progress,
        )


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"HANDOFF_HOME: no folder can be made at {home} ({error.strerror}); name one that may be written"
        raise SettingsError(msg) from None


def _with_portals(named: Iterable[str], there: Iterable[str] = tuple(PORTALS)) -> frozenset[str]:
    """CRMs by name, and what is `there` of all that is opened in one of them: what is said of HubSpot holds for its Lead objects."""
    known = frozenset(named)
    return known | {system for system in there if PORTALS.get(system) in known}


def _engine_settings(settings: Settings, label: str) -> context.Settings:
    pinned = {
        **dict.fromkeys(("hubspot", *PORTALS), str(settings.hubspot_portal_id or "")),
        "salesforce": settings.salesforce_org_id,
    }
    return context.Settings(
        writes=settings.writes,
        pinned={system: pin for system, pin in pinned.items() if pin},
        production=_with_portals(production_of(settings)),
        holder=label or f"cli-{os.getpid()}",
    )
