"""The phrases that `instructions.py` looks for, by kind."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["PATTERNS", "Instruction"]


class Instruction(StrEnum):
    """What a passage tries."""

    OVERRIDE = "overrides instructions"
    TEMPLATE = "marks of a chat template"
    GRADER = "speaks to whoever grades"
    ROLE = "gives the model a role or asks for its prompt"
    ACTION = "asks to run or to fetch something"
    MARKUP = "hides text in mark-up"
    ENCODED = "a long encoded passage"


_ALL = "(?:all |any |every |your |my |our |previous |prior |above |preceding |earlier |foregoing |former |system )"
_WHOSE = "(?:all |any |every |the |these |those |your |my |our |of |previous |prior |above |preceding |earlier |foregoing |former |system )"
"""Somebody in a problem may ignore "the rules"; it takes one of `_ALL` to mean what a model was told."""
_ORDERS = "(?:instructions?|prompts?|directions?|guidelines?|rules|commands?|system messages?)"
_JUDGES = "(?:judge|grader|evaluator|reviewer|rater)s?"
_BEGINS = r"(?:^|[.!?;:,] ?|\b(?:and|then|please|you must|you should) )"
"""Where an order begins: in the middle of a sentence somebody else gives marks, or prints."""
_SENTENCE = r"(?:^|[.!?;:] ?|\bplease )"
_HELPFUL = "(?:helpful|honest|harmless|friendly|useful|intelligent|smart|virtual|digital|ai|chat|language|unrestricted|uncensored|obedient|evil|expert|coding|math|mathematics|new|general)"
_ASSISTANT = rf"(?:(?:{_HELPFUL},? ){{1,3}}assistant(?! (?:coach|manager|professor|teacher)\b)|assistant ?(?:[.,;:!]|$))"
"""Problems speak of shop assistants, and of the assistants of somebody."""
_DAN = "(?-i:DAN)"
"""In capitals; Dan is a name, and a dan a grade."""
_MATHEMATICS = r"(?:find|compute|calculate|determine|solve|prove|show|count|evaluate|simplify|work)\b"
_FULL = r"(?:1\.0|10/10|5/5|100/100)(?![\d.]?\d)"
_IT = "(?:(?:this|the) (?:question|problem|answer|solution|response)|this|it)"

PATTERNS: Mapping[Instruction, tuple[str, ...]] = {
    Instruction.OVERRIDE: (
        rf"\b(?:ignore|disregard|forget|override|bypass|do not follow|don't follow|stop following) {_WHOSE}{{0,3}}{_ALL}{_WHOSE}{{0,3}}{_ORDERS}\b",
        rf"{_SENTENCE}(?:ignore|disregard|forget|override|bypass) (?:the|these|those) {_ORDERS}\b",
        rf"{_BEGINS}(?:ignore|disregard|forget) (?:everything|anything|all|what(?:ever)?) (?:that (?:was|is|came) |you were |said |written |stated )?(?:above|before|previously|told|so far|earlier) ?(?:[.,;:!]|$|(?:and|then)\b|this (?:line|point|message)\b)",
        r"\b(?:ignore|disregard|forget) (?:all of |all |any of )?the (?:above|foregoing|preceding)(?: (?:text|context|question|problem|task|content|message)s?)? ?(?:[.,;:!]|$|and\b|then\b)",
        r"(?:^|[.!?;] ?)(?:new|updated|real|actual|secret|hidden) (?:system )?(?:instructions?|prompts?|system messages?) ?:",
        r"\bfrom now on,? (?:you (?:(?:are to|will|must|should|shall) )?)?(?:(?:only|always) )?(?:answer|respond|reply|output|act|pretend|behave|obey|ignore|say (?:only|nothing))\b",
        r"\b(?:ignore|disregard|forget) (?:what (?:was|is|has been|were) (?:said|written|asked|stated|told)|everything (?:you|i|we) (?:know|said|learned|were told|have been told))\b",
        r"\b(?:ignore|disregard) (?:the|this|that) (?:problem|question|task|text|context|message)s? (?:above|below)\b",
        rf"\byour (?:new|real|actual|true) (?:task|objective|instruction)s? (?:is|are) (?:to|now)\b(?! {_MATHEMATICS})",
        r"(?:^|[.!?] ?)new (?:task|objective|goal) ?: (?:please )?(?:ignore|disregard|forget|say|output|print|respond|reply|tell|reveal|rate|score|repeat|write an? (?:poem|essay|story|song|script))\b",
        r"(?:^|[.!?:] ?|\bplease )(?:do not|don't|never) (?:(?:solve|answer|attempt) this|answer the) (?:problem|question|task) ?(?:[.,;:!]|$|(?:and|but)\b)",
        r"\binstead of (?:solving|answering)(?: (?:it|this|the (?:problem|question)))?,? (?:say|output|print|respond|reply|write an? (?:poem|essay|story|song|script))\b",
    ),
    Instruction.TEMPLATE: (
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text|endofprompt|eom_id)\|>",
        r"\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|\[(?:SYSTEM|ASSISTANT)\]",
        r"^ *#{2,4} *(?:instructions?|assistant|human) *:",
        r"^(?: *#{2,4} *)?system ?: ?(?:you (?:are|must|should|will)|your (?:task|job|role)|ignore|please|always|never|answer|respond|reply|output|do not|don't|from now on|the (?:user|assistant|model))\b",
        r"^assistant ?: [A-Za-z]",
        r"</?(?:system|assistant|human|instructions?)>|\{\{ ?(?:system|user|prompt)\w* ?\}\}",
        r"[\"']role[\"'] ?: ?[\"'](?:system|assistant|user)[\"']|^role ?: ?(?:system|assistant) ?$",
        r"\b(?:begin|start|end)(?: of)? system (?:message|prompt|instruction)s?\b",
        r"\bbelow is an instruction that describes a task\b",
    ),
    Instruction.GRADER: (
        rf"{_BEGINS}(?:mark|grade|score|rate|label|judge) {_IT} as (?:a )?(?:correct|right|valid|perfect|passed|true)\b(?! (?:angle|triangle|circular|cone|cylinder|prism|pyramid))",
        rf"{_SENTENCE}(?:accept|treat|count) {_IT} as (?:correct|right|valid|perfect|passed|true)\b",
        rf"\b(?:give|assign|award) {_IT} (?:a |the )?(?:full|perfect|maximum|highest|top|best|quality)(?: possible)? (?:marks?|scores?|grades?|ratings?|credit|quality|points)\b",
        r"\b(?:correct|right|proper|true|appropriate|deserved) (?:grade|score|mark|rating)s? (?:for|of) (?:this|the) (?:question|problem|answer|solution|response) (?:is|are|must|should)\b",
        r"(?:^|[.!?;:,] ?|\bplease )(?:give|award|assign|grant) (?:it |this |(?:the|this) (?:question|problem|answer|solution|response) )?(?:full|maximum|top|perfect) (?:marks|credit|points|score)\b(?! (?:to|for) \d)",
        rf"\b{_IT} (?:deserves|merits|must (?:get|receive)|should (?:get|receive)|has earned) (?:a |the )?(?:full|perfect|maximum|highest|top|best) (?:marks?|scores?|grade|rating|credit|quality)\b",
        rf"{_BEGINS}(?:output|respond|reply|answer|print)(?: with| by)? (?:only|just|nothing but|exactly) (?:with )?(?:the (?:number|word|string|text|letter) )?(?:-?\d[\d.,]*|[\"'“][^\"'“”]{{1,40}}[\"'”]) ?(?:[.!;]|$)",
        rf"\b(?:dear|attention,?|(?:note|message) to) (?:the |all )?{_JUDGES}(?: model)? ?[:,]|(?:^|[.!?] ?)to (?:the |all )?{_JUDGES}(?: model)? ?:",
        r"\b(?:correct|right|final) answer (?:is|must be|should be) always (?:[\"'“]|option\b|(?-i:\(?[A-E]\b)|-?\d[\d.,/]* ?(?:[.!,;]|$))",
        rf"{_BEGINS}(?:always|only|just) (?:answer|respond|reply|output) (?:with|by)\b(?! (?:an?|the) (?!word|letter|string|phrase|text|same))",
        rf"{_BEGINS}always (?:answer|respond|reply|output) that\b",
        r"\b(?:output|answer|reply|respond|say|print|write)\b[^.!?]{0,40}\b(?:regardless of|no matter (?:what|which)|whatever) (?:the|this) (?:question|problem|task)\b",
        r"\banswer to (?:this|the|every|any) (?:question|problem) (?:is|must be|should be) [^.!?]{1,30}(?:no matter what|regardless)(?: ?[.!]|$)",
        r"\b(?:any|every|all|the|an?) (?:ai |language )?(?:models?|llms?|ais) (?:that |which |who )?(?:(?:is|are) )?(?:reading|reads?|processing|trained on) this\b|\bai models? (?:reading|trained on) this\b",
        rf"(?:^|[.!?;:,] ?|\bplease )(?:rate|score|grade|mark) {_IT} (?:with )?(?:the |a )?(?:highest|full|top|maximum|best|perfect|10/10|5/5|100/100|1\.0)",
        rf"{_BEGINS}(?:give|assign|set|output|return) (?:(?:it|this|the|an?|question|solution|answer|problem|every|each|full) ){{0,3}}(?:score|rating|grade)s? (?:of |to |as )?{_FULL}(?! (?:to|for) (?:each|every|any|all|an?) (?!criteri|question|problem|answer|solution|response))",
        rf"{_BEGINS}give (?:it|this|{_IT}) (?:a )?{_FULL} ?(?:[.,;!]|$)",
        rf"\b{_JUDGES} (?:should|must|has to|have to|needs? to) (?:accept|approve|pass) (?:it|(?:this|the) (?:question|answer|solution|problem)|this) ?(?:[.!;]|$|regardless\b|no matter\b|without\b)",
        r"\bplease (?:approve (?:it|this)|(?:approve|accept) (?:this|the) (?:question|answer|solution|problem))\b",
        r"\bgrading\b[^.!?]{0,30}\balways (?:give|assign|mark|accept)\b",
        rf"{_BEGINS}always (?:choose|select|pick) (?:option|choice|answer) \(?[a-e]\b",
        r"\bregardless of (?:the|this|what the) (?:question|problem|task)\b.{0,40}\b(?:answer|respond|reply|output|say|write)\b",
    ),
    Instruction.ROLE: (
        rf"\byou are (?:now |no longer |actually )?(?:an? |the )?(?:{_ASSISTANT}|{_DAN}\b)",
        r"\byou are (?:now |no longer |actually )?(?:(?:an?|the) (?:\w+ ){0,2})?(?:a\.i\.|chatbot|language model|llm)\b",
        r"\byou are (?:now |no longer |actually )?(?:an?|the) (?:\w+ ){0,2}ai\b",
        r"\b(?:reveal|print|repeat|show|output|leak|disclose) (?:\w+ ){0,2}(?:system prompt|hidden prompt|initial prompt|instructions above)\b",
        r"\bas an ai(?:,? (?:i|my)\b|(?: language)? (?:model|assistant)\b)|\bas an? (?:large )?(?:language model|llm),? (?:i|my|trained|developed|made)\b",
        rf"\bif you are (?:an? |the )?(?:ai|a\.i\.|llm|chatbot|(?:large )?language model)\b|\bif you are (?:an? |the )?{_ASSISTANT}",
        r"\b(?:note|message|attention|instructions?)(?: to| for|,)? (?:all |any |every |the )?(?:llm|chatbot|language model|gpt|chatgpt)s?\b|\b(?:hey|dear|hello) (?:llm|chatbot|chatgpt|gpt|ai model|language model)s?\b",
        r"\b(?:note|message|instructions?) (?:to|for) (?:all |any |every |the )?ais?\b(?! ?[=+<>\\$⊥-])|\battention,? (?:all |any )?ai(?: models?| assistants?)?s? ?[:,.!]",
        r"\b(?:what (?:is|are)|tell me|show me|give me) your (?:system |hidden |initial |original )?(?:prompt|instructions)\b",
        rf"(?:^|[.!?;:,] ?|\b(?:and|then|please|now|on|you (?:must|should|will)) )act as (?:an? )?(?:{_ASSISTANT}|(?:\w+ )?(?:ai|{_DAN}|chatbot|language model|pirate|hacker)\b)",
        r"\b(?:developer|debug|god|jailbreak) mode\b",
        r"\bpretend (?:to be|you are|that you are) (?:an? )?(?:\w+ ){0,2}(?:ai|chatbot|language model|human)\b",
    ),
    Instruction.ACTION: (
        r"\b(?:curl|wget) +(?:-\S{1,64} {1,9}){0,20}https?://",
        r"\b(?:rm -rf|sudo |powershell|os\.system|subprocess\.|eval\(|exec\(|__import__)",
        r"\b(?:visit|open|fetch|download|go to|click) (?:\w+ ){0,3}(?:https?://|www\.)",
        r"\bpip3? install [\w-]|\bos\.(?:remove|popen)\b|\bjavascript:|\bdata:text/html",
        r"\bsend (?:\S{1,64} ){0,6}to \S{1,64}@\S{1,64}\.\w",
    ),
    Instruction.MARKUP: (
        r"<!--.{0,400}?-->",
        r"<(?:script|iframe|style|img|object|embed)\b[^>]{0,400}>",
        r"style *= *[\"\'][^\"\']{0,400}(?:display *: *none|font-size *: *0|opacity *: *0)",
        r"!\[[^\]]{0,400}\]\(https?://",
        r"\[//\]: ?#|\\begin\{comment\}",
        r"\\(?:text)?color\{(?:white|transparent)\}\{?(?:\\text\w{0,4}\{)?[^{}$]{0,200}?(?<![\\A-Za-z])[A-Za-z]{2,} +[A-Za-z]{2}",
    ),
    Instruction.ENCODED: (
        r"(?<![\w+/])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*\d)[A-Za-z0-9+/]{80,}={0,2}",
    ),
}
"""Regular expressions; all but those of `ENCODED` are read without regard to case."""
