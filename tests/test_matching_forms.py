"""When two problems are one: the rules of the normal forms, pair by pair."""

import re

import pytest
from families import named

from kpmath_builder.curation import ProblemIndex, RepeatKind

VERBATIM, REFORMATTED = RepeatKind.VERBATIM, RepeatKind.REFORMATTED
RENUMBERED, RENAMED, NEAR = RepeatKind.RENUMBERED, RepeatKind.RENAMED, RepeatKind.NEAR


def kind(one: str, other: str) -> RepeatKind | None:
    found = ProblemIndex([("known", one)]).find(other)
    return found and found.kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"Find $\dfrac{1}{2}x$.", r"Find $\frac{1}{2}x$."),
        (r"Find $\frac12x$.", r"Find $\frac{1}{2}x$."),
        (r"Find $\frac125$.", r"Find $\frac{1}{2}5$."),
        (r"Find $x$.", r"Find \(x\)."),
        (r"Find $$x$$", r"Find \[x\]."),
        (r"Find $x+1$.", r"Find $ x + 1 $."),
        (r"Find $\left(x+1\right)$.", "Find $(x+1)$."),
        (r"Find $x^{2}$.", "Find $x^2$."),
        ("Find x² + 1.", "Find $x^2+1$."),
        (r"Find $x \leq 3$.", "Find x ≤ 3."),
        (r"Add $1,\!000$ and $2{,}000$.", "Add 1,000 and 2000."),
        (r"Add $0.5$ and $.25$.", "Add .5 and 0.25."),
        ("He ran 5 km.", "He ran 5 kilometers."),
        (r"He ran $5\text{ km}$.", "He ran 5 kilometres."),
        ("It covers 5 cm^2.", "It covers 5 square centimeters."),
        ("It costs $5.", r"It costs \$5."),
        ("It costs $5 or $6.", "It costs 5 dollars or 6 dollars."),
        ("It grows by 5%.", "It grows by 5 percent."),
        (r"The angle is $30^\circ$.", "The angle is 30 degrees."),
        ("A well-known 5-mile race.", "A well known 5 mile race."),
        ("Tom’s pen, a “blue” one, is new.", "Tom's pen a blue one is new."),
        ("Find $AB-CD$.", "Find $AB - CD$."),
        ("Find the $x$-axis of a $12$-inch map.", "Find the x-axis of a 12 inch map."),
        ("Find 2ˣ and e⁻ˣ.", "Find $2^x$ and $e^{-x}$."),
        ("Find x₁ and log₂8.", r"Find $x_1$ and $\log_2 8$."),
        ("Add ½ and 3¼.", r"Add $\frac12$ and $3\frac{1}{4}$."),
        ("Find $x^{10}$.", "Find x^10."),
        (r"Sort $\{100,200\}$.", r"Sort $\{100, 200\}$."),
        ("Find $f(5,100,x)$.", "Find $f(5, 100, x)$."),
        ("Add $1,000$ and $12,345,678$.", "Add 1000 and 12345678."),
        (r"Find $30^{\circ}$.", "Find 30°."),
        ("Is 3 < 4 and Tom's?", "Is&nbsp;3 &lt; 4 and Tom&#39;s?"),
        ("Tom has 3 pens. Ann has 4.", "- Tom has **3** pens.\n- Ann has 4."),
        (r"Find $3\cdot 4$.", r"Find $3\times 4$."),
        ("Find 3 × 4.", "Find 3 * 4."),
        ("A 5 ft. rope is cut.", "A 5 foot rope is cut."),
        ("Tom has 3 pens. Ann has 4 pens. How many?", "Ann has 4 pens. Tom has 3 pens. How many?"),
        ("He has twenty-five pens and two hundred caps.", "He has 25 pens and 200 caps."),
        ("He has four $20 bills.", "He has 4 $20 bills."),
        ("One of three boys left.", "1 of 3 boys left."),
        ("How many two-digit primes are there?", "How many 2-digit primes are there?"),
        ("He ate 3/4 of it.", r"He ate $\frac{3}{4}$ of it."),
        ("He ate 3½ pies.", "He ate 3 1/2 pies."),
        ("He ate 4/6316688 of it.", r"He ate $\frac{4}{6316688}$ of it."),
        (r"Find ${1 \over 2}x$.", r"Find $\frac{1}{2}x$."),
        (r"Find ${n \choose 2}$.", r"Find $\binom{n}{2}$."),
        ("Find √50 + ∛8 + √(x+1).", r"Find $\sqrt{50} + \sqrt[3]{8} + \sqrt{x+1}$."),
        ("Find x ⩽ 3 and Σ ⊆ Γ.", r"Find $x \leqslant 3$ and $\Sigma \subseteq \Gamma$."),
        ("Find x != 3.", r"Find $x \neq 3$."),
        ("It costs $5.00.", "It costs $5."),
        ("It costs US$2.50 or €3.", "It costs $2.5 or 3 euros."),
        ("It costs $9/hour.", "It costs 9 dollars per hour."),
        ("She left at 3:30 p.m. and rested.", "She left at 3:30 PM and rested."),
        ("She left at $3$ p.m. He did not.", "She left at 3pm. He did not."),
        ("How many square centimeters is it?", r"How many $\text{cm}^2$ is it?"),
        ("It has 5 sq. ft. and moves at 5 km/h.", "It has 5 square feet and moves at 5 kilometers per hour."),
        ("It moves at 5 mph.", "It moves at 5 miles per hour."),
        ("<p>Find <i>x</i><sup>2</sup> + <b>3</b>.</p>", "Find $x^2 + 3$."),
        ("The value of *x* is $**5**.", "The value of x is $5."),
        ("It is a three-hundred-dollar bill.", "It is a 300-dollar bill."),
        ("It is a hundred-page book.", "It is a hundred page book."),
        ("He has 4 five-dollar bills.", "He has 4 $5 bills."),
        (r"Find $x^{1\over 2}$.", r"Find $x^{\frac{1}{2}}$."),
        (r"Find $\sqrt{1\over 2}$.", r"Find $\sqrt{\frac{1}{2}}$."),
        (r"Find $\sqrt[3] {1\over 2}$.", r"Find $\sqrt[3]{\frac{1}{2}}$."),
        (r"Find $x^ {n \choose 2}$.", r"Find $x^{\binom{n}{2}}$."),
        (r"Find $\frac{a}{1 \over 2}$.", r"Find $\frac{a}{\frac12}$."),
        (r"Find $a \times {1 \over 2}$.", r"Find $a \times \frac{1}{2}$."),
        ("Is µ = ϕ + ϵ so?", r"Is $\mu = \phi + \epsilon$ so?"),
        ("Find 𝜋 + 𝛼.", r"Find $\pi + \alpha$."),
        ("Tom\u2800has 12 pens.", "Tom has 12 pens."),
        ("It is open from 9 AM to 5PM.", "It is open from 9 a.m. to 5 p.m."),
        (r"She left at $3:30\text{ PM}$ today.", "She left at 3:30 p.m. today."),
        (r"She left at $3\text{ p.m.}$ Tom left later.", "She left at 3 PM. Tom left later."),
        (r"Find $(-1)^{n}{n \choose 2}$.", r"Find $(-1)^n\binom{n}{2}$."),
        (r"Find $\frac{x^{2}}{1 \over 2}$.", r"Find $\frac{x^2}{\frac12}$."),
        (r"She left at $3\,\mbox{a.m.}$ today.", "She left at 3  AM today."),
        ("She left at $3$ PM (local time).", "She left at 3 pm (local time)."),
        ("It is 5 in long and 3 in by 2 in wide.", "It is 5 inches long and 3 inches by 2 inches wide."),
        ("T\ufe0fom\U000e0061 has \u2066three\u2069 p\u00adens.", "Tom has 3 pens."),
    ],
)
def test_another_spelling_of_a_problem_is_reformatted(one: str, other: str) -> None:
    assert kind(one, other) is REFORMATTED
    assert kind(other, one) is REFORMATTED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Find $x+3$.", "Find $x-3$."),
        ("Find $x \\cdot 3$.", "Find $x + 3$."),
        ("Find $x^2$.", "Find $x_2$."),
        ("Find $x^2$.", "Find $2x$."),
        ("Find $x^{2y}$.", "Find $x^2y$."),
        ("Solve $x < 3$.", r"Solve $x \le 3$."),
        ("Solve $x = 3$.", r"Solve $x \ne 3$."),
        ("Solve $x-y=3$.", "Solve $y-x=3$."),
        (r"Find $\frac{1}{12}$.", r"Find $\frac{1}{1}2$."),
        ("Plot $(1,-2)$.", "Plot $(1-2)$."),
        ("Sum 1, 23 and 4.", "Sum 12, 3 and 4."),
        ("Sort {100,200,300}.", "Sort {100200300}."),
        ("Find the ratio 3:4.", "Find the ratio 34."),
        ("Find tan 22.5.", "Find tan 225."),
        ("Find $ad-bc$.", "Find $ad bc$."),
        (r"Find $3\sec$ now.", "Find 3 s now."),
        (r"Find $2\min(a,b)$.", "Find 2 minutes (a,b)."),
        ("Is 5 ¶ 3 so.", "Is 5. 3 so."),
        ("12. 5 + 3", "5 + 3"),
        ("Find $x**2$.", "Find $x2$."),
        ("Find - 5 and 3.", "Find 5 and 3."),
        ("Find $3-xy$.", "Find $3xy$."),
        ("Find $2^{3-nk}$.", "Find $2^{3nk}$."),
        ("Find 10-ab.", "Find 10 ab."),
        ("Find $A-a$.", "Find $a-A$."),
        ("Let $P(X>x)$ be known.", "Let $P(x>x)$ be known."),
        ("It is R and r.", "It is r and R."),
        ("Find $aB$.", "Find $AB$."),
        ("It has 5 MB.", "It has 5 Mb."),
        ("It weighs 5 Mg.", "It weighs 5 mg."),
        ("Find 2ˣ.", "Find 2x."),
        ("Find log₂8.", "Find log 28."),
        ("Find x₁.", "Find x1."),
        ("Add 3½.", "Add 31/2."),
        (r"Sort $\{100,200\}$.", r"Sort $\{100200\}$."),
        (r"Plot $\left(1,200\right)$.", r"Plot $\left(1200\right)$."),
        ("Find $f(5,100,x)$.", "Find $f(5100,x)$."),
        ("Sort 100,200,300.", "Sort 100200300."),
        ("Find $uv'$.", "Find $uv$."),
        ("Find $AB'$.", "Find $AB$."),
        ("Find $[f(x)]'$.", "Find $[f(x)]$."),
        (r"Find $\alpha'$.", r"Find $\alpha$."),
        ("Find $ab!$.", "Find $ab$."),
        ("Find $x^{ab}$.", "Find $x^ab$."),
        (r"Find $x^\text{2y}$.", "Find $x^2y$."),
        (r"Find $\sqrt{ab}$.", r"Find $\sqrt ab$."),
        (r"Find $\log_{28}x$.", r"Find $\log_28x$."),
        ("Find $AB:BC$.", "Find $AB BC$."),
        (r"Find $\max(ab,c)$.", r"Find $\max(ab c)$."),
        ("Find $5!$ now.", "Find $5$ now."),
        ("Find $f'(x)$.", "Find $f(x)$."),
        ("Find $5-\\sin x$.", "Find $5 \\sin x$."),
        ("Find 5-sin x.", "Find 5 sin x."),
        ("It is 6' wide.", 'It is 6" wide.'),
        ("He ran 5 km.", "He ran 5 miles."),
        ("He ran 5 m.", "He ran 5 km."),
        ("He has $5 left.", "He has 5 left."),
        ("It is 5 degrees Celsius.", "It is 5 degrees Fahrenheit."),
        ("Find numbers that are not prime.", "Find numbers that are prime."),
        ("He has at least three pens.", "He has at most three pens."),
        ("Find $\\Delta$.", "Find $\\delta$."),
        ("He has twenty five-dollar bills.", "He has 25 dollar bills."),
        ("It lies between two hundred and fifty.", "It lies between 250."),
        ("Find 1/2x.", r"Find $\frac{1}{2}x$."),
        ("Find 2^1/2.", r"Find $2^{\frac{1}{2}}$."),
        ("Find $6/1/2$.", r"Find $6/\frac{1}{2}$."),
        (r"Find $6 \div 1/2$.", r"Find $6 \div \frac{1}{2}$."),
        ("He has three hundred-dollar bills.", "He has 300 dollar bills."),
        ("He has four thousand-piece puzzles.", "He has 4000-piece puzzles."),
        ("He has five hundred-gram packs.", "He has 500 gram packs."),
        ("He has twenty-five thousand-piece puzzles.", "He has 25 thousand piece puzzles."),
        ("He has 5 million-dollar prizes.", "He has $5 million prizes."),
        ("He has $5$ million-dollar prizes.", "He has $5 million prizes."),
        ("He has two hundred fifty-cent coins.", "He has two hundred fifty cent coins."),
        ("Find $6 ÷ 1/2$.", r"Find $6 ÷ \frac{1}{2}$."),
        ("Find $6 /  1/2$.", r"Find $6 / \frac{1}{2}$."),
        ("Find $6 /\n1/2$.", r"Find $6 / \frac{1}{2}$."),
        (r"Find $6 /\,1/2$.", r"Find $6 / \frac{1}{2}$."),
        ("Find 6/$1$/$2$.", r"Find $6/\frac{1}{2}$."),
        ("Find $1/2\n^3$.", r"Find $\frac{1}{2}^3$."),
        ("Find $1/2  / 3$.", r"Find $\frac{1}{2} / 3$."),
        ("Find $1/2  x$.", r"Find $\frac{1}{2} x$."),
        ("Add 3⅟2.", "Add 31/2."),
        ("Tom has 12<p>5 apples</p>", "Tom has 125 apples"),
        ("Tom has 12<div>5 apples</div>", "Tom has 125 apples"),
        ("Tom has 12<ul><li>5</li></ul> apples", "Tom has 125 apples"),
        ("Tom has 12<pre>5</pre> apples", "Tom has 125 apples"),
        ("Tom has 12\u28005 apples.", "Tom has 125 apples."),
        ("The one in the middle is red.", "The one inch the middle is red."),
        ("One in 3 people is tall.", "One inch 3 people is tall."),
        ("Find $4PM^2$.", "Find $4Pm^2$."),
        ("Find $2AM$.", "Find $2am$."),
        ("Is 2AM = 3BC so?", "Is 2am = 3BC so?"),
        ("Is 2AM - 3BC so?", "Is 2am - 3BC so?"),
        ("Find √50x.", r"Find $\sqrt{50x}$."),
        ("Find √x+1.", r"Find $\sqrt{x+1}$."),
        ("Find $x! = 6$.", r"Find $x \ne 6$."),
        ("Find $a *b* c$.", "Find $a b c$."),
        ("Is $a<b>c$ so?", "Is $a c$ so?"),
        ("It costs $5.05.", "It costs $5.5."),
        ("It weighs 5.0 g.", "It weighs 5.00 g."),
        ("He left at 3 am.", "He left at 3 pm."),
        ("It has 5 sq ft.", "It has 5 cu ft."),
        ("It moves at 5 km/h.", "It moves at 5 km/s."),
        ("Round it to the nearest ten.", "Round it to the nearest tenth."),
    ],
)
def test_a_change_of_meaning_makes_another_problem(one: str, other: str) -> None:
    assert kind(one, other) not in {VERBATIM, REFORMATTED, RENAMED}
    assert kind(other, one) not in {VERBATIM, REFORMATTED, RENAMED}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Tom has 3 red pens and 4 old books. How many are left?",
            "Tom has 17 red pens and 5 old books. How many are left?",
        ),
        (
            "Tom has three red pens left over when all of them have gone.",
            "Tom has 40 red pens left over when all of them have gone.",
        ),
        (
            "Buy one pen and get one half off another pen that is on sale.",
            "Buy 7 pen and get 7 half off another pen that is on sale.",
        ),
        (
            "Tom has two hundred red pens left when all of them have gone.",
            "Tom has 7 red pens left when all of them have gone.",
        ),
        (
            r"Find the roots of $x^2 + 3x = \frac{1}{2}$ now.",
            r"Find the roots of $x^2 + 8x = \frac{5}{7}$ now.",
        ),
        (
            "First we add 3 to it, then we multiply it by 4 again.",
            "First we add 4 to it, then we multiply it by 3 again.",
        ),
        (
            "Tom has 3 red pens and 4 old books. How many are left?",
            "Ann has 5 red pens and 2 old books. How many are left?",
        ),
        (
            "Tom eats 7 pies on each day of a week. How many does he eat in all?",
            "Tom eats 3/4 pies on each day of a week. How many does he eat in all?",
        ),
        (
            "Tom has 3 red pens and his brother Sam has 4 old books. How many are left?",
            "Ann has 5 red pens and her brother Sam has 2 old books. How many are left?",
        ),
    ],
)
def test_other_numbers_make_a_renumbered_copy(one: str, other: str) -> None:
    assert kind(one, other) is RENUMBERED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tom gives Ann 3 pens. What has Tom left?", "Ann gives Tom 3 pens. What has Tom left?"),
        ("Find the roots of $x + 3$ by hand.", "Find the roots of $x - 4$ by hand."),
        ("Compute $3 + 5$.", "Compute $7 + 9$."),
    ],
)
def test_what_is_no_renumbered_or_renamed_copy(one: str, other: str) -> None:
    assert kind(one, other) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tom has 3 pens.", "Natalia has 3 pens."),
        ("Tom's pens cost $3. He has two.", "Natalia's pens cost $3. She has two."),
        ("Yesterday Mr. Smith met Tom twice.", "Yesterday Mrs. Jones met Ann twice."),
        ("Tom met Sam. He had 5 pens.", "Ann met Sam. She had 5 pens."),
        ("Tom met Sam. He had 5 pens.", "Ann met Sam. He had 5 pens."),
    ],
)
def test_other_names_make_a_renamed_copy(one: str, other: str) -> None:
    assert kind(one, other) is RENAMED


