"""What stands behind a number in other languages: units, which are read; counters and nouns, which are left out; bounds, which are neither.

Only the words of these tables are known. A unit is given its English name, so that `3小时` is not `3分钟` and equals `3 hours`.
"""

import re

__all__ = ["in_english", "quantity_elsewhere"]

_UNITS = {
    "hours": "小时 小時 時間 시간 stunden stunde heures heure horas hora ore ora часов часа час godzin godziny jam giờ saat timmar timer uur",
    "minutes": "分钟 分鐘 분 minuten minute minutes minutos minuto minuti минут минуты minut menit phút dakika minuter minutter",
    "seconds": "秒 秒間 초 sekunden sekunde secondes seconde segundos segundo secondi secondo секунд секунды sekund detik giây saniye",
    "days": "天 tage tag jours jour días dias día dia giorni giorno дней дня dni hari ngày gün dagar dager dagen",
    "weeks": "周 週 週間 주 wochen woche semaines semaine semanas semana settimane settimana недель недели tygodni minggu tuần hafta",
    "months": "个月 個月 ヶ月 か月 개월 monate monat mois meses mes mesi mese месяцев месяца bulan tháng ay",
    "years": "年 岁 歲 歳 才 년 세 살 jahre jahr ans an années años anos año ano anni anno лет года год lat tahun năm yaş",
    "meters": "米 公尺 メートル 미터 meter mètres mètre metros metro metri метров метра metrów mét metre",
    "centimeters": "厘米 公分 センチ センチメートル 센티미터 zentimeter centimètres centímetros centimetri сантиметров сантиметра",
    "kilometers": "千米 公里 キロメートル 킬로미터 kilometer kilomètres kilómetros quilômetros chilometri километров километра",
    "grams": "克 グラム 그램 gramm grammes gramos gramas grammi граммов грамма gram",
    "kilograms": "千克 公斤 キログラム 킬로그램 kilogramm kilogrammes kilogramos quilogramas chilogrammi килограммов килограмма",
    "liters": "升 リットル 리터 liter litres litros litri литров литра litrów lít litre",
    "square meters": "平方米 平方メートル 제곱미터 quadratmeter",
    "square centimeters": "平方厘米 平方センチメートル 제곱센티미터 quadratzentimeter",
    "degrees": "度 도 grad degrés grados graus gradi градусов градуса stopni derajat độ derece",
    "yuan": "元 块 塊",
    "jiao": "角",
    "yen": "円 엔",
    "won": "원",
    "rubles": "рублей рубля рубль",
    "kopecks": "копеек копейки копейка",
    "dollars": "美元 ドル 달러 dollar dólares dolares dollari долларов доллара dolarów đô",
    "cents": "美分 セント centavos céntimos centesimi центов цента",
    "euros": "欧元 ユーロ 유로 euro евро",
}  # fmt: skip
"""English units and their names; a name with two meanings (分: minute, cent, point) is missing."""
_ENGLISH = {name: unit for unit, names in _UNITS.items() for name in names.split()}
_CJK = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_CJK_UNITS = "|".join(sorted((n for n in _ENGLISH if re.match(_CJK, n)), key=lambda name: (-len(name), name)))
_COPULA = r"(?:です|だ|である|となります|になります|입니다|이다|이에요|예요)?"
_COUNTER = r"[页頁道题題步组組排个個箇人名位只隻枚张張条條本冊台辆輛棵颗顆粒件把支枝匹頭头杯袋箱盒瓶次种種回つ개명권마리장대번]"
_NO_NOUN = r"[以上下内內外多余餘超不未满滿足左右约約近前后後倍成折半分割弱强強이상하미만초과쯤정도약배]"
_TAIL = re.compile(
    rf"(?<=[\d%)}}$])\s*(?:(?P<unit>{_CJK_UNITS})|{_COUNTER}(?:(?!{_NO_NOUN}){_CJK}){{0,8}}?)?\s*{_COPULA}\Z"
)
_WORD = re.compile(r"[^\W\d_]+")
_BOUNDS = re.compile(
    r"[以未不]\S{0,2}|[多余餘左右倍成折割]|이상|이하|미만|초과|정도|배|"
    r"\b(?:m[áa]s|menos|plus|moins|mehr|weniger|più|meno|mais|больше|меньше|более|менее|wi[ęe]cej|mniej|lebih|kurang|hơn|fazla|"
    r"veces|fois|mal|volte|vezes|раз|razy|kali|lần|kat|ou|oder|или|lub|atau|hoặc|veya|o|oppure|falls|si|se|wenn|если|fast|casi|quase|presque|quasi|"
    r"pro|par|por|per|за|"
    r"dutzend|douzaines?|docenas?|dúzias?|dozzine?|дюжин\w*|paare?|paires?|pares|пар\w*|prozent|pour\s?cent|por\s?ciento|процент\w*)\b",
    re.IGNORECASE,
)
"""Words that bound, scale or condition the number before them."""


def in_english(text: str) -> str:
    """Return `3小时` as `3 hours` and `12个` as `12`; a text that ends otherwise stays as it is."""
    found = _TAIL.search(text)
    if found is None:
        return text
    return f"{text[: found.start()]} {_ENGLISH[found['unit']]}" if found["unit"] else text[: found.start()]


def quantity_elsewhere(quantity: str, behind: str) -> str | None:
    """Return a quantity with the unit behind it in English, without a noun, or None if the words may change what it means."""
    known = in_english(quantity + behind.rstrip("。. "))
    if known != quantity + behind.rstrip("。. "):
        return known
    if _BOUNDS.search(behind):
        return None
    word = _WORD.search(behind)
    unit = _ENGLISH.get(word[0].casefold()) if word else None
    return f"{quantity} {unit}" if unit else quantity
