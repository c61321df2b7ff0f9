"""The table by which topics and key points are found: words of the problem and features of its steps.

A rule is (key point, pattern on the problem in lower case, pattern on the features). An empty pattern always matches.
Words alone name no topic: who borrows three books takes out no loan, so a topic of money, percents or measures also asks for its steps.
The features of a problem are words such as `add`, `by7` (multiplied by or divided by 7), `sum-of-products`, `long`;
`topics.features` makes them. Topics stand from the most special to the most general.
"""

from itertools import combinations

__all__ = ["RULES"]

_TIME = r"hour|minute|second|day|week|month|year"
_FEET, _INCHES, _YARDS, _MILES = r"\b(?:feet|foot|ft)\b", r"\binch(?:es)?\b", r"\byards?\b", r"\bmiles?\b"
_METRES = r"\b(?:centi|milli|kilo)?met(?:er|re)s?\b|\b(?:cm|mm|km)\b"
_LENGTH = rf"(?:{_FEET}|{_INCHES}|{_YARDS}|{_MILES}|{_METRES})"
_WEIGHT = r"(?:\bpounds?\b|\bounces?\b|\b(?:kilo|milli)?grams?\b|\bkgs?\b|\bton(?:ne)?s?\b|\blbs?\b|\bweigh)"
_GALLONS, _QUARTS, _PINTS, _CUPS, _OUNCES = (
    r"\bgallons?\b",
    r"\bquarts?\b",
    r"\bpints?\b",
    r"\bcups?\b",
    r"\b(?:fluid )?ounces?\b",
)
_VOLUME = (
    rf"(?:{_GALLONS}|{_QUARTS}|{_PINTS}|{_CUPS}|{_OUNCES}|\b(?:milli)?lit(?:er|re)s?\b|\bml\b|\bbarrels?\b|\bbuckets?\b|\btanks?\b|"
    r"\btablespoons?\b|\bteaspoons?\b)"
)


def _two_of(*units: str) -> str:
    """Return a pattern for texts that speak of two of the units: whoever converts one names both."""
    return "|".join(rf"(?=.*{left})(?=.*{right})" for left, right in combinations(units, 2))