@pytest.mark.parametrize(
    "name", ["Aisling", "José", "Zoë", "O'Brien", "McDonald", "DeShawn", "Mary Ann", "Mr. Chen", "Иван"]
)
def test_a_name_is_known_by_what_stands_beside_it(name: str) -> None:
    problem = "{0} has 12 red pens and gives 5 of them to a friend. How many pens does {0} have left?"
    assert kind(problem.format("Tom"), problem.format(name)) is RENAMED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Find the Mean of 3, 4 and 8.", "Find the Mode of 3, 4 and 8."),
        ("Area of a square of side 5?", "Perimeter of a square of side 5?"),
        ("Differentiate $x^2+3$.", "Integrate $x^2+3$."),
        ("Odd numbers below 20: how many?", "Prime numbers below 20: how many?"),
        (r"Find $\text{Re}(z)+\text{Re}(w)$.", r"Find $\text{Im}(z)+\text{Im}(w)$."),
        (r"Find $\text{Re}z+\text{Re}w$.", r"Find $\text{Im}z+\text{Im}w$."),
        ("Find Sin(30) and Sin(60).", "Find Cos(30) and Cos(60)."),
        ("How many days are there in May?", "How many days are there in March?"),
        ("From March 5 to March 9, how many days?", "From May 5 to May 9, how many days?"),
        ("Find the tenth Fibonacci number.", "Find the tenth Lucas number."),
        ("He walks 3 miles North, then 4 miles East.", "He walks 3 miles East, then 4 miles North."),
        ("Apples cost 3. How much are 5?", "Oranges cost 3. How much are 5?"),
        ("The train goes from Paris to Rome.", "The train goes from Rome to Paris."),
        (
            "[asy] draw((0,0)--(1,0), Arrows); draw((0,0)--(0,1), Arrows); [/asy] Tom sees it.",
            "[asy] draw((0,0)--(1,0), Dotted); draw((0,0)--(0,1), Dotted); [/asy] Tom sees it.",
        ),
        ("Give Ann Tom's pen. Who is Tom?", "Give Tom Ann's pen. Who is Tom?"),
        ("Give Ann Tom's pen.", "Give Ann's pen."),
        ("Ann, Ann and Tom have 3 pens.", "Ann and Tom have 3 pens."),
        ("Tom and Ann met. He had 5 and she had 3.", "Tom and Ann met. She had 5 and he had 3."),
        ("Tom and Ann met. He had 5.", "Tom and Ann met. She had 5."),
        ("Xu and Ann met. He had 5.", "Xu and Ann met. She had 5."),
        ("Tom has 3 and Ann has 4. How many has he?", "Tom has 3 and Ann has 4. How many has she?"),
        ("Tom gave Ann 3 of his pens.", "Tom gave Ann 3 of her pens."),
    ],
)
def test_other_words_with_a_capital_and_other_pronouns_make_another_problem(one: str, other: str) -> None:
    assert kind(one, other) not in {VERBATIM, REFORMATTED, RENAMED}
    assert kind(other, one) not in {VERBATIM, REFORMATTED, RENAMED}


