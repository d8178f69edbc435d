"""The rule about ranks: a function that is given what reaches other ranks says who calls it."""
import re

from breach import Breach

# What a communicator is made of; whatever holds one of these, or holds what holds one, reaches other ranks too.
REACHES = {"MPI_Comm", "lws_comm"}
WORDS = re.compile(r"\b(Logically collective|Not collective|Collective)\b")


def collectivity(tree):
    """`collective`: every declaration that takes a communicator, or what holds one, has exactly one of the words
    "Collective", "Logically collective" and "Not collective" at the beginning of a sentence of its comment. Where a
    comment belongs to several declarations, it has one word for all, or one for each; a header's opening comment may
    have the word for all that say none."""
    reaching = types(tree)
    for name, c in tree.program.items():
        if not name.endswith(".h"):
            continue
        for f in c.functions:
            inside = c.code[c.starts[f.line - 1]:c.starts[f.last] if f.last < len(c.starts) else len(c.code)]
            taken = sorted(word for word in re.findall(r"[A-Za-z_]\w*", inside.partition("(")[2])
                           if (word, None) in reaching or (word, folder(tree, name)) in reaching)
            said = said_of(c, f)
            if taken and said is not None:
                yield Breach("collective", name, f.line, f.name, 1,
                             f'{f.name} takes {taken[0]}: its comment must say one of "Collective.", "Logically '
                             f'collective." and "Not collective."; it says {said or "none"}')


def said_of(c, f):
    """None where the words on a declaration are right; else the words."""
    opening = [(comment.text, 1) for comment in c.comments[:1]]
    for text, shared_by in c.comments_of(f) + opening:
        words = WORDS.findall(re.sub(r"\s*\n\s*\*?\s*", " ", text))
        if words:
            right = len(words) == 1 or 2 <= len(words) <= shared_by
            return None if right else " and ".join(words)
    return ""


def folder(tree, name):
    room = tree.room_of(name)
    return room.folder if room else name.rpartition("/")[0]


def types(tree):
    """The types that reach other ranks: (name, None), or with its folder one whose name is private to a room."""
    reaching = {(word, None) for word in REACHES}
    structs = [(struct, folder(tree, name)) for name, c in tree.program.items() for struct in c.structs]
    while True:
        more = set()
        for struct, where in structs:
            key = (struct.name, None if struct.name.startswith("lws_") else where)
            # A function that a struct points to takes what it takes; the struct does not hold it.
            body = re.sub(r"\([^()]*\)", "()", struct.body)
            words = set(re.findall(r"[A-Za-z_]\w*(?=[\s*]+\w)", body))
            if any((word, None) in reaching or (word, where) in reaching for word in words):
                more.add(key)
        if more <= reaching:
            return reaching
        reaching |= more
