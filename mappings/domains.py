"""Lists of domains: mailbox providers, who says nothing about an employer; throw-away addresses; and the public suffixes."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files

from mappings.shapes import FreeMailShape
from mappings.shapes_intake import DomainsShape

_PROVIDERS = """
aol.com att.net bluewin.ch btinternet.com comcast.net cox.net duck.com fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com
gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com laposte.net
libero.it live.com live.co.uk mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.es
outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net seznam.cz sky.com t-online.de
tuta.com tutanota.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com 126.com 163.com
"""
COMMON_FREE_MAIL: tuple[str, ...] = tuple(sorted(_PROVIDERS.split()))
EVERYBODYS = "gives mailboxes to everybody: all who have one there would be left alone"


def free_mail_domains(shape: FreeMailShape) -> tuple[str, ...]:
    """The domains, lower case and sorted."""
    chosen = set(COMMON_FREE_MAIL if shape.common else ()) | {domain.casefold() for domain in shape.also}
    return tuple(sorted(chosen - {domain.casefold() for domain in shape.except_}))


_DISPOSABLE = """
0815.ru 10minutemail.com 10minutemail.net 20minutemail.com 33mail.me binkmail.com bobmail.info burnermail.io chammy.info cock.li
crazymailing.com deadaddress.com discard.email discardmail.com discardmail.de dispostable.com dodgit.com drdrb.net e4ward.com
email-fake.com emailfake.com emailondeck.com emailsensei.com emailtemporanea.net fake-mail.net fakeinbox.com fakemail.net
fakemailgenerator.com filzmail.com getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de
guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com inboxalias.com inboxbear.com
inboxkitten.com incognitomail.org jetable.org kasmail.com mail-temp.com mail-temporaire.fr mailcatch.com maildrop.cc mailexpire.com
mailforspam.com mailinator.com mailinator.net mailinator2.com mailnesia.com mailnull.com mailsac.com mailtemp.info meltmail.com
mintemail.com moakt.com mohmal.com mt2015.com mytemp.email mytrashmail.com nada.email no-spam.ws nospam.ze.tc nowmymail.com
objectmail.com pokemail.net proxymail.eu sharklasers.com shieldemail.com sogetthis.com spam4.me spambog.com spambox.us spamex.com
spamfree24.org spamgourmet.com spamhole.com spaml.de suremail.info temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com
tempmail.de tempmail.net tempmailo.com tempr.email temporarymail.com throwawaymail.com tmail.ws tmpmail.net tmpmail.org trash-mail.com
trash-mail.de trashmail.com trashmail.de trashmail.me trashmail.net trbvm.com tyldd.com wegwerfemail.de wegwerfmail.de wegwerfmail.net
wegwerfmail.org yopmail.com yopmail.fr yopmail.net zetmail.com
"""
COMMON_DISPOSABLE: tuple[str, ...] = tuple(sorted(_DISPOSABLE.split()))
SUFFIX_PACKAGE = "publicsuffixlist"


def disposable_domains(shape: DomainsShape) -> tuple[str, ...]:
    """Domains that hand out addresses for minutes, lower case and sorted."""
    chosen = set(COMMON_DISPOSABLE if shape.common else ()) | {domain.casefold() for domain in shape.also}
    return tuple(sorted(chosen - {domain.casefold() for domain in shape.except_}))


@lru_cache(maxsize=1)
def public_suffixes() -> tuple[str, str]:
    """(package and version, rules in IDNA form parted by blanks) of the list that is installed, its private section included: under
    github.io or myshopify.com every name is somebody else. Source: publicsuffix.org, as the package publicsuffixlist ships it."""
    text = files(SUFFIX_PACKAGE).joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    rules = {line.split()[0].casefold() for line in text.splitlines() if line.strip() and not line.startswith("//")}
    return f"{SUFFIX_PACKAGE} {version(SUFFIX_PACKAGE)}", " ".join(sorted(map(_in_idna, rules)))


def _in_idna(rule: str) -> str:
    return rule if rule.isascii() else rule.encode("idna").decode("ascii")