@pytest.mark.parametrize("label", ["12.", "(a)", "Q:", "Problem 5:", "**Question:**", "3)"])
def test_a_label_before_a_short_problem_does_not_matter(label: str) -> None:
    assert kind("Find $x$.", f"{label} Find $x$.") is VERBATIM
    assert kind(f"{label} Find $x$.", "Find  $x$.") is VERBATIM


def test_case_and_spacing_are_verbatim() -> None:
    assert kind("Find  x.\nNow", "FIND x. now ") is VERBATIM
    assert kind("A pen is of no use to him.", "a PEN IS OF NO USE TO HIM.") is VERBATIM


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("First add 3, then multiply by 4.", "First add 4, then multiply by 3."),
        ("First he adds 3. Then he doubles.", "Then he adds 3. First he doubles."),
        ("It rose by 5 percent.", "It fell by 5 percent."),
        ("It rose by 5 percent.", "It rose to 5 percent."),
        ("It rose by 5%.", "It rose by 5."),
        ("Find $x$ if $x$ is positive.", "Find $x$ if $x$ is nonpositive."),
        ("How many are less than 5?", "How many are more than 5?"),
        ("Tom has more pens than Ann.", "Ann has more pens than Tom."),
        ("Find $a \\pm b$.", "Find $a \\mp b$."),
        ("Find $-x$.", "Find $x$."),
        ("Find $(x+1)^2$.", "Find $x+1^2$."),
        ("Find $\\sqrt{x+1}$.", "Find $\\sqrt{x}+1$."),
        ("Find $\\frac{x+1}{2}$.", "Find $x+\\frac{1}{2}$."),
        ("Find $\\frac{a}{b+c}$.", "Find $\\frac{a}{b}+c$."),
        ("Find $2^{3x}$.", "Find $2^3x$."),
        ("Find $x_{12}$.", "Find $x_1 2$."),
        ("Find $[0,1)$.", "Find $(0,1]$."),
        ("Find $\\overline{AB}$.", "Find $AB$."),
        ("Find $\\log_2 8$.", "Find $\\log 28$."),
        ("Find $a \\times b$.", "Find $a \\cdot b$."),  # of vectors
        ("Find $\\{1, 23\\}$.", "Find $\\{12, 3\\}$."),
        ("Find $n!$ today.", "Find $n$ today."),
        ("Find $p \\Rightarrow q$.", "Find $p \\Leftrightarrow q$."),
        (
            "Find $\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$.",
            "Find $\\begin{pmatrix} 1 & 2 & 3 & 4 \\end{pmatrix}$.",
        ),
        ("It holds 5 mL.", "It holds 5 L."),
        ("It holds 5 cm^2.", "It holds 5 cm^3."),
        ("It takes 5 min.", "It takes 5 s."),
        ("He pays 5 cents.", "He pays 5 dollars."),
        ("Round 2.50 to ones.", "Round 250 to ones."),
        ("Is 1,5 a pair?", "Is 15 a pair?"),
    ],
)
def test_close_texts_of_another_meaning_are_other_problems(one: str, other: str) -> None:
    assert kind(one, other) not in {VERBATIM, REFORMATTED}
    assert kind(other, one) not in {VERBATIM, REFORMATTED}


