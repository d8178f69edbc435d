"""The rules about what is written on the program: paths, links and names lead somewhere."""
import fnmatch
import posixpath
import re

from breach import Breach

LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|datasets|include|tests|launch|cmake|docs|\.ci)/[^\s`]*)`")
TREE = re.compile(r"^(?: {4}|\|  ?`?)((?:src|datasets|include|tests|launch|cmake|docs)/[\w./*{},-]*)(?=[ `])")

NAME = re.compile(r"`((?:lws|LWS)_\w+)(?:\(\))?`")


def names(tree):
    """`name`: a function, type or variable named in a document is one of the program's, or of CMake's files."""
    known = set()
    for name, c in tree.program.items():
        known |= c.identifiers
    for name, text in tree.texts.items():
        if name.endswith(("CMakeLists.txt", ".cmake", ".in")):
            known |= set(re.findall(r"\b(?:lws|LWS)_\w+", text))
    for name, text in tree.texts.items():
        if name.endswith(".md"):
            for number, line in enumerate(text.split("\n"), 1):
                for word in NAME.findall(line):
                    if word not in known and "NAME" not in word:
                        yield Breach("name", name, number, word, 1, f"there is no {word}")


PICTURE = "docs/architecture.md"


def picture(tree):
    """`picture`: the graph in docs/architecture.md shows each room, above all that it uses, at first or second hand."""
    drawn = {"cli": set()}
    for line in tree.texts.get(PICTURE, "").split("\n"):
        arrow = re.fullmatch(r"\s*(\w+) --> ([\w &]+)", line)
        if arrow:
            drawn.setdefault(arrow[1], set()).update(arrow[2].split(" & "))
    used = {room.name: set(room.uses) for room in tree.rooms.values()}
    for room in sorted(used):
        for other in sorted(reached(used, room) ^ reached(drawn, room)):
            is_drawn = other in reached(drawn, room)
            yield Breach("picture", PICTURE, 1, f"{room}-{other}", 1,
                         f"{room} --> {other} is drawn, but not in USES" if is_drawn else f"lacks {room} --> {other}")
    for room in sorted(used.keys() - reached(drawn, "cli")):
        yield Breach("picture", PICTURE, 1, room, 1, f"{room} is not below cli")


def reached(arrows, start):
    found, to_do = set(), [start]
    while to_do:
        more = arrows.get(to_do.pop(), set()) - found
        found |= more
        to_do += more
    return found


def versions(tree):
    """`version`: what CMakeLists.txt calls the version stands in CITATION.cff and has its part of CHANGELOG.md."""
    version = re.search(r"^project\(.*?VERSION ([\d.]+)", tree.texts["CMakeLists.txt"], flags=re.S | re.M)[1]
    for name, said in (("CITATION.cff", f"version: {version}"), ("CHANGELOG.md", f"## [{version}]")):
        if not re.search(f"^{re.escape(said)}", tree.texts.get(name, ""), flags=re.M):
            yield Breach("version", name, 1, version, 1, f"has no line '{said}'")


def paths(tree):
    """`path`: a link, and a file or folder named in a document, exists. Names may have * and {a,b}."""
    for name, text in tree.texts.items():
        if not name.endswith(".md"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            found = [posixpath.normpath(posixpath.join(posixpath.dirname(name), link.partition("#")[0]))
                     for link in LINK.findall(line) if not re.match(r"[a-z]+:|#", link)]
            found += PATH.findall(line) + TREE.findall(line)
            for path in found:
                path = re.sub(r":\w+(\(\))?$", "", path).rstrip("/")
                for each in braces(path):
                    if not exists(tree, each):
                        yield Breach("path", name, number, each, 1, f"{each} does not exist")


def braces(path):
    found = re.search(r"\{([^{}]*)\}", path)
    if not found:
        return [path]
    return [each for part in found[1].split(",") for each in braces(path[:found.start()] + part + path[found.end():])]


def exists(tree, path):
    if "NAME" in path or "…" in path:  # of a file that the reader is to write
        return exists(tree, posixpath.dirname(path))
    if "*" in path:
        return any(fnmatch.fnmatch(name, path) for name in tree.names)
    return path in tree.names
