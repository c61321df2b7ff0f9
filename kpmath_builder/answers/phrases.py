r"""The words around an answer, as tables: what announces one, what takes one back, and what is none.

English is read as sentences; of other languages, only the words that announce an answer.
"""

import re

from kpmath_builder.answers.vocabulary import names

__all__ = [
    "CONDITION",
    "CONTEXT_WORDS",
    "MULTIPLIERS",
    "NOT_KNOWN",
    "NO_ANSWERS",
    "NO_VALUE",
    "OTHER_LANGUAGES",
    "QUALIFIED",
    "RETRACTION",
    "UNDECIDED",
    "UNFINISHED",
    "WORD_ANSWERS",
]

NO_ANSWERS = frozenset((
    "no answer", "no answer provided", "no answer found", "not provided", "not available", "n/a", "na", "null", "unknown",
    "undetermined", "tbd", "to be determined", "answer", "your answer", "final answer", "[answer]", "[insert answer here]", "nan",
    "proof", "notfound", "not found", "...", "result", "solution",
))  # fmt: skip
"""Texts that stand where an answer should."""

NOT_KNOWN = re.compile(
    r"(?:sorry,? )?(?:i|we) (?:do not|don't|cannot|can't|am not|are not|'m not|could not|couldn't) (?:know|sure|tell|say|solve|find|answer|determine)\b.*|(?:idk|no idea|not sure)"
)
"""What says that its author has no answer; in lower case."""

WORD_ANSWERS = re.compile(
    r"(?:it |this |that |the \w+ )?(?:cannot|can't|can not|could not) be (?:determined|found|solved|calculated|answered|known)"
    r"|(?:it is |is )?(?:impossible|not possible)(?: to (?:determine|tell|say|know))?"
    r"|(?:does|do) not exist|undefined|(?:there (?:is|are) )?(?:no|not enough|insufficient) (?:real |such |integer |valid )?"
    r"(?:solutions?|information|values?|numbers?|integers?|triangles?|maximum|minimum|limit)"
    r"|infinitely many(?: \w+)?|infinite|none(?: of (?:the above|these|them))?|(?:yes|no|true|false)\b.*",
    re.IGNORECASE,
)
"""Answers in words that a whole sentence may give."""

NO_VALUE = re.compile(
    r"(?:the\s+|an?\s+)?(?:see|left|not|n't|wrong|incorrect|correct|right|complete|completed?ly?|done|finished|as|given|shown|stated|presented|provided|written|found|obtained|"
    r"derived|calculated|computed|expressed|verified|confirmed|checked|valid|unique|reasonable|consistent|acceptable|clear|obvious|"
    r"above|below|following|in|on|at|by|from|with|for|to|of|based|that|this|these|those|it|we|you|he|she|they|there|because|since|if|"
    r"when|where|how|what|why|which|who|therefore|thus|hence|so|then|also|still|now|only|just|simply|actually|always|never|already|easy|"
    r"simple|straightforward|likely|probably|called|known|required|needed|independent|unchanged|same|different|indicates?|means|shows?|"
    r"satisf\w+|exact|approximate|positive|negative|larger|smaller|greater|less|more|close|equal)\b",
    re.IGNORECASE,
)
"""A statement in words that begins so says something about the answer; it does not give it."""

_OPEN = (
    "cannot|can't|not|no|never|indeterminate|insufficient|further|required?s?|needed|needs|pending|depends?|unknown|undetermined|"
    "impossible|between|apologi[sz]e|either|neither|nor|none|nobody|other|except|unless|maybe|perhaps|possibly|might|guess"
)
"""Words that deny a statement, bound its number or leave it open."""

UNDECIDED = re.compile(
    rf"\b(?:{_OPEN}|(?:at|the) (?:least|most)|(?:more|less|fewer|greater) than|or (?:more|less))\b",
    re.IGNORECASE,
)
"""The last sentence of a solution with such a word gives no result."""

QUALIFIED = re.compile(
    rf"\b(?:{_OPEN}|more|less|fewer|greater|smaller|least|most|if|when|only|or|over|under|above|below|within|exceeds?|up to|percent|"
    r"increas\w*|decreas\w*|reduc\w*|rais\w*|lower\w*|higher|drop\w*|f[ae]ll(?:s|en|ing)?|ris(?:e|es|en|ing)|rose|gain\w*|loss|lost|"
    r"first|second|third|north|south|east|west|negative|minus|plus|times|twice|half|double\w*|error|mistake|and|where|even|odd|prime|"
    r"max|min|clockwise|older|younger|ago|from now)\b",
    re.IGNORECASE,
)
"""An answer that is a sentence with such a word is not read as its number: read alone, without its question, the word may change what the
number means. The end of a solution is read less strictly, for there the number is taken with the words that follow it."""

CONDITION = re.compile(
    r",?\s*\b(?:(?:when(?:ever|\s+we|\s+the)?|if|where|since|because|as|given\s+that|provided|assuming|while|whereas|for\s+which|so\s+that|"
    r"instead\s+of|rather\s+than)(?=\W|\Z)|(?:with|at|for)\s+\$?\\?\(?[a-z]\s*=)|,\s*(?:and\s+we|which|so|not|but)\b|,?\s*\band\s+(?:we|this|that|hence|therefore|so|it)\b",
    re.IGNORECASE,
)
"""What follows it is why or under what condition something holds."""

