"""Articles behind dialogs that ask for consent: each platform's in its own markup, and those of no platform.

`/consent/NAME` is the page. When a choice is made it sends a beacon to `/consent/told?page=NAME&choice=CHOICE`
(`rejected`, `accepted`, `subscribed`, `pressed`), so that the log of what was served tells what was chosen.
In the markup `data-does` says what a press does; nothing but the page's own script reads it.
"""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsroom.pages import TEMPLATES

TEXT = (
    "The water came back to the lower town on Thursday, a little before six; the first to notice were the bakers. ",
    "By eight the queue at the pump house had dissolved, leaving behind a bench, two buckets and a dog of nobody's. ",
    "Engineers say that the pressure will rise through the week, provided that the second main holds until the thaw. ",
)
LAST_WORDS = "The council meets again on Monday."
"""The article's end, which every capture must hold."""


@dataclass(frozen=True)
class Dialog:
    """What stands over the article; its markup is the macro of its name in `templates/consent-dialogs.html`."""

    platform: str = ""
    language: str = "en"
    choices: dict[str, str] = field(default_factory=lambda: {"reject": "rejected", "accept": "accepted"})
    """Per policy the choice that must be told; none where nothing may be pressed."""
    locks: bool = True
    """Whether the page cannot be scrolled meanwhile."""
    shadow: str = ""
    """Id of the host whose open shadow root holds the dialog."""
    after: int = 0
    """Milliseconds after which the dialog comes, brought by a script of the platform."""
    reloads: bool = False
    """A choice is kept in a cookie and the page loads anew."""
    banner: tuple[str, ...] = ()
    """Of a dialog of nobody in particular: text, refusal, acceptance, and a mark if it stands in the middle."""


PLATFORMS = {
    "onetrust": Dialog("OneTrust"),
    "onetrust-two-step": Dialog("OneTrust"),
    "didomi": Dialog("Didomi"),
    "cookiebot": Dialog("Cookiebot"),
    "sourcepoint": Dialog("Sourcepoint"),
    "quantcast": Dialog("Quantcast Choice"),
    "usercentrics": Dialog("Usercentrics", "de", shadow="usercentrics-root"),
    "trustarc": Dialog("TrustArc"),
    "funding-choices": Dialog("Google Funding Choices"),
    "iubenda": Dialog("Iubenda", "it"),
    "complianz": Dialog("Complianz", "nl", locks=False),
    "cookieyes": Dialog("CookieYes", locks=False),
    "klaro": Dialog("Klaro", locks=False),
}
"""Small imitations of what the platforms put into a page."""

GENERIC = {
    "german": Dialog(
        language="de",
        banner=("Wir verwenden Cookies und bitten um Ihre Einwilligung.", "Alle ablehnen", "Alle akzeptieren"),
    ),
    "french": Dialog(
        language="fr", banner=("Nous utilisons des cookies.", "Continuer sans accepter", "Tout accepter", "modal")
    ),
    "ukrainian": Dialog(language="uk", banner=("Ми використовуємо файли cookie.", "Лише необхідні", "Прийняти всі")),
    "polish": Dialog(language="pl", banner=("Ta strona używa ciasteczek.", "Nie zgadzam się", "Zgadzam się", "modal")),
    "spanish": Dialog(
        language="es", banner=("Usamos cookies y pedimos su consentimiento.", "Rechazar todo", "Aceptar todo")
    ),
    "finnish": Dialog(language="fi", banner=("Käytämme evästeitä.", "Vain välttämättömät", "Hyväksy kaikki")),
    "greek": Dialog(language="el", banner=("Χρησιμοποιούμε cookies.", "Απόρριψη όλων", "Αποδοχή όλων")),
    "turkish": Dialog(language="tr", banner=("Çerezleri kullanıyoruz.", "Tümünü reddet", "Tümünü kabul et", "modal")),
    "arabic": Dialog(language="ar", banner=("نستخدم ملفات تعريف الارتباط.", "رفض الكل", "قبول الكل")),
    "japanese": Dialog(language="ja", banner=("当サイトはクッキーを使用しています。", "すべて拒否", "すべて許可")),
    "hindi": Dialog(language="hi", banner=("हम कुकी का उपयोग करते हैं।", "सभी अस्वीकार करें", "सभी स्वीकार करें")),
    "czech": Dialog(language="cs", banner=("Používáme soubory cookie.", "Odmítnout vše", "Souhlasím")),
    "native-dialog": Dialog(),
    "shadow": Dialog(shadow="privacy-island"),
    "frame": Dialog(),
    "two-step": Dialog(language="uk"),
    "late": Dialog(after=700),
    "reloads": Dialog(reloads=True),
    "notice": Dialog(choices={"accept": "accepted"}),
    "pay-or-okay": Dialog(choices={"accept": "accepted"}),
}
"""Dialogs of no platform that we know, in several languages and places."""

OTHER = {
    "newsletter": Dialog(choices={}, locks=False),
    "harmless": Dialog(choices={}, locks=False),
    "none": Dialog(choices={}, locks=False),
}
"""Dialogs that ask for something else, and a page without any: nothing is to be done."""

DIALOGS = PLATFORMS | GENERIC | OTHER


def markup(name: str, part: str = "", **values: str) -> str:
    """A part of the dialog: its first layer, its `second`, or the document of its `frame`; "" if it has none."""
    module = TEMPLATES.get_template("consent-dialogs.html").module
    if (dialog := DIALOGS[name]).banner and not part:
        return str(module.banner(*dialog.banner))
    macro = getattr(module, f"{name}_{part}".strip("_").replace("-", "_"), None)
    return str(macro(**values)) if macro else ""


async def page(request: Request) -> Response:
    """An article with its dialog."""
    name = request.path_params["name"]
    dialog = DIALOGS[name]
    frame_url = str(request.url.replace(path=f"/consent-frame/{name}", query="")).replace("tricks.", "frames.")
    layers = [markup(name).replace("FRAME", frame_url), markup(name, "second")]
    asking = bool(layers[0]) and not (dialog.reloads and request.cookies.get("chosen"))
    html = TEMPLATES.get_template("consent.html").render(
        name=name,
        dialog=dialog,
        asking=asking,
        layers=layers,
        paragraphs=[text * 3 for text in TEXT * 2],
        last=LAST_WORDS,
    )
    return HTMLResponse(html)


async def frame(request: Request) -> Response:
    """The dialog that lives in a frame, of another site than the article."""
    dialog = markup(request.path_params["name"], "frame")
    return HTMLResponse(TEMPLATES.get_template("consent-frame.html").render(dialog=dialog))


async def manager(request: Request) -> Response:
    """The script of a platform that takes its time."""
    return PlainTextResponse(f"setTimeout(() => show(0), {DIALOGS['late'].after})", media_type="text/javascript")


async def told(request: Request) -> Response:
    """Takes the choice."""
    return Response(status_code=204)


ROUTES = [
    Route("/consent/told", told, methods=["POST"]),
    Route("/consent/{name}", page),
    Route("/consent-manager.js", manager),
]
FRAME_ROUTES = [Route("/consent-frame/{name}", frame)]
