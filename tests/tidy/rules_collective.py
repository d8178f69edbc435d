"""The rule about ranks: a function that is given what reaches other ranks says who calls it."""
import re

from breach import Breach

# What a communicator is made of; whatever holds one of these, or holds what holds one, reaches other ranks too.
REACHES = {"MPI_Comm", "lws_comm"}
WORDS = re.compile(r"\b(Logically collective|Not collective|Collective)\.")


def collectivity(tree):
    """`collective`: every declaration that takes a communicator, or what holds one, has exactly one of the words
    "Collective.", "Logically collective." and "Not collective." in its comment; where a comment belongs to several
    declarations, it has one word for all, or one for each."""
    reaching = types(tree)
    for name, c in tree.program.items():
        if not name.endswith(".h"):
            continue
        for f in c.functions:
            inside = c.code[c.starts[f.line - 1]:c.starts[f.last] if f.last < len(c.starts) else len(c.code)]
            taken = sorted(word for word in re.findall(r"[A-Za-z_]\w*", inside.partition("(")[2])
                           if (word, None) in reaching or (word, folder(tree, name)) in reaching)
            if not taken:
                continue
            text, shared_by = c.comment_of(f)
            words = WORDS.findall(re.sub(r"\s*\n\s*\*?\s*", " ", text))
            if len(words) != 1 and (not words or shared_by < 2 or len(words) > shared_by):
                found = "none" if not words else f"{len(words)}"
                yield Breach("collective", name, f.line, f.name, 1,
                             f'{f.name} takes {taken[0]}: its comment must say one of "Collective.", "Logically '
                             f'collective." and "Not collective."; it says {found}')


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