CONTEXT_WORDS = names(
    "in at for after before by from with of on over under per to within during through until since between among around "
    "every each than up into step case part equation problem question line figure day week month year grade number numbers "
    "his her their its my our your the this these those "
    "january february march april june july august september october november december "
    "modulo mod base divided multiplied table row item theorem lemma option"
)
"""A number behind one of these is no result of its sentence."""

RETRACTION = re.compile(
    r"\bwait\b|\bhold on\b|\bscratch that\b|\bcorrection\b|\bon second thought\b|\boops\b|\bsorry\b|\bmy (?:bad|mistake|apologies)\b|\bapologi[sz]e\b|\bnever ?mind\b|\bedit:|\bon (?:further |closer )?reflection\b"
    r"|\b(?:I|we|I've|we've|there) (?:have |has )?(?:made|make|see|realized?|realised?|found|find|is|was) (?:\w+ ){0,3}?(?:mistakes?|errors?|misread)\b"
    r"|\b(?:I|we) (?:misread|miscounted|misinterpreted|miscalculated|forgot|overlooked)\b"
    r"|\b(?:that|this|it|which|answer|result|above|solution|calculation|value)\b[^.!?\n]{0,30}?(?:\bis|\bwas|'s|\bseems)\s+(?:\w+ly\s+)?"
    r"(?:wrong|incorrect|not (?:right|correct|quite right|the (?:right |correct |final )?answer|what was asked)|a mistake|an error)\b"
    r"|\A\W*(?:is|was)\s+(?:wrong|incorrect|not (?:right|correct|the answer|possible|valid)|a mistake|an error|impossible|(?:only |just )?an? (?:lower|upper) bound)\b"
    r"|\A\W*(?:cannot|can't) be (?:right|correct|true|the answer)\b"
    r"|\b(?:that|this|it|answer|result) (?:isn't|wasn't|can't be|cannot be) (?:right|correct|possible)\b|\b(?:does not|doesn't) make sense\b"
    r"|\b(?:let me|let's|let us|I need to|we need to|I must|I should|re-?evaluating|re-?calculating) (?:re-?\s?(?:compute|do|consider|calculate|evaluate|examine|visit|think|work|count|try)|try again|correct|fix|start over)\b"
    r"|\b(?:that|this|it|which) (?:seems|looks|sounds) (?:too|odd|off|strange|unlikely|implausible)\b|\b(?:I|we|that|this|it) (?:have |has )?(?:over|under|double[- ])count(?:ed|s)?\b"
    r"|\bhmm+\b|\bno,|\bactually,|\bcorrected (?:answer|solution|result)\b|等等|不对|错了|更正",
    re.IGNORECASE,
)
"""What was stated before it no longer holds."""

UNFINISHED = re.compile(
    r"(?:\b(?:the|a|an|of|to|and|or|by|with|for|in|on|at|is|are|was|be|we|that|which|from|as|if|then|than|when|where|its|their|this|"
    r"because|since|so|but|into|let|get|have|need|compute|find|calculate|\(?[b-h]\))|[=+*/<>({\[,;-])\s*\Z",
)
"""A text that ends so was cut off."""

MULTIPLIERS = re.compile(
    r"[万萬亿億兆千百만억천백]|тыс|миллион|млн|миллиард|лакх|लाख|करोड़|हज़ार|हजार|ألف|آلاف|مليون|\b(?:mil|mille|mila|tausend|tusen|ribu|juta|nghìn|ngàn|triệu|bin|"
    r"tysi\w+|tisíc\w*|mi[lł]l?i[oóõ]n\w*|mi[lł]l?iard\w*|milh\w+|milj\w+|duizend|ezer|mii)\b",
    re.IGNORECASE,
)
"""Number words of other languages that multiply what stands before them; they are not worked out."""

OTHER_LANGUAGES = re.compile(
    r"(?:(?:最终|最後|最后|正确|最終)?(?:的)?答案|正解|答え|答)\s*(?:应该|應該|就)?\s*(?:是|为|為|は|：|:|=)+\s*"
    r"|(?:정답|답)\s*(?:은|는|:|：)\s*"
    r"|(?:(?<![a-zà-ÿа-яё])(?:respuesta|r[ée]ponse|antwort|l[öo]sung|ergebnis|risposta|risultato|resposta|resultado|résultat|odpowied[źz]|antwoord|cevap|"
    r"sonuç|jawaban(?:nya)?|đáp\s+(?:án|số)|svar|vastaus|válasz|răspuns|odpověď|ответ|відповідь|απάντηση|उत्तर|الجواب|الإجابة|الناتج|پاسخ|תשובה|คำตอบ)"
    r"(?:[ \t]+(?:final|finale|correcta|correcte|endgültige|la|the))?"
    r"[ \t]*(?:\*\*)?[ \t]*(?:[:：]|=|\bes\b|\best\b|\bist\b|\blautet\b|\bbeträgt\b|\bè\b|\bé\b|\bto\b|\badalah\b|\blà\b|\bер\b|\bхариу\b|\bar\b|\bär\b|\bis\b|—|–|है|हैं|هو|هي|คือ)+)\s*"
    r"(?:(?:donc|entonces|also|somit|dunque|quindi|portanto|então|więc|итак)\b,?\s*)?",
    re.IGNORECASE,
)
"""Words that announce an answer in other languages."""