STEPS = "Start with 5. Add 3. Double the result. What do you get?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STEPS, "Start with 5. Double the result. Add 3. What do you get?"),
        (
            "The price is 5. Then it falls by 2. What is it?",
            "Then it falls by 2. The price is 5. What is it?",
        ),
        (
            "It rains on the first day. It is dry on the next.",
            "It is dry on the next. It rains on the first day.",
        ),
        ("What is the rest? What is $x$?", "What is $x$? What is the rest?"),
    ],
)
def test_steps_in_another_order_are_another_problem_that_is_near(one: str, other: str) -> None:
    assert kind(one, other) is NEAR
    assert kind(other, one) is NEAR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "What is the remainder when $5 + 17 + 9$ is divided by 4?",
            "What is the remainder when $8 + 12 + 3$ is divided by 7?",
        ),
        (r"Find $\left|(3 - 2i) \cdot (4 + 5i)\right|$.", r"Find $\left|(7 - 3i) \cdot (2 + 9i)\right|$."),
        ("Compute $(((3 + 5) + (4 + 7)))$.", "Compute $(((8 + 2) + (9 + 6)))$."),
    ],
)
def test_a_short_form_that_many_problems_share_is_not_renumbered(one: str, other: str) -> None:
    assert kind(one, other) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STEPS, "What do you get? Start with 5. Add 3. Double the result."),
        (
            "Ann has 4 pens. Tom has 3 pens. Then Tom buys 2. How many are left?",
            "How many are left? Tom has 3 pens. Ann has 4 pens. Then Tom buys 2.",
        ),
    ],
)
def test_data_and_the_only_question_may_stand_elsewhere(one: str, other: str) -> None:
    assert kind(one, other) is REFORMATTED


