"""Lines that are no part of an article by what they say, in the languages that news is mostly written in. Pure.

Each rule wants more than the words: the line must also be short, or a link, or stand at the edge of the text, for an
article may speak of newsletters and photographs too.
"""

import re

from archiver.extract.days import written_day

_PHRASES = {
    "read also": r"""
        (?:to )?read (?:also|more|next|the full|our)|also read|see also|see more|more (?:on|from|about|stories)
        more:|related(?: (?:articles?|stor(?:y|ies)|posts?|content|topics|links?|coverage|news))?|recommended
        (?:you )?(?:may|might) also|don.t miss|watch(?: (?:now|more|also))?:|listen:|up next|click here
        find out more|learn more|further reading|what to read next
        (?:lesen|lies|sehen|hören) (?:sie |du )?(?:auch|hier|dazu|mehr|weiter|außerdem|jetzt|nach)|lesetipps?
        mehr (?:zum|zu|dazu|über|aus|infos?|informationen|lesen|news)|das könnte (?:sie|dich|euch|ihnen)
        auch (?:interessant|spannend|lesenswert)
        weitere (?:themen|artikel|beiträge|infos|informationen|links|aktuelle|news)|passend (?:dazu|zum)
        siehe auch|ähnliche|verwandte|top.themen|zum (?:thema|weiterlesen)|im video|hier (?:geht|finden|gibt)
        weiterführend|diese (?:artikel|themen)|zugehörige
        (?:à )?(?:lire|voir|découvrir|écouter) (?:aussi|également|la suite|notre)|sur le même|pour aller plus loin
        en savoir plus|nos articles|articles? (?:liés|similaires)|recommandé
        (?:te|le) puede(?:n)? interesar|(?:lee|lea|leer|ver|vea|mira|mire) (?:también|más|además)
        más (?:información|noticias)|relacionad[oa]s?|noticias relacionadas|te recomendamos|temas|sigue leyendo
        no te pierdas
        (?:leia|veja|confira|assista) (?:também|mais|ainda)|saiba mais|leia:|notícias relacionadas
        (?:leggi|guarda|vedi) (?:anche|pure)|potrebbe interessarti|per approfondire
        lees (?:ook|meer|verder)|bekijk ook|läs (?:också|mer|även)|læs (?:også|mere)|les også|lue myös
        (?:czytaj|przeczytaj|zobacz|sprawdź) (?:też|także|również|więcej)|polecamy
        (?:чита(?:йте|ти|й)|див(?:іться|ись)) (?:також|ще|далі|більше)|(?:читайте|смотрите) (?:также|еще|ещё)
        (?:схожі|пов.язані|інші) (?:матеріали|новини|статті)|(?:по|за) темі|материалы по теме|більше новин
        اقرأ (?:أيضا|أيضًا|المزيد)|相关(?:阅读|新闻|文章)|延伸閱讀|推荐阅读|関連記事|あわせて読みたい|관련기사
    """,
    "offer": r"""
        (?:sign|signing) up (?:for|to|here|now|today)|subscri(?:be|bing|ption)|newsletters?|follow (?:us|me|@)
        join (?:our|us) |donat(?:e|ion)|download (?:our|the) .{0,20}app|(?:support|like) (?:us|our)
        become a (?:member|subscriber|supporter|patron)|your inbox
        abonnier|jetzt anmelden|folgen sie uns|folg(?:e|t) uns|melde dich|melden sie sich|spenden? sie
        unterstütz(?:e|en sie) uns|mitglied werden|posteingang
        abonnez|inscrivez|suivez.nous|boletín|suscr[ií]b|síguenos|síguelo|sigue a |puede escribirnos|assine
        inscreva.se|siga o|iscriviti|seguici|schrijf je in|volg ons
        підпи(?:с|ш)|розсилк|приєднуйтес|підтрим(?:ай|уй)те|подпи(?:с|ш)|рассылк|поддержите|стежте за|долучайтес
    """,
    "advertisement": r"""
        advertisements?|anzeigen?|werbung|publicit[éàa]|publicidad[e]?|pubblicità|reklama?|реклама|annonce
        advertentie|sponsored|(?:article|story) continues (?:below|after).*|scroll to continue|continue reading.*
        skip advert.*|广告|広告|إعلان
    """,
    "credit": r"""
        (?:(?:photo|image|picture|video|cover|featured|title|header|titel|beitrags|symbol|vorschau|foto)[- ]?)*CREDITS
    """,
    "rights": r"""
        ©|\(c\) ?\d{4}|copyright|all rights reserved|alle rechte vorbehalten|tous droits réservés
        todos los derechos|todos os direitos|tutti i diritti|всі права|все права
    """,
    "tags": r"""
        tags?:|tagged|filed under|topics?:|keywords?:|categor(?:y|ies):|schlag(?:wörter|worte)|kategorien?|themen:
        etiquetas|mots.clés|теги|мітки|ключові слова
    """,
    "byline": r"""
        (?:written |reported |posted |published |story |text |words )?by|von|par|por|de|di|av|af|door|від
        автор(?:ка)?|autor(?:in|e)?s?|authors?|text|texte|redaktion|reporting|editing|veröffentlicht (?:von|am)
        publié (?:par|le)|publicado (?:por|el|em)
    """,
}
"""What such lines begin with: regular expressions, of which a line of the table holds several."""
_CREDITS = (
    r"(?:photos?|images?|pictures?|photographs?|fotos?|bild(?:er)?|bildquellen?|bildnachweise?|fotocredit|crédito"
    r"|crédits?|credits?|imagen|imagem|quelle|фото|зображення|©|\(c\))"
    r"(?: (?:credit|by|via|courtesy|source|oben|unten|mitte|von|de|–|-))*"
)
_FORMS = {
    name: "|".join(line.strip() for line in table.split("\n") if line.strip()).replace("CREDITS", _CREDITS)
    for name, table in _PHRASES.items()
}
_ENDED = r"(?:(?<=[\u3000-\u9fff\uac00-\ud7af])|(?!\w))"
"""A word ends here, or a character of a script that sets no words apart."""
_STARTS = {
    name: re.compile(rf"[\W_]*(?:{forms}){'' if name == 'offer' else _ENDED}", re.I) for name, forms in _FORMS.items()
}
_ANYWHERE = {name: re.compile(rf"(?<!\w)(?:{_FORMS[name]})", re.I) for name in ("offer", "rights")}
_NAMES = re.compile(r"[\s,;:&|/.–—-]+")
_SMALL_WORDS = frozenset(
    ("and", "und", "et", "y", "e", "og", "och", "i", "та", "і", "von", "van", "de", "der", "den", "da")
)
_SMALL_WORDS |= frozenset(("di", "la", "le", "für", "at", "in", "dpa", "afp"))
_SENTENCE = re.compile(r"[.!?…:;。！？।؟][\"'»«”“’)\]]*\Z")
_NUMBERED = re.compile(r"\d{1,3}(?:\s*(?:/|of|von|de|из|з)\s*\d{1,3})?\Z")
_TOLD = re.compile(r"[:|/©(–-]|\b(?:by|via|courtesy|von|par|por)\b", re.I)
"""How a credit names somebody."""
_UPDATED = re.compile(
    r"\W*(?:last )?(?:updated?|modified|published|posted|stand|aktualisiert|mis à jour|publié|оновлено|опубліковано)",
    re.I,
)

