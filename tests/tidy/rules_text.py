"""Rules about every file by itself: its length and lines, its opening sentence, functions and state; folders' READMEs."""
import ast
import re

import limits
from breach import Breach

# What a file begins with may be preceded by an interpreter and by words to tools.
HEADS = {".c": r"/\*(.*?)\*/", ".h": r"/\*(.*?)\*/", ".in": r"/\*(.*?)\*/", ".py": r'"""(.*?)"""|((?:#[^\n]*\n)+)',
         ".sh": r"((?:#[^\n]*\n)+)", ".cmake": r"((?:#[^\n]*\n)+)"}
SKIPPED = re.compile(r"\A(?:#![^\n]*\n|# shellcheck [^\n]*\n|\s*\n)*")


def lines(tree):
    """`tab`, `space`, `width`, `later`: what no line holds."""
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    for name, text in tree.texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line and not name.endswith(".json"):
                yield Breach("tab", name, number, str(number), 1, "a tab")
            if line != line.rstrip() and not name.startswith("tests/mutants/"):  # where old and new text may end so
                yield Breach("space", name, number, str(number), 1, "blanks at the end of the line")
            if len(line) > limits.COLUMNS and name.endswith((".c", ".h", ".h.in")):
                yield Breach("width", name, number, str(number), len(line), f"more than {limits.COLUMNS} characters")
            if later.search(line):
                yield Breach("later", name, number, str(number), 1, "do it, or leave it: no notes for later")
        if text and not text.endswith("\n"):
            yield Breach("space", name, text.count("\n") + 1, "end", 1, "no newline at the end")


def openings(tree):
    """`opening`: a source begins with a comment, of a sentence at least, that says what it is about."""
    for name, text in tree.texts.items():
        suffix = next((s for s in HEADS if name.endswith(s)), None)
        if suffix is None or name.endswith((".pc.in", "CMakeLists.txt")):
            continue
        found = re.match(HEADS[suffix], text[SKIPPED.match(text).end():], flags=re.S)
        said = re.sub(r"[\s*#]+", " ", next((part for part in found.groups() if part), "") if found else "")
        if not re.search(r"\w+(\W+\w+){3,}\W*[.:]( |$)", said.strip()):
            yield Breach("opening", name, 1, "opening", 1, "does not begin with a sentence that says what it is about")


def lengths(tree):
    """`file`, `function`, `parameters`: nothing is longer than can be read at one look."""
    for name, text in tree.texts.items():
        limit = limits.TEST_FILE_LINES if name.startswith("tests/") else limits.FILE_LINES
        count = text.count("\n")
        if count > limit and name.endswith((".c", ".h", ".py", ".sh", ".cmake")):
            yield Breach("file", name, limit, "file", count, f"{count} lines; {limit} are the limit")
    for name, c in tree.c_files.items():
        for f in c.functions:
            if not f.is_definition:
                continue
            yield from long_function(name, f.name, f.line, f.last - f.line + 1)
            # A naive loop of a test takes what the formula takes.
            if f.parameters > limits.PARAMETERS and not name.startswith("tests/"):
                yield Breach("parameters", name, f.line, f.name, f.parameters,
                             f"{f.name} has {f.parameters} parameters; {limits.PARAMETERS} are the limit")
    for name, text in tree.texts.items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    yield from long_function(name, node.name, node.lineno, node.end_lineno - node.lineno + 1)


def long_function(path, name, line, count):
    if count > limits.FUNCTION_LINES:
        yield Breach("function", path, line, name, count,
                     f"{name} has {count} lines; {limits.FUNCTION_LINES} are the limit")


def state(tree):
    """`state`: what changes belongs to a struct that somebody owns, so that several runs may live in one process."""
    for name, c in tree.program.items():
        lines_of = c.text.split("\n")
        for line, variable in c.state:
            if name.endswith(".h") and "static" not in lines_of[line - 1]:
                continue  # a header declares; what is defined stands in a source
            yield Breach("state", name, line, variable, 1, f"{variable} is state of the process, not of a run")


def readmes(tree):
    """`readme`: each folder of the program says what lives there, briefly; one within a room may be told of by the
    room's README.md instead, as `NAME/`."""
    folders = {name.rpartition("/")[0] for name in tree.program if not name.startswith("include/")}
    folders |= {folder.partition("/")[0] for folder in folders}
    for folder in sorted(folders):
        name = folder + "/README.md"
        text = tree.texts.get(name)
        if text is None and not is_told_of(tree, folder):
            yield Breach("readme", folder, 1, "README.md", 1, "has no README.md")
        elif text is not None and text.count("\n") > limits.README_LINES:
            count = text.count("\n")
            yield Breach("readme", name, 1, "length", count, f"{count} lines; {limits.README_LINES} are the limit")


def is_told_of(tree, folder):
    room = tree.room_of(folder)
    if folder.startswith("src/cli/"):
        above = "src/cli"
    elif room and room.folder != folder:
        above = room.folder
    else:
        return False
    return f"`{folder.rpartition('/')[2]}/`" in tree.texts.get(above + "/README.md", "")