@pytest.mark.parametrize(
    "text",
    [
        r"The digit $25AB$ and the point $E$ lie where $2(AD) = DB$ holds.",
        r"He pays \$5, she pays \$6.50, and $x$ pays $\$7$.",
        r"Let $f'(x) = 3$ and $g^\prime(x) = 4$, so $n! = 6$.",
        r"Find $\left\lfloor \dfrac{3}{4} \right\rfloor$ in $\text{cm}^2$.",
    ],
)
def test_delimiters_of_formulas_do_not_matter_whatever_stands_in_them(text: str) -> None:
    pieces = re.split(r"(?<!\\)\$", text)
    other = "".join(f"\\({piece}\\)" if place % 2 else piece for place, piece in enumerate(pieces))
    assert kind(text, other) is REFORMATTED


def test_a_text_of_signs_alone_is_like_nothing_else() -> None:
    assert kind("$$ $$", "\\( \\)") is None


LONG_RUNS = {
    "hyphen": f"a-{' ' * 400_000}b",
    "dash": f"ab --{' ' * 400_000}cd",
    "thousands": f"1{',000' * 40_000},1",
    "digits": "1" * 400_000,
    "letters": "ab" * 200_000,
    "hyphens": "ab-" * 50_000,
    "script": "^" + " " * 400_000 + "2",
    "high": "²" * 400_000,
    "list": f"({'100,' * 40_000}100)",
    "bold": "**a " * 50_000,
    "tags": "<b>" * 20_000 + "</i>",
    "over": r"{1 \over " * 10_000,
    "roots": "√(" * 20_000,
    "slashes": "1/2" * 20_000,
    "words": "one hundred " * 10_000,
    "italic": "*a " * 20_000,
    "spaces": f"1/2{' ' * 20_000}" * 20,
    "scales": "three hundred " * 20_000 + "-",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind_of_run", named(LONG_RUNS, "letters", "script", "slashes", "words", "italic"))
def test_a_long_run_of_one_kind_takes_time_in_proportion(kind_of_run: str) -> None:
    """A search that begins anew at each of so many characters would outlive the limit many times over."""
    text = LONG_RUNS[kind_of_run]
    assert kind(text, f"{text} now") not in {VERBATIM, REFORMATTED}
