"""First names, so that two people of one question never share one."""

import re
from collections.abc import Sequence

__all__ = ["capitalised", "rename", "shared_names"]

_HE = ["James", "John", "Tom", "Jack", "Tim", "Mark", "Mike", "Bob", "Joe", "Sam", "Ben", "Adam", "Alex", "Andrew", "Anthony", "Arnold", "Bill", "Billy", "Brian", "Carl", "Charles", "Charlie", "Chris", "Colin", "Craig", "Daniel", "Dan", "Dave", "David", "Dean", "Dennis", "Derek", "Donald", "Doug", "Ed", "Edward", "Eric", "Ethan", "Evan", "Felix", "Frank", "Fred", "Gary", "George", "Greg", "Harry", "Henry", "Hugo", "Ian", "Isaac", "Ivan", "Jackson", "Jacob", "Jake", "Jason", "Jeff", "Jeremy", "Jerry", "Jim", "Jimmy", "Joey", "Johnny", "Jordan", "Jose", "Joseph", "Josh", "Justin", "Keith", "Ken", "Kevin", "Kyle", "Larry", "Leo", "Liam", "Louis", "Lucas", "Luke", "Martin", "Marvin", "Matt", "Matthew", "Max", "Michael", "Nathan", "Ned", "Nick", "Noah", "Oliver", "Oscar", "Owen", "Patrick", "Paul", "Pete", "Peter", "Phil", "Ralph", "Randy", "Ray", "Richard", "Rick", "Robert", "Roger", "Ron", "Roy", "Ruben", "Ryan", "Scott", "Sean", "Seth", "Simon", "Stan", "Stephen", "Steve", "Steven", "Ted", "Terry", "Thomas", "Tommy", "Toby", "Tony", "Travis", "Trent", "Troy", "Tyler", "Victor", "Vincent", "Walter", "Will", "William", "Zach", "Albert", "Alan", "Allen", "Bruce", "Eddie", "Freddy", "Harold", "Jonathan", "Marcus", "Mario", "Raymond"]  # fmt: skip
_SHE = ["Mary", "Alice", "Amy", "Ann", "Anna", "Anne", "Annie", "Ashley", "Amanda", "Andrea", "Angela", "Barbara", "Beth", "Betty", "Brenda", "Brittany", "Carla", "Carmen", "Carol", "Caroline", "Cassie", "Cathy", "Christina", "Cindy", "Claire", "Clara", "Cynthia", "Daisy", "Dana", "Debbie", "Diana", "Diane", "Donna", "Doris", "Dora", "Elaine", "Elena", "Ella", "Ellen", "Ellie", "Emily", "Emma", "Erica", "Erin", "Eva", "Fiona", "Gina", "Grace", "Gwen", "Hannah", "Heather", "Helen", "Holly", "Irene", "Jane", "Janet", "Janice", "Jasmine", "Jean", "Jen", "Jenna", "Jennifer", "Jenny", "Jess", "Jessica", "Jill", "Joan", "Joanna", "Josie", "Joy", "Joyce", "Judy", "Julia", "Julie", "Karen", "Kate", "Katie", "Kathy", "Kelly", "Kim", "Kimberly", "Kylie", "Laura", "Lauren", "Leah", "Lily", "Linda", "Lisa", "Lizzy", "Lucy", "Lydia", "Maggie", "Marcy", "Maria", "Marie", "Marissa", "Martha", "Megan", "Melanie", "Melissa", "Mia", "Michelle", "Mindy", "Molly", "Monica", "Nancy", "Natalie", "Nicole", "Nina", "Nora", "Olivia", "Pam", "Patricia", "Paula", "Penny", "Rachel", "Rebecca", "Rita", "Rose", "Rosie", "Ruby", "Ruth", "Sally", "Samantha", "Sandra", "Sara", "Sarah", "Sharon", "Shelly", "Sherry", "Sophia", "Sophie", "Stacy", "Stella", "Susan", "Suzy", "Sylvia", "Tara", "Teresa", "Tina", "Tracy", "Vanessa", "Vera", "Wendy", "Zoe", "Jackie", "Claudia", "Gloria", "Haley", "Jan", "Kendra", "Krista", "Madison", "Marla", "Miranda", "Mandy", "Janina"]  # fmt: skip
_HE_SET, _SHE_SET = frozenset(_HE), frozenset(_SHE)
_CAPITALISED = re.compile(r"\b[A-Z][a-z]+\b")
_BEFORE_A_SURNAME = re.compile(r"\b[A-Z][a-z]+(?= [A-Z][a-z])")


def capitalised(text: str) -> frozenset[str]:
    """Return the words that could be first names that stand alone: not "Peter Parker", nor a "John Deere" tractor."""
    return frozenset(_CAPITALISED.findall(text)) - set(_BEFORE_A_SURNAME.findall(text))


def shared_names(words: Sequence[frozenset[str]], place: int) -> tuple[tuple[str, str], ...]:
    """Return (old, new) for every person of text `place` whose name occurs in an earlier text; `words` are capitalised."""
    earlier = frozenset[str]().union(*words[:place])
    shared = words[place] & earlier & (_HE_SET | _SHE_SET)
    taken = set[str]().union(*words)
    changes: list[tuple[str, str]] = []
    for old in sorted(shared):
        pool = _HE if old in _HE_SET else _SHE
        start = sum(map(len, words[place])) % len(pool)
        new = next(name for name in pool[start:] + pool[:start] if name not in taken)
        taken.add(new)
        changes.append((old, new))
    return tuple(changes)


def rename(text: str, changes: Sequence[tuple[str, str]]) -> str:
    """Apply the changes to whole words."""
    for old, new in changes:
        text = re.sub(rf"\b{old}\b", new, text)
    return text