SHORT = 12
"""Words of a line that is no sentence of an article's."""
_PROMPT = 45
"""Words of an offer."""


def is_sentence(text: str) -> bool:
    """Whether a text ends as sentences do."""
    return bool(_SENTENCE.search(text))


def is_invitation(text: str) -> bool:
    """Whether a text begins as lines do that lead to other stories."""
    return bool(_STARTS["read also"].match(text))


def furniture(text: str, words: int, linked: float, *, at_edge: bool) -> str:
    """Which sort of furniture a line is by its wording, or the empty string.

    `words` is its number of words, `linked` the share of links in it; `at_edge` says that no longer paragraph of the
    article stands before it, or none after it.
    """
    if _STARTS["advertisement"].fullmatch(text.strip(" :.-–—[]()")) or _NUMBERED.match(text):
        return "advertisement"
    if _STARTS["read also"].match(text) and (linked >= 0.3 or (words <= SHORT and text.rstrip().endswith(":"))):
        return "read also"
    if words <= SHORT and _STARTS["credit"].match(text) and _TOLD.search(text[:60]):
        return "credit"
    if words <= _PROMPT and linked > 0.05 and _STARTS["offer"].match(text):
        return "offer"
    return _at_edge(text, words, linked) if at_edge else ""


def _at_edge(text: str, words: int, linked: float) -> str:
    is_line = words <= SHORT and not (is_sentence(text) and words > SHORT / 2)
    if words <= _PROMPT and _ANYWHERE["rights"].search(text):
        return "rights"
    if words <= _PROMPT and linked > 0.05 and _ANYWHERE["offer"].search(text):
        return "offer"
    if _STARTS["tags"].match(text) and (linked > 0.3 or is_line):
        return "tags"
    if _STARTS["read also"].match(text) and words <= SHORT / 2 and linked == 0:
        return "read also"
    if is_line and (_UPDATED.match(text) or (words <= SHORT - 4 and written_day(text))):
        return "date"
    if words <= SHORT + 4 and (found := _STARTS["byline"].match(text)) and are_names(text[found.end() :]):
        return "byline"
    return ""


def are_names(text: str) -> bool:
    """Whether a text is but names and places: each word begins with a capital, but for `and` and its like."""
    words = [word for word in _NAMES.split(text.strip(" .:")) if word]
    return bool(words) and all(word[0].isupper() or word.casefold() in _SMALL_WORDS for word in words)
