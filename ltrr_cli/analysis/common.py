"""Words of each language that say little in a query: its function words, its question words, and some more."""

from __future__ import annotations

from ltrr_cli.analysis.normal import normal, plain
from ltrr_cli.analysis.vocabulary import FUNCTION_WORDS, QUESTIONS

# Beside the tables by which a language is guessed: forms that would mislead a guess, suffixes after an apostrophe,
# elided words, and languages that their script gives away.
_MORE = {
    "en": """s t d ll m re ve did does do done can could should will would may might must been being so if such
        only also most more very there's each other any all which while during about according out up""",
    "de": """sich wird werden wurde wurden hatte haben sind waren kann konnte welche welcher welches dieser diese
        dieses diesem diesen man nur noch so sehr mehr ob dann""",
    "fr": "l d c j m n s t qu lors a ont été était être avoir fait leurs cette quelles quels il y",
    "es": "ha han fue fueron era eran ser cual qué quién cuál cuánto cuántos dónde cómo cuándo tiene también se",
    "it": "l d c un all dell nell sull dall quell sant è stato stata sono ha hanno era erano",
    "tr": """ın in un ün nın nin nun nün ı a e ya ye yı yi na ne da de ta te dan den tan ten la le sı si nedir
        kim kaç hangi nasıl nerede olarak oldu olan tarafından vardı ise""",
    "ru": """кто что где когда какой какая какие какое сколько почему как чем ли их им этого этой был была были
        было быть также так же""",
    "el": """ο η το οι τα του της των τον την τους τις στο στη στην στον στα στους στις και με για από σε να που
        πώς πως δεν είναι ήταν έχει έχουν θα ως κατά τι ποιος ποια ποιο ποιοι ποιες πόσο πόσα πόσοι πόσες
        πότε πού ένα ένας μια μία ή αν αλλά""",
    "ar": """في من على إلى الى عن مع هو هي هم التي الذي الذين هذا هذه ذلك تلك كان كانت يكون قد لقد لم لن لا ما
        ماذا متى أين كيف كم أي هل و أو ثم بعد قبل عند بين كل أن إن ان لماذا""",
    "hi": """के का की को में से ने पर है हैं था थे थी और एक यह वह कि जो तो भी ही इस उस कर करने किया गया हो होता
        होती क्या कौन कहाँ कब क्यों कैसे कितना कितने कितनी किस किसने किसे कौनसा कौनसी लिए साथ द्वारा अपने""",
    "he": "של את על עם הוא היא הם זה זאת זו לא גם או כי אם אשר ש ב ה ו ל מ כ מה מי איפה מתי למה איך כמה",
    "vi": """là và của có các những một được trong cho với không này đó khi từ đã ở như để về ra bởi nào gì ai
        đâu bao nhiêu mấy sao thế người ta thì mà hay hoặc""",
}


def _common() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for language in {*FUNCTION_WORDS, *_MORE}:
        words = normal(" ".join(table.get(language, "") for table in (FUNCTION_WORDS, QUESTIONS, _MORE))).split()
        found[language] = frozenset([*words, *map(plain, words)])
    return found


COMMON = _common()
"""By language, in the spelling of `normal`, with accents and without."""
