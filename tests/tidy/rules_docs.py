"""The rule about what is written on the program: paths and links lead somewhere."""
import fnmatch
import posixpath
import re

from breach import Breach

LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|datasets|include|tests|launch|cmake|docs|\.ci)/[^\s`]*)`")
TREE = re.compile(r"^(?: {4}|\|  ?`?)((?:src|datasets|include|tests|launch|cmake|docs)/[\w./*{},-]*)(?=[ `])")


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