RULES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Algebra - Linear Equations", (
        ("Setting up a linear equation in one unknown", r"", r"\bunknown\b"),
        ("Collecting like terms", r"", r"\blike-terms\b"),
        ("Solving an equation by inverse operations", r"", r"\bunknown\b.*\bdivide\b"),
        ("Expressing one unknown through another", r"as (?:many|much|old)|more than|less than|fewer than", r"\bunknown\b"),
    )),
    ("Algebra - Working Backward", (
        ("Undoing operations from the end to the start", r"(?:now|left|remain)\w*.*(?:how (?:many|much).*(?:start|begin|original|initial|at first|before))", r""),
        ("Finding the original amount from what is left", r"how (?:many|much).*(?:have (?:at|in) the (?:start|beginning)|originally|initially|at first)", r""),
        ("Finding the whole from a given part", r"(?:half|third|quarter|\d/\d|%) of .*how many .*(?:in total|total|altogether|all)", r"divide"),
    )),
    ("Statistics - Averages", (
        ("Mean as the sum divided by the count", r"\baverage|\bmean\b", r"divide"),
        ("Finding a missing value from a given average", r"\baverage.*(?:need|must|should|last|next|final)", r"subtract"),
        ("Total as the average times the count", r"\baverage", r"multiply"),
        ("Median of ordered values", r"\bmedian\b", r""),
    )),
    ("Probability - Chance of Events", (
        ("Probability as favourable over possible outcomes", r"probab|\bchances?\b|\bodds\b|likely", r"percent|decimal|divide"),
        ("Comparing two chances in percent", r"(?:probab|chance|likely).*more", r"percent|divide"),
        ("Expected count from a chance", r"(?:probab|chance|likely).*how many", r"percent|multiply"),
    )),
    ("Counting - Combinations of Choices", (
        ("Multiplying independent choices", r"combination|different ways|how many ways|outfits|possible (?:outcomes|choices)", r"multiply"),
        ("Counting pairs", r"handshake|(?:plays?|against|with) (?:each|every) other|every other (?:person|player|team)", r"multiply|divide"),
    )),
    ("Number Theory - Division and Remainders", (
        ("Remainder of a division in context", r"remainder|left over|leftover|extra", r"subtract.*divide"),
        ("Rounding up to whole containers", r"(?:at least|enough|how many (?:boxes|bags|buses|trips|packs|cars|rows|tables|vans)).*", r"divide"),
        ("Even and odd numbers", r"\beven[- ]number|\bodd[- ]number|\b(?:even|odd) (?:integer|page|day)", r"add|subtract|multiply|divide"),
        ("Multiples and common multiples", r"multiple of|every (?:third|fourth|fifth|other)|divisible", r"divide|multiply"),
    )),
    ("Number Theory - Sequences and Patterns", (
        ("Adding the same amount at each step", r"each (?:day|week|month|year).*more than the (?:day|week|month|year|previous)|increas\w+ by|every (?:day|week|month|year) after", r"add"),
        ("Repeated doubling or halving", r"(?:doubl|halv|tripl)\w+ (?:every|each)|each .* (?:twice|half) (?:as|the)", r"multiply|divide|add"),
        ("Consecutive whole numbers", r"consecutive (?:\w+ )?(?:number|integer|page)", r"add|subtract|multiply|divide"),
        ("Terms over successive days", r"(?:first|second|third) (?:day|week|hour|month).*(?:second|third|fourth|next) (?:day|week|hour|month)", r"add|multiply"),
    )),
    ("Geometry - Area", (
        ("Area of a rectangle", r"(?:square (?:feet|foot|inch|meter|yard|mile)|\barea\b|\bsq\b|acre)", r"multiply"),
        ("Covering an area with pieces", r"(?:tile|paint|cover|carpet|lawn|mow).*(?:square|area)", r"divide"),
        ("Subtracting areas", r"\barea\b|square (?:feet|foot|inch|meter)", r"subtract"),
        ("Dimensions given by length and width", r"\bwide\b.*\blong\b|\blong\b.*\bwide\b|\bby \d+ (?:feet|foot|inch|meter|yard)|\d+ ?x ?\d+", r""),
    )),
    ("Geometry - Perimeter and Shapes", (
        ("Perimeter as the sum of sides", r"perimeter|fence|around the|border|frame", r"add|by2|by4"),
        ("Sides of regular shapes", r"(?:\bsquares?\b(?! f| i| m| y)|triang|hexagon|pentagon|rectang|polygon).*(?:\bsides?\b|perimeter|corner|diagonal|\bwide\b|width|length)|(?:\bsides?\b|perimeter|corner|diagonal).*(?:\bsquares?\b(?! f| i| m| y)|triang|hexagon|pentagon|rectang|polygon)", r"add|subtract|multiply|divide"),
        ("Angles of a triangle or circle", r"\bangle", r""),
    )),
    ("Geometry - Volume", (
        ("Volume of a box", r"cubic|volume|cube\b", r"multiply"),
        ("Filling and emptying a container", r"(?:fill|empty|drain|leak|pour|evaporat)\w*.*(?:" + _VOLUME + r")|(?:" + _VOLUME + r").*(?:fill|empty|drain|leak|pour)", r""),
        ("Rate of flow over time", r"(?:gallons?|lit(?:er|re)s?|cups?|ml) (?:per|an|a|every|each) (?:minute|hour|day)", r""),
    )),
    ("Rates - Speed, Distance and Time", (
        ("Distance as speed times time", r"mph|miles (?:per|an|each|every) hour|km/h|kilometers (?:per|an) hour|speed|fast", r"multiply"),
        ("Time as distance divided by speed", r"(?:how long|how many (?:hours|minutes)|how much time).*|speed|mph|per hour", r"divide.*travel|travel.*divide"),
        ("Speed as distance divided by time", r"(?:what|how).*(?:speed|fast|mph|miles per hour)", r"divide"),
        ("Total length of a trip in several legs", r"\b(?:driv\w+|drove|walk\w*|run(?:s|ning)?|ran|hik\w+|travel\w*|bik\w+|cycl\w+|rode|rid(?:e|es|ing)|jog\w*|swims?|swimming|swam|fl(?:y|ies|ew|ying))\b.*(?:" + _LENGTH + r"|\bblocks?\b|\blaps?\b)", r"add"),
        ("Round trips", r"round trip|back and forth|each way|there and back|to and from", r"add|multiply"),
    )),
    ("Rates - Work and Productivity", (
        ("Output as rate times time", r"(?:per|an|each|every) (?:hour|minute|day|week).*(?:make|bake|produce|write|type|paint|build|assemble|pick|plant|read|knit|sew|wash|answer|deliver|catch)|(?:make|bake|produce|write|type|paint|build|assemble|pick|plant|read|knit|sew|wash|answer|deliver|catch)\w* \S+ \S+ (?:per|an|each|every|in) (?:\S+ )?(?:hour|minute|day|week)", r"multiply"),
        ("Time needed as amount divided by rate", r"how (?:long|many (?:hours|minutes|days|weeks|months))", r"divide"),
        ("Several workers together", r"workers|employees|machines|together.*(?:finish|complete|build|paint)|working alone", r"multiply|divide"),
        ("Comparing two rates", r"(?:faster|slower|twice as fast|more (?:per|an|each|every) (?:hour|minute|day))", r"subtract|multiply|divide"),
    )),
    ("Rates - Unit Rates", (
        ("Amount per unit by division", r"\bper\b|\beach\b|\bevery\b|\bapiece\b", r"divide"),
        ("Scaling a unit rate", r"\bper\b|\bevery\b", r"multiply"),
        ("Fuel use and mileage", r"miles per gallon|mpg|\bgas\b.*gallon|tank of gas|gallon.*miles", r"multiply|divide"),
        ("Recipes scaled up or down", r"recipe|flour|sugar|servings?|ingredient|batch", r"multiply|divide"),
    )),
    ("Ratios - Ratio and Proportion", (
        ("Splitting a total in a given ratio", r"\bratio\b|\d:\d", r"multiply|divide"),
        ("Parts of a ratio as equal shares", r"\bratio\b", r"divide"),
        ("Direct proportion", r"for every|same rate|at this rate|proportion|for each .* there", r"multiply|divide"),
        ("Number of times one quantity contains another", r"how many times", r"divide"),
    )),
    ("Percents - Percent of a Quantity", (
        ("Finding a percent of a number", r"%|percent", r"percent.*(?:multiply|divide)"),
        ("Percent of a remaining part", r"(?:%|percent) of the (?:rest|remain|others?)|(?:rest|remain)\w*.*(?:%|percent)", r"percent"),
        ("Complement of a percent", r"%|percent", r"rest-of-whole"),
        ("One part as a percent of the whole", r"(?:what|which|how many) (?:percent|%)|percentage of", r"divide"),
    )),
    ("Percents - Percent Increase and Decrease", (
        ("Increasing by a percent", r"(?:increas|rais|rise|rose|grow|grew|more|higher|markup|bonus)\w*.*(?:%|percent)|(?:%|percent) (?:more|increase|higher|longer|greater|raise)", r"percent"),
        ("Decreasing by a percent", r"(?:decreas|reduc|drop|lower|less|fell|cut)\w*.*(?:%|percent)|(?:%|percent) (?:less|fewer|decrease|lower|shorter|drop)", r"percent"),
        ("Percent change from old to new", r"percent(?:age)? (?:increase|decrease|change|more|less)|by what percent", r"divide"),
    )),
    ("Business - Discounts and Taxes", (
        ("Discounted price", r"discount|(?:%|percent) off|on sale|coupon|marked down|sale price", r"money.*(?:percent|subtract)"),
        ("Tax, tip and fee added to a price", r"\btax(?:es|ed)?\b|\btips?\b|\bfees?\b|service charge|shipping", r"money.*(?:percent|add)"),
        ("Discount for buying in quantity", r"(?:for the price of|get (?:one|1) (?:free|half)|buy \S+ get|bulk|every \S+ (?:bought|purchased))", r"money.*(?:multiply|divide)"),
    )),
    ("Business - Profit and Loss", (
        ("Profit as revenue less cost", r"profit|net (?:income|gain)", r"money.*subtract"),
        ("Revenue as price times quantity", r"\bs(?:ell|old|ells|elling)\b|\bsales?\b|charges?\b", r"money.*multiply"),
        ("Costs of running a business", r"(?:rent|cost|expense|ingredient|material|supplies).*(?:sell|sold|profit|earn)", r"money.*subtract"),
        ("Selling price needed for a goal", r"(?:goal|raise|fundrais|needs? to (?:sell|earn|make))", r"money.*divide"),
    )),
    ("Business - Wages and Earnings", (
        ("Pay as hourly wage times hours", r"(?:\$|dollars).*(?:per|an|each|every|/) ?hour|hourly", r"multiply"),
        ("Overtime pay", r"overtime|over 40 hours|first 40 hours|time and a half", r"money.*multiply"),
        ("Earnings over days and weeks", r"(?:earn|paid|pays|salary|wage|makes)\w*.*(?:day|week|month|year)", r"money.*multiply"),
        ("Commission and bonus", r"commission|bonus", r"money.*(?:percent|multiply|add)"),
        ("Allowances and pay for chores", r"allowance|babysit|chore|mow|tutor|dog.?walk", r"money.*(?:multiply|add|subtract)"),
    )),
    ("Finance - Saving and Budgeting", (
        ("Money left after spending", r"(?:\$|dollar|money).*(?:left|remain|change)", r"subtract"),
        ("Saving towards a goal", r"\bsav(?:e|es|ed|ing|ings)\b.*(?:\$|dollar|money|cents)|(?:\$|dollar|money).*\bsav(?:e|es|ed|ing|ings)\b", r"money.*(?:add|subtract|multiply|divide)"),
        ("Regular expenses over time", r"\b(?:rent|bills?|subscription|insurance|mortgage|expenses|budget|gym|membership)\b", r"money.*multiply"),
        ("Money still needed for a purchase", r"how much (?:more )?(?:money )?(?:do|does|will|must|should)\w* \w+ (?:still )?need", r"subtract"),
    )),
    ("Finance - Interest and Loans", (
        ("Simple interest", r"\binterest\b", r"money.*percent"),
        ("Instalments and down payments", r"instal|down payment|monthly payment|\bloans?\b|mortgage|\bdebts?\b|\bow(?:e|es|ed)\b|(?:borrow|lend|lent)\w* .{0,30}\$|\$\S+ .{0,30}borrow", r"money.*(?:add|subtract|multiply|divide)"),
        ("Growth of an investment or value", r"\binvest|appreciat|depreciat|\bstocks? (?:price|market|rises?|falls?)|shares? of stock|(?:increase|decrease|drop|rise|fall)\w* in value|value .{0,30}(?:increase|decrease|rise|rose|drop)", r"money.*(?:percent|multiply|subtract)"),
    )),
    ("Money - Coins and Change", (
        ("Value of coins", r"nickels?\b|dimes?\b|\bquarters\b(?! of)|penn(?:y|ies)\b|\bcoins\b", r"by5\b|by10\b|by25\b|by100\b|decimal|multiply"),
        ("Converting between cents and dollars", r"cents?\b|¢", r"by100\b|decimal"),
        ("Change from a bill", r"\bchange\b.*\$|\$.*\bchange\b|\$\d+ bill|dollar bill", r"money.*subtract"),
    )),
    ("Money - Prices and Purchases", (
        ("Cost as price times quantity", r"(?:cost|price|\$\S+ (?:each|per|a|for)|buy|bought|purchas|spen[dt]|paid)", r"money.*multiply"),
        ("Total of a shopping list", r"(?:cost|price|buy|bought|purchas|spen[dt]).*", r"money.*sum-of-products"),
        ("Adding prices of single items", r"(?:\$).*(?:\$).*", r"money.*add"),
        ("Comparing the cost of two offers", r"(?:cheap|expensive|more does|less does|save|better deal|difference).*", r"money.*subtract"),
        ("Number of items that money buys", r"how many .*(?:buy|afford|purchase)", r"divide"),
    )),
    ("Measurement - Time", (
        ("Converting hours and minutes", r"hour|minute", r"by60"),
        ("Converting weeks and days", r"week|day", r"by7\b"),
        ("Converting years, months and weeks", r"year|month", r"by12\b|by52\b|by4\b|by365\b|by30\b"),
        ("Elapsed time and schedules", r"\d ?[ap]\.?m\b|o'clock|noon|midnight|schedule|how long", r"add|subtract|multiply|divide|by60"),
        ("Adding durations", r"(?:hours?|minutes?|days?|weeks?).*(?:hours?|minutes?|days?|weeks?)", r"add"),
        ("Hours in a day", r"day", r"by24\b"),
    )),
    ("Measurement - Length", (
        ("Converting feet, inches and yards", _two_of(_FEET, _INCHES, _YARDS, _MILES), r"by12\b|by36\b|by3\b"),
        ("Converting metric lengths", _METRES, r"by100\b|by1000\b"),
        ("Comparing heights and lengths", r"(?:tall|short|long|high|deep)\w*.*(?:than)", r"subtract|add"),
        ("Cutting a length into pieces", r"(?:cut|piece|section|board|rope|ribbon|string|wire|fabric)\w*.*(?:" + _LENGTH + r")|(?:" + _LENGTH + r").*(?:cut|piece|section)", r"divide|subtract"),
    )),
    ("Measurement - Weight and Capacity", (
        ("Adding weights", _WEIGHT, r"add"),
        ("Weight of many equal items", _WEIGHT, r"multiply"),
        ("Converting ounces, pounds, grams and tons", _WEIGHT, r"by16\b|by1000\b|by2000\b"),
        ("Converting cups, quarts and gallons", _two_of(_GALLONS, _QUARTS, _PINTS, _CUPS, _OUNCES), r"by4\b|by16\b|by2\b|by8\b|by128\b|by32\b"),
        ("Limits on weight and load", r"(?:maximum|capacity|limit|at most|hold|carry).*(?:" + _WEIGHT + r")|(?:" + _WEIGHT + r").*(?:maximum|capacity|limit|hold|carry)", r"subtract|divide|add"),
    )),
    ("Measurement - Ages", (
        ("Age some years before or after", r"(?:years? old|\bages?\b|\bborn\b|birthday).*(?:years? (?:ago|from now|later|before)|in \S+ years)|(?:years? (?:ago|from now|later)|in \S+ years).*(?:years? old|\bages?\b|\bborn\b|birthday)", r"add|subtract"),
        ("Comparing two ages", r"years? old\w*.*|\bages?\b|older|younger", r"add|subtract|multiply"),
        ("Sum of ages", r"(?:combined|sum of|total) (?:of )?(?:their |the )?ages?|ages? .*(?:sum|add|total|combined)", r"add"),
    )),
    ("Measurement - Temperature and Calories", (
        ("Rise and fall of temperature", r"temperature|degrees", r"add|subtract|multiply|divide"),
        ("Calories taken in and burned", r"calorie", r"add|subtract|multiply|divide"),
        ("Amounts of a dose or nutrient", r"\bmg\b|milligram|medicine|pill|vitamin|caffeine|protein", r""),
    )),
    ("Fractions - Fraction of a Quantity", (
        ("Finding a fraction of a number", r"\d/\d|half|third|quarter|fourth|fifth|sixth|eighth|tenth", r"multiply|divide"),
        ("Fraction of what is left", r"(?:\d/\d|half|third|quarter|fourth|fifth) (?:of )?(?:the |his |her |their )?(?:rest|remain|left|other)", r"subtract|multiply|divide"),
        ("What a fraction leaves of the whole", r"(?:\d/\d|half|third|quarter|fourth|fifth).*(?:rest|left|remain|others?)", r"subtract"),
        ("Adding and comparing fractions", r"\d/\d.*\d/\d", r"fraction.*(?:add|subtract)"),
        ("Halving a quantity", r"\bhalf\b|halves", r"by2\b"),
    )),
    ("Fractions - Decimals", (
        ("Multiplying with decimals", r"", r"decimal.*multiply"),
        ("Adding and subtracting decimals", r"", r"decimal.*(?:add|subtract)"),
        ("Dividing with decimals", r"", r"decimal.*divide"),
    )),
    ("Comparison - Multiples of a Quantity", (
        ("Twice as many", r"\btwice\b|\bdouble", r"multiply|add|divide"),
        ("Three or more times as many", r"(?:three|four|five|six|seven|eight|ten|\d+) times (?:as|more|the|that|older|larger|longer)|thrice|triple|quadruple", r"multiply|divide"),
        ("Half as many", r"half (?:as|the|of|that)", r"multiply|divide"),
        ("Chained comparisons of several people", r"(?:as (?:many|much|old|tall|long)|times|more than|less than|fewer than).*(?:as (?:many|much|old|tall|long)|times|more than|less than|fewer than)", r"(?:add|subtract).*(?:multiply|divide)|subtract.*add"),
    )),
    ("Comparison - Differences", (
        ("A given number more than another", r"\d+ (?:\w+ )?more\b|more than|older|taller|longer|heavier", r"add"),
        ("A given number fewer than another", r"\d+ (?:\w+ )?(?:less|fewer)\b|less than|fewer than|younger|shorter", r"subtract"),
        ("Difference between two amounts", r"how (?:many|much) (?:more|fewer|less)|difference", r"subtract"),
    )),
    ("Arithmetic - Sharing and Grouping", (
        ("Sharing equally among people", r"(?:equal|even)ly|\bsplit\b|\bshare|\bdivid|among|between", r"divide"),
        ("Making groups of a given size", r"(?:boxes|bags|packs?|packages?|rows|groups|teams|tables|shelves|trays|jars|baskets|bundles|cartons|containers|crates)", r"divide"),
        ("Total of equal groups", r"(?:boxes|bags|packs?|packages?|rows|groups|teams|tables|shelves|trays|jars|baskets|bundles|cartons|containers|crates|each|every)", r"multiply"),
        ("Counting by the dozen", r"dozen", r"by12\b"),
        ("Equal amounts per person", r"(?:each|every|per) (?:person|student|child|kid|friend|guest|player|one|member|of them)", r"multiply|divide"),
    )),
    ("Arithmetic - Repeated Events", (
        ("Amount per day over several days", r"(?:every|each|per|a) (?:day|night|morning)|daily", r"multiply"),
        ("Amount per week over months or years", r"(?:every|each|per|a) week|weekly", r"multiply"),
        ("Amount per month over a year", r"(?:every|each|per|a) month|monthly", r"multiply"),
        ("Times per day or week", r"(?:once|twice|\w+ times) (?:a|per|each|every) (?:day|week|month|year|hour)", r"multiply"),
    )),
    ("Arithmetic - Change of an Amount", (
        ("Amount left after taking away", r"left|remain|still (?:have|has|need)|gave|gives|ate|eats|lost|loses|used|sold|spent", r"subtract"),
        ("Amount after receiving more", r"(?:got|gets|receiv|found|finds|added|adds|bought|buys|another|more|join|arriv|gave (?:him|her|them))", r"add"),
        ("Increase and decrease one after the other", r"", r"add.*subtract|subtract.*add"),
        ("Finding an unknown part of a total", r"(?:the rest|the others?|remaining|total|altogether|combined)", r"subtract"),
    )),
    ("Arithmetic - Multi-Step Calculation", (
        ("Sum of several products", r"", r"sum-of-products"),
        ("Product followed by a difference", r"", r"product-then-difference"),
        ("Sum followed by a division", r"", r"sum-then-quotient"),
        ("Product of three or more factors", r"", r"long-product"),
        ("Planning a solution of many steps", r"", r"\blong\b"),
        ("Combining totals of several groups", r"total|altogether|in all|combined", r"add"),
    )),
    ("Arithmetic - Basic Operations", (
        ("Adding whole numbers", r"", r"add"),
        ("Subtracting whole numbers", r"", r"subtract"),
        ("Multiplying whole numbers", r"", r"multiply"),
        ("Dividing whole numbers", r"", r"divide"),
        ("Turning a story into arithmetic", r"", r""),
    )),
)  # fmt: skip
