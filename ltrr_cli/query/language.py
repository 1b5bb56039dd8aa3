"""Script, language and questions: what the writing of a query says of it, by small hand-written tables.

A language is guessed by counting its function words ("the", "und", "que"), or from a script that one language all but
owns. That is weak: most queries are two or three words without a function word and give nothing; a title or a name of
another language ("der untergang") is taken for a query in it; languages not listed here are taken for a neighbour
that is (Danish for Swedish, Persian for Arabic, Marathi for Hindi). It is meant as a feature that a policy may learn to
use or to ignore, never as a decision.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from ltrr_cli.text import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_READ = 1024  # characters of a text that are looked at: more says nothing new and costs time
_SCRIPT_OF_NAME = {
    "LATIN": "latin",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "CJK": "han",
    "IDEOGRAPHIC": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "KATAKANA-HIRAGANA": "kana",
    "HENTAIGANA": "kana",
    "HANGUL": "hangul",
    "THAI": "thai",
    "DEVANAGARI": "devanagari",
    "MODIFIER": "",  # apostrophes and the like, of no script
}
SCRIPTS = (*sorted({name for name in _SCRIPT_OF_NAME.values() if name} - {"latin"}), "other")
"""Families of scripts that are told apart, other than Latin."""

# Words are written as people write them and folded below. Some are left out where folding makes them a very common
# word of another language (Swedish för, Turkish önce).
_FUNCTION_WORDS = {
    "en": """the a an of and or for with from to in on at by about as is am are was were be it its this that these
        those his her their my your our not no without between under over after before into than i you he she we
        they there has have had me us i'm i've don't doesn't can't isn't it's you're""",
    "de": """der die das den dem des ein eine einen einem einer eines und oder für mit von vom zu zum zur im in am an
        auf aus bei nach über unter ohne nicht nie ist sind war es ich du er sie wir ihr als auch wenn dass durch
        gegen zwischen bis um vor hat sein mein dein kein keine""",
    "fr": """le la les un une des du de et ou à au aux en dans pour par sur sous avec sans est sont ce cet cette ces
        ne pas plus mon ma mes ton son sa ses notre votre leur je tu il elle nous vous ils elles c'est d'un d'une
        chez entre comme mais si y se""",
    "es": """el la los las un una unos unas de del y e o u a en con para por sin sobre entre se si es son al lo su sus
        mi mis tu no más pero este esta estos estas ese esa muy hay desde hasta le les nos yo me""",
    "it": """il lo la i gli le un uno una di del dello della dei degli delle e o ed a al allo alla ai agli alle da dal
        dalla in nel nella nei nelle con su sul sulla per tra fra non è sono si no mi ti ci tu più questo questa
        questi queste suo sua ma anche senza""",
    "pt": """o a os as um uma uns umas de do da dos das e ou em no na nos nas com para por pelo pela sem sobre entre
        se é são ao aos à às seu sua meu minha não mais mas este esta esse essa isso isto muito eu ele ela tu me""",
    "nl": """de het een en van voor met zonder in op aan bij naar uit door over onder tussen is zijn was niet geen dit
        dat deze die er ik je jij u hij zij ze wij we ook als maar om tot mijn jouw haar hun ons onze te ten ter""",
    "sv": """och eller en ett den det de i på av med utan till från om som är var inte jag du han hon vi ni min mitt
        mina din ditt sin sitt sina mot mellan under över efter vid att har kan ska så men""",
    "pl": """i w z ze na do od dla o u po przez przy pod nad bez nie się jest są być jako oraz albo lub ale że mój
        moja moje twój jego jej ich ten ta te tego tej tym przed między""",
    "tr": """ve ile için bir bu şu o da de ki ama veya ya gibi daha en çok değil var yok olan olarak ben sen biz siz
        benim senin onun sonra kadar her mı mi mu mü""",
    "ru": """и в во на не с со к ко по о об от до из за у для без под над при через или но а это этот эта эти то же бы
        я ты он она мы вы они мой моя мои его её их был была есть нет который ли про""",
    "uk": """і та в у на не з зі із до від для без під над при через або але а це цей ця ці той я ти він вона ми ви
        вони мій моя мої його її їх був була є немає про за о по""",
}
# Words of the languages above that are also letters, names, nouns or abbreviations in English: there they count for
# English too, so that "die hard", "los angeles" and "ai" stay undecided.
_ALSO_ENGLISH = """e i o u w y z ai al ale als att au aus aux av ben bin biz che chi co com come comment den di die
    din do door dove ed el er est et eu han hat hay hoe hur il jag kim la las le les los ma mas me men
    met min mot nas non notre op os par per plus pod sem sen sin ska son sous sans sur ten till ton
    uno van var war yo"""
# Letters beyond a to z: of languages with as many function words, the one that has all of a query's letters is meant.
_LETTERS = {
    "de": "äöüß",
    "fr": "àâæçèéêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "it": "àèéìòù",
    "pt": "áâãàçéêíóôõú",
    "nl": "éëïóö",
    "sv": "åäéö",
    "pl": "ąćęłńóśźż",
    "tr": "çğıöşüâî",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
_QUESTIONS = {
    "en": "what who which when where why how whose whom what's who's where's how's",
    "de": """wer wen wem wessen was wo wohin woher wann warum wieso weshalb wie welche welcher welches welchen welchem
        wieviel wozu womit""",
    "fr": "qui que quoi quel quelle quels quelles quand comment pourquoi combien où lequel laquelle",
    "es": "qué quién quiénes cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas adónde",
    "it": "che chi cosa cos'è quale quali quando dove dov'è come com'è perché quanto quanta quanti quante",
    "pt": "que quem qual quais quando onde como porque quanto quanta quantos quantas cadê",
    "nl": "wat wie waar wanneer waarom welke welk hoe hoeveel hoelang",
    "sv": "vad vem vilken vilket vilka när var varför hur vems",
    "pl": "co kto gdzie kiedy dlaczego jak ile czy który która które jaki jaka jakie skąd dokąd czemu kogo komu",
    "tr": "ne kim nerede nereye nereden nasıl neden niçin niye hangi kaç kime kimin nedir kimdir",
    "ru": "что кто где когда почему зачем как какой какая какое какие какую сколько куда откуда чей чья чьи кого кому",
    "uk": "що хто де коли чому навіщо як який яка яке які скільки куди звідки чи чий кого",
    "el": "τι ποιος ποια ποιο ποιοι ποιες που πού πότε γιατί πώς πόσο πόσα πόσοι πόσες",
    "he": "מה מי איפה מתי למה מדוע איך כמה האם איזה איזו היכן",
    "ar": "ما ماذا هل أين اين متى لماذا كيف كم أي",
    "hi": "क्या कौन कहाँ कहां कब क्यों कैसे कितना कितने कितनी किस",
    "ko": "무엇 뭐 누구 누가 어디 어디서 언제 왜 어떻게 어느 어떤 몇 얼마",
}
# Verbs that open a question only in a query whose other words already gave the language: "can you freeze eggs", but
# not "can opener".
_VERBS = {
    "en": "is are was were do does did can could should will would has have may must",
    "de": "ist sind war kann können hat haben gibt darf muss soll wird",
    "fr": "est sont peut peux faut",
    "nl": "is zijn was kan kun heeft mag moet",
    "sv": "är kan har ska finns",
}
# Questions whose first word alone is none.
_OPENINGS = frozenset(["por que", "o que", "a que", "est ce", "seit wann", "in which", "at what", "for how"])
# Where questions keep the order of statements, their words count anywhere; ли, mi and mu do nothing but ask.
_ANYWHERE = {"hi": _QUESTIONS["hi"], "ko": _QUESTIONS["ko"], "tr": _QUESTIONS["tr"] + " mı mi mu mü", "ru": "ли"}
# Scripts without spaces have no words to compare, so parts of the text are looked for: only such as are part of no
# common other word (どの is in などの, いつ in いつも).
_PARTS = {
    "ja": ("何", "誰", "どこ", "なぜ", "どうやって", "どうして", "どんな", "どちら"),
    "zh": ("什么", "什麼", "谁", "誰", "哪", "怎么", "怎麼", "怎样", "怎樣", "多少", "为何", "為何", "如何"),
    "th": ("อะไร", "ใคร", "ที่ไหน", "เมื่อไหร่", "เมื่อไร", "ทำไม", "อย่างไร", "ยังไง", "เท่าไหร่", "เท่าไร"),
}
_ENDINGS = {
    "ja": ("ですか", "ますか", "ましたか", "ませんか", "でしょうか"),
    "zh": ("吗", "嗎", "呢"),
    "th": ("ไหม", "มั้ย", "หรือเปล่า"),
    "ko": ("니까", "까요", "나요"),
    "el": (";",),  # the Greek question mark
}
_CLOSING = " \t\r\n\u3000\"'!.…。！)]}”’»」』）"
_BY_SCRIPT = {
    "hangul": "ko",
    "thai": "th",
    "greek": "el",
    "hebrew": "he",
    "devanagari": "hi",
    "arabic": "ar",
    "han": "zh",
}
LANGUAGES = (*sorted({*_FUNCTION_WORDS, *_BY_SCRIPT.values(), "ja"}),)
"""Languages (ISO 639-1) that a query can be guessed to be in."""


def _folded(words: str) -> frozenset[str]:
    return frozenset("".join(tokens(word)) for word in words.split())


_MEANING_ELSE = _folded(" ".join([*_FUNCTION_WORDS.values(), _ALSO_ENGLISH]))
_ASKING = {language: _folded(words) for language, words in _QUESTIONS.items()}
_OPENING = {language: words | _folded(_VERBS.get(language, "")) for language, words in _ASKING.items()}
_INSIDE = {language: _folded(words) for language, words in _ANYWHERE.items()}
# Where the language is unknown: first words that ask in some language and are listed with no other meaning in any, so
# that neither "was" (German for what) nor "come" (Italian for how) asks by itself.
_SURELY_ASKING = frozenset[str]().union(*_ASKING.values()) - _MEANING_ELSE
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz")
_BEYOND = {language: frozenset(letters) for language, letters in _LETTERS.items()}


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _FUNCTION_WORDS.items():
        own = _folded(words) | _ASKING[language]
        for word in own | _folded(_ALSO_ENGLISH) if language == "en" else own:
            found[word] = (*found.get(word, ()), language)
    return found


_LANGUAGES_OF = _by_word()


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """Return the family of a letter's script, "latin" for Latin, "" for what is no letter."""
    if not char.isalpha():
        return ""
    for form in (char, unicodedata.normalize("NFKC", char)[0]):  # full-width and styled letters are plain ones there
        family = _SCRIPT_OF_NAME.get(unicodedata.name(form, "").partition(" ")[0])
        if family is not None:
            return family
    return "other"


