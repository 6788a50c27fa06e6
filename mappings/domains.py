"""E-mail domains that belong to mailbox providers and say nothing about an employer."""

from __future__ import annotations

from mappings.shapes import FreeMailShape

_PROVIDERS = """
aol.com att.net bluewin.ch btinternet.com comcast.net cox.net duck.com fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com
gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com laposte.net
libero.it live.com live.co.uk mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.es
outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net seznam.cz sky.com t-online.de
tuta.com tutanota.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com 126.com 163.com
"""
COMMON_FREE_MAIL: tuple[str, ...] = tuple(sorted(_PROVIDERS.split()))


def free_mail_domains(shape: FreeMailShape) -> tuple[str, ...]:
    """The domains, lower case and sorted."""
    chosen = set(COMMON_FREE_MAIL if shape.common else ()) | {domain.casefold() for domain in shape.also}
    return tuple(sorted(chosen - {domain.casefold() for domain in shape.except_}))
