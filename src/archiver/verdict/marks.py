"""What is known of other people's walls: the ids, classes, scripts and frames by which they can be told.

A mark says whose product is on the page, and never by itself that it stands in the reader's way: most of these scripts
are on ordinary pages too. The rules weigh them together with what can be read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Mark:
    """A product, and patterns by which it shows."""

    product: str
    names: str = ""
    """Of a whole id, class or tag name."""
    sources: str = ""
    """Of something in an address of a script, frame or style sheet, or in the beginning of an inline script."""


CHALLENGES = (
    Mark(
        "Cloudflare",
        r"cf-(challenge|browser-verification|error-details|im-under-attack|chl)[\w-]*|challenge-(form|running|error-text)",
        r"_cf_chl_opt|cdn-cgi/challenge-platform/\S*(orchestrate|chl_page)|cdn-cgi/styles/cf\.errors",
    ),
    Mark("Imperva", r"main-iframe|incap_\w+", r"_Incapsula_Resource\?\S*(CWUDNSAI|incident_id)"),
    Mark("DataDome", r"ddv1-captcha-container", r"captcha-delivery\.com/(captcha|interstitial)|var dd=\{.rt."),
    Mark("HUMAN", r"px-captcha[\w-]*", r"captcha\.px-cloud\.net|/captcha/captcha\.js\?a=c&u="),
    Mark("Akamai", r"sec-(if-)?cpt-[\w-]+", r"errors\.edgesuite\.net|/_sec/cp_challenge"),
    Mark(
        "AWS WAF", r"captcha-container-aws|challenge-container", r"gokuProps|awswaf\.com/\S*captcha\.js|AwsWafCaptcha"
    ),
    Mark("DDoS-Guard", r"ddg-\w[\w-]*", r"\.well-known/ddos-guard|check\.ddos-guard\.net"),
    Mark("Sucuri", r"sucuri-?\w*", r"sucuri_cloudproxy_js"),
    Mark("Kasada", r"kpsdk[\w-]*", r"KPSDK|/149e9513-01fa-4fb0-aad4-566afd725d1b/"),
    Mark("Qrator", "", r"__qrator|qauth"),
    Mark("Anubis", r"anubis[\w-]*", r"anubis_(challenge|version)|\.within\.website/"),
    Mark("Yandex SmartCaptcha", r"checkboxcaptcha[\w-]*|smart-?captcha", r"/showcaptcha|captcha_smart"),
)
"""Pages that stand before the site."""

WIDGETS = (
    Mark("reCAPTCHA", r"g-recaptcha", r"google\.com/recaptcha|recaptcha\.net"),
    Mark("hCaptcha", r"h-captcha", r"hcaptcha\.com/"),
    Mark("Turnstile", r"cf-turnstile", r"challenges\.cloudflare\.com/turnstile"),
    Mark("GeeTest", r"geetest_[\w-]+", r"geetest\.com/"),
    Mark("Arkose", r"(fc|arkose)-[\w-]+", r"arkoselabs\.com|funcaptcha"),
)
"""Tests of being human that forms on ordinary pages have too: they count only where there is hardly anything else."""

PAYWALLS = (
    Mark("Piano", r"tp-(modal|container|iframe-wrapper|backdrop)[\w-]*|piano-[\w-]+", r"tinypass\.com|\.piano\.io"),
    Mark("Zephr", r"zephr[\w-]*", r"zephr\.com|zephr-browser"),
    Mark("Poool", r"poool-[\w-]+", r"poool\.(fr|tech)|poool\.init"),
    Mark("Leaky Paywall", r"leaky[_-]paywall[\w-]*", r"leaky-paywall"),
    Mark("Pelcro", r"pelcro-[\w-]+", r"pelcro\.com"),
    Mark("Steady", r"steady-(paywall|checkout)[\w-]*", r"steadyhq\.com/widget_loader"),
    Mark("LaterPay", r"(lp|contribly|supertab)-paywall[\w-]*", r"laterpay\.net|supertab\.co"),
    Mark("Evolok", r"ev-(engagement|widget)[\w-]*", r"evolok\.(net|com)"),
    Mark("Wallkit", r"wallkit[\w-]*", r"wallkit\.net"),
    Mark(
        "a paywall",
        r"([\w-]+[_-])?pay-?wall([_-](?!free|enabled|body)[\w-]+)?|regwall[\w-]*|subscription-(wall|gate)[\w-]*",
    ),
)
CONSENTS = (
    Mark("OneTrust", r"onetrust-[\w-]+|ot-sdk-[\w-]+", r"cookielaw\.org|onetrust\.com"),
    Mark("Didomi", r"didomi-[\w-]+", r"privacy-center\.org"),
    Mark("Cookiebot", r"CybotCookiebot\w*", r"consent\.cookiebot\.(com|eu)"),
    Mark("Sourcepoint", r"sp_message_\w+", r"privacy-mgmt\.com|sp-prod\.net|sourcepoint"),
    Mark("Quantcast", r"qc-cmp2?-[\w-]+", r"quantcast\.mgr|cmp\.inmobi\.com|quantcast\.com/choice"),
    Mark("Usercentrics", r"usercentrics-[\w-]+", r"usercentrics\.eu"),
    Mark("TrustArc", r"truste[_-][\w-]+|trustarc-[\w-]+", r"consent\.trustarc\.com"),
    Mark("Consentmanager", r"cmpbox\d?|cmpwrapper", r"consentmanager\.(net|mgr)"),
    Mark("CookieYes", r"cky-[\w-]+", r"cookieyes\.com"),
    Mark("Iubenda", r"iubenda-cs-[\w-]+", r"iubenda\.com"),
    Mark("Google", r"fc-consent-[\w-]+|fc-dialog-[\w-]+", r"fundingchoicesmessages\.google\.com"),
    Mark("Complianz", r"cmplz-[\w-]+", "complianz"),
)


@cache
def _patterns(mark: Mark) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    names = re.compile(rf"^(?:{mark.names})$", re.MULTILINE | re.IGNORECASE) if mark.names else None
    return names, re.compile(mark.sources, re.IGNORECASE) if mark.sources else None


def products(marks: Iterable[Mark], names: str, sources: str) -> tuple[str, ...]:
    """Whose marks are there: `names` are ids and classes, `sources` addresses and scripts, one a line."""
    found = []
    for mark in marks:
        by_name, by_source = _patterns(mark)
        if (by_name and by_name.search(names)) or (by_source and by_source.search(sources)):
            found.append(mark.product)
    return tuple(found)