@lru_cache(maxsize=1024)
def _is_question_mark(char: str) -> bool:
    return "QUESTION" in unicodedata.name(char, "")


def scripts(text: str) -> dict[str, float]:
    """Return the share, in (0, 1], of a text's letters in each family of SCRIPTS that occurs in it."""
    if text.isascii():
        return {}
    counts = Counter(map(_script, text[:_READ]))
    letters = counts.total() - counts.pop("", 0)
    return {family: counts[family] / letters for family in sorted(counts) if family != "latin"}


def guess(text: str, words: Iterable[str], shares: Mapping[str, float]) -> str:
    """Return the language of a query, one of LANGUAGES, "" where nothing tells or several are as likely.

    `words` are the text's, folded, `shares` are from `scripts`. A script decides with more than half of the letters;
    otherwise the language of which the most different function words occur, of several the only one that has all of
    the text's letters.
    """
    if shares:
        kana, han = shares.get("kana", 0.0), shares.get("han", 0.0)
        if kana and kana + han > 0.5:
            return "ja"
        family = max(shares, key=shares.__getitem__)
        if shares[family] > 0.5 and family in _BY_SCRIPT:
            return _BY_SCRIPT[family]
    counts: dict[str, int] = {}
    for word in set(words):
        for language in _LANGUAGES_OF.get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    most = max(counts.values(), default=0)
    likely = [language for language, count in counts.items() if count == most]
    if len(likely) > 1 and not text.isascii():
        letters = {
            char for char in unicodedata.normalize("NFC", text[:_READ]).lower() if char > "\x7f" and char.isalpha()
        }
        likely = [language for language in likely if letters.issubset(_LETTERS.get(language, ()))]
    return likely[0] if len(likely) == 1 else ""


def asks(text: str, words: Sequence[str], language: str) -> bool:
    """Return whether a query is put as a question: by a question mark of any script, or by its words.

    `words` are folded; `language` is from `guess`. Without a language only first words count that mean nothing else in
    any language listed here.
    """
    end = text.rstrip(_CLOSING)
    if end and (_is_question_mark(end[-1]) or text.lstrip().startswith("¿")):
        return True
    if not words:
        return False
    if f"{words[0]} {words[1] if len(words) > 1 else ''}" in _OPENINGS:
        return True
    if not language:
        return words[0] in _SURELY_ASKING
    return (
        words[0] in _OPENING.get(language, ())
        or not _INSIDE.get(language, frozenset()).isdisjoint(words)
        or end.endswith(_ENDINGS.get(language, ()))
        or any(part in text[:_READ] for part in _PARTS.get(language, ()))
    )
