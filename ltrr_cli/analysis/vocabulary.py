"""Function words, question words and letters of languages: small hand-written tables."""

from __future__ import annotations

from ltrr_cli.text import tokens

# Words are written as people write them and folded below. Some are left out where folding makes them a very common
# word of another language (Swedish för, Turkish önce).
FUNCTION_WORDS = {
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
ALSO_ENGLISH = """e i o u w y z ai al ale als att au aus aux av ben bin biz che chi co com come comment den di die
    din do door dove ed el er est et eu han hat hay hoe hur il jag kim la las le les los ma mas me men
    met min mot nas non notre op os par per plus pod sem sen sin ska son sous sans sur ten till ton
    uno van var war yo"""
# Letters beyond a to z: of languages with as many function words, the one that has all of a query's letters is meant.
LETTERS = {
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
QUESTIONS = {
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


def folded(words: str) -> frozenset[str]:
    """Return the words of a table as queries are folded."""
    return frozenset("".join(tokens(word)) for word in words.split())


ASKING = {language: folded(words) for language, words in QUESTIONS.items()}
"""Words that ask, folded."""
