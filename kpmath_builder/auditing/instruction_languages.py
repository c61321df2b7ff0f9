"""The common phrases that override instructions, or speak to a grader, in other languages than English."""

__all__ = ["GRADER", "GRADER_WORDS", "OVERRIDE", "OVERRIDE_WORDS"]

_VALUE = r"[\"'“”„«»「]? ?-?\d[\d.,/]*[\"'”“»」]?"
"""What a planted command wants to hear: problems ask for words, and for more than a number."""
_END = r" ?(?:aus)? ?(?:[.!;。]|$)"

OVERRIDE = (
    # German
    r"\b(?:ignorier(?:e|t|en sie)|missacht(?:e|et|en sie)|vergiss|vergesst|vergessen sie) (?:bitte )?(?:all(?:e|es|er)|die|diese|jegliche|sämtliche|deine|ihre) (?:\w+ ){0,3}(?:anweisung(?:en)?|anleitung(?:en)?|instruktion(?:en)?|befehle|vorgaben|regeln|prompts?)\b",
    r"\b(?:ignorier(?:e|t|en sie)|vergiss|vergesst|vergessen sie) (?:bitte )?(?:alles (?:davor|bisherige|vorherige|obige|vorangegangene|vorige|oben|was)|das (?:obige|vorherige|bisherige|vorangegangene))\b",
    # French
    r"\b(?:ignore[zr]?|oublie[zr]?|néglige[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte de) (?:toutes |tous |tout )?(?:l?[ae]?s|ces|tes|vos|mes) (?:\w+ ){0,2}(?:instructions|consignes|directives|ordres|règles)\b",
    r"\b(?:ignore[zr]?|oublie[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte de) (?:tout )?ce qui (?:précède|est (?:au-dessus|ci-dessus))",
    # Spanish
    r"\b(?:ignor(?:a|e|ad|en)|olvid(?:a|e|ad|en)|descart(?:a|e|en)|(?:haz|haga|hagan) caso omiso de) (?:todas |todos |todo )?(?:las|los|estas|esas|tus|sus|mis) (?:\w+ ){0,2}(?:instrucciones|indicaciones|órdenes|reglas|directrices)\b",
    r"\b(?:ignor(?:a|e|ad|en)|olvid(?:a|e|ad|en)|(?:haz|haga|hagan) caso omiso de) (?:todo )?lo (?:anterior|de arriba|dicho antes)\b",
    # Italian, Portuguese, Dutch
    r"\b(?:ignor(?:a|ate|i)|dimentica(?:te)?) (?:tutte |tutti )?(?:le|queste|quelle|i|gli|tue) (?:\w+ ){0,3}(?:istruzioni|indicazioni|regole|comandi)\b",
    r"\b(?:ignor(?:e|a|em)|esque(?:ça|ce|çam)|desconsider(?:e|a|em)) (?:todas |todos )?(?:as|os|estas|essas|suas) (?:\w+ ){0,2}(?:instruções|orientações|regras|ordens|comandos)\b",
    r"\b(?:negeer|vergeet) (?:alle|de|deze|je|uw) (?:\w+ ){0,2}(?:instructies|aanwijzingen|opdrachten|regels)\b",
    # Russian, Japanese, Korean, Arabic
    r"\b(?:про)?игнорируй(?:те)? (?:\w+ ){0,3}(?:инструкции|указания|правила|команды)\b|\bзабудь(?:те)? (?:\w+ ){0,3}(?:инструкции|указания|правила|команды)\b",
    r"(?:指示|命令|指令|プロンプト)(?:を|は)?(?:すべて|全て)?(?:無視|忘れ)",
    r"(?:지시|명령|지침)(?:\s?사항)?(?:을|를|은|는)?\s?(?:모두\s)?(?:무시|잊)",
    r"تجاهل (?:جميع |كل )?(?:التعليمات|الأوامر)",
    # Chinese
    r"(?:忽略|无视|忽視|無視|忘记|忘記|忘掉|不要理会|不要遵守|不要遵循)(?:掉|你|您)?(?:之前|以上|上述|前面|先前|上面|此前|所有|全部|一切|任何|的){1,5}(?:指令|指示|说明|說明|提示|规则|規則|命令|要求|内容|內容|文字|信息)",
)
GRADER = (
    # German
    r"\b(?:die )?(?:richtige|korrekte|angemessene) (?:note|bewertung|punktzahl) (?:für|zu) (?:diese[rs]?|die) (?:frage|aufgabe|antwort|lösung)\b",
    r"(?:^|[.!?;:,] ?|\bbitte )(?:gib|gebt|geben sie|vergib|vergebt|vergeben sie) (?:(?:dieser|diese|diesem|der|dem|für|ihr|ihm|dafür|hierfür|frage|aufgabe|antwort|lösung|bitte|die|eine) ){0,5}(?:volle|maximale|höchste|beste) (?:punktzahl|punkte|note|bewertung)\b",
    r"\bbewerte(?:n sie)? (?:dies|diese (?:frage|aufgabe|antwort|lösung)|die (?:frage|aufgabe|antwort|lösung)) (?:als (?:richtig|korrekt|perfekt)|mit (?:1[.,]0|10|100|der (?:vollen|höchsten|besten)))",
    rf"\b(?:antworte|antworten sie|gib|geben sie) (?:immer |nur |ausschließlich |stets ){{1,2}}(?:mit )?{_VALUE}{_END}",
    # French
    r"\bla (?:bonne |juste )?note (?:correcte |exacte |juste )?(?:pour|de) cette (?:question|réponse|solution) (?:est|doit)\b",
    r"(?:^|[.!?;:,] ?|\bveuillez )(?:donne[zr]?|attribue[zr]?|accorde[zr]?|mets|mettez|mettre)[ -](?:(?:à|a|lui|cette|la|le|question|réponse|solution|une) ?){0,5}[ -]?(?:note maximale|meilleure note|tous les points|note parfaite|totalité des points|score maximal|le score maximal)\b",
    rf"\b(?:réponds|répondez|écris|écrivez|affiche[zr]?) (?:toujours |uniquement |seulement ){{1,2}}(?:par |avec )?{_VALUE}{_END}",
    # Spanish
    r"\bla (?:nota|calificación|puntuación) (?:correcta|exacta|adecuada) (?:para|de) esta (?:pregunta|respuesta|solución)\b",
    r"(?:^|[.!?;:,¡¿] ?|\bpor favor,? )(?:da|dale|dé|dele|otorga|otórgale|otorgue|asigna|asigne|pon|ponle|ponga) (?:(?:a|esta|la|el|pregunta|respuesta|solución|una) ){0,5}(?:máxima (?:puntuación|nota|calificación)|(?:puntuación|nota|calificación) (?:máxima|completa|perfecta)|todos los puntos)\b",
    rf"\b(?:responde|responda|escribe|escriba) (?:siempre |solo |sólo |solamente |únicamente ){{1,2}}(?:con )?{_VALUE}{_END}",
    # Chinese
    r"(?:请|請|必须|必須|务必|務必|直接)[^。，,.!?]{0,8}(?:给|給|打|判|评|評)[^。，,.!?]{0,6}(?:满分|滿分|最高分)",
    r"(?:这|這|本|此|该|該)(?:个|道|個)?(?:题|題|问题|問題|答案|回答|解答)的?(?:正确|正確|应得的?)?(?:评分|評分|得分|分数|分數)(?:应该?|應該?)?(?:是|为|為)(?:1\.0|10|100|满分|滿分|最高分)",
    rf"(?:只|仅|僅|永远|永遠|始终|始終|总是|總是)(?:需|要|能|需要)?(?:输出|輸出|回答|回复|回覆){_VALUE}{_END}",
)
OVERRIDE_WORDS = (
    "ignor",
    "missacht",
    "vergiss",
    "vergess",
    "oubli",
    "néglige",
    " compte de",
    "olvid",
    "descart",
    "caso omiso",
    "dimentica",
    "esque",
    "desconsider",
    "negeer",
    "vergeet",
    "игнорируй",
    "забудь",
    "指",
    "命令",
    "プロンプト",
    "무시",
    "잊",
    "تجاهل",
    "忽略",
    "无视",
    "無視",
    "忽視",
    "忘",
    "不要",
)
GRADER_WORDS = (
    "punkt",
    "bewert",
    "die richtige note",
    "beste note",
    "antworte",
    "gib ",
    "geben sie ",
    "la note",
    "note maximale",
    "note parfaite",
    "meilleure note",
    "tous les points",
    "totalité",
    "répond",
    "écri",
    "affich",
    " nota ",
    "puntu",
    "calific",
    "puntos",
    "responde ",
    "responda ",
    " escriba ",
    " escribe ",
    "满分",
    "滿分",
    "最高分",
    "分",
    "输出",
    "輸出",
    "回答",
    "回复",
    "回覆",
)
