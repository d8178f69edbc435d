#!/usr/bin/env python3
"""The house rules can be broken: a small made-up program keeps all of them, and each change to it breaks just one.

Exit code: 0 each change was found, and nothing else; 1 not.
"""
import pathlib
import sys
import tempfile

import limits
import tidy
from tree import Tree

ROOM = "lws_layer({}\n  PUBLIC{}\n  HEADERS{}\n  USES{})\n"
HEAD = "/* A file that says in a sentence what it is about. */\n"
PUBLIC = '#ifdef __cplusplus\nextern "C" {\n#endif\n\nint lws_low(int x);\n\n#ifdef __cplusplus\n}\n#endif\n'
COMM = """
typedef struct lws_comm lws_comm;

/* Waits for all. Collective. */
void lws_wait(lws_comm *comm);

/* Not collective. */
int lws_rank(const lws_comm *comm);
int lws_size(const lws_comm *comm); /* Not collective. */

/* Both are for rank 0, which "lws_comm" is not of. */
int lws_part(int total);
"""
OWNERS = "".join(f"set({header}_owner {room})\n" for header, room in [
    ("mpi.h", "comm"), ("hdf5.h", "data"), ("cblas.h", "kernels"), ("jpeglib.h", "datasets")])
SOUND = {
    "docs/architecture.md": "  high --> low & comm\n  cli --> high\n",
    "CMakeLists.txt": "project(low VERSION 1.2.3 LANGUAGES C)\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.3\n",
    "CHANGELOG.md": "# Changelog\n\n## [1.2.3]\n",
    "cmake/CheckIncludes.cmake": "# Who may include what is said here.\n" + OWNERS,
    "src/README.md": "See `src/low/low.c` and [the other](high/README.md).\n",
    "src/low/README.md": "The lower room.\n",
    "src/low/CMakeLists.txt": ROOM.format("low", " low.h", " shared.h", ""),
    "src/low/shared.h": HEAD + "int shared(void);\n",
    "src/low/private.h": HEAD + "int part(int x);\n",
    "src/low/low.c": HEAD + '#include <lwssim/low.h>\n\n#include "private.h"\n\n#include <math.h>\n\n'
                            "int lws_low(int x)\n{\n    return part(x);\n}\n",
    "src/low/part.c": HEAD + '#include "private.h"\n\nint part(int x)\n{\n    return x;\n}\n',
    "src/high/README.md": "The higher room.\n",
    "src/high/CMakeLists.txt": ROOM.format("high", "", "", " low comm"),
    "src/high/high.c": HEAD + '#include "low/shared.h"\n#include "comm/comm.h"\n\nint high(void)\n{\n    return 1;\n}\n',
    "src/comm/README.md": "The room of ranks.\n",
    "src/comm/CMakeLists.txt": ROOM.format("comm", "", " comm.h", ""),
    "src/comm/comm.h": HEAD + COMM,
    "src/comm/job.c": HEAD + '#include "comm/comm.h"\n\n#include <mpi.h>\n\nstruct lws_comm {\n    MPI_Comm comm;\n};\n',
    "include/lwssim/low.h": HEAD + PUBLIC,
    "tests/a.sh": "#!/bin/sh\n# Says in a sentence what it is about.\ntrue\n",
    "tests/a.py": '"""Says in a sentence what it is about."""\n',
}
LONG = "int f(void)\n{\n" + "    f();\n" * limits.FUNCTION_LINES + "}\n"
MANY = "int f(" + ", ".join(f"int a{i}" for i in range(limits.PARAMETERS + 1)) + ")\n{\n    return a0;\n}\n"
HOLDER = "\ntypedef struct holder {\n    int n;\n    struct lws_comm *comm;\n} holder;\n\n"


def appended(name, text):
    return {name: SOUND[name] + text}


def replaced(name, *changes):
    text = SOUND[name]
    for old, new in zip(changes[::2], changes[1::2]):
        assert old in text, (name, old)
        text = text.replace(old, new)
    return {name: text}


def exception(*lines):
    return {"tests/tidy/exceptions.txt": "".join(line + "\n" for line in lines)}


# (what is done, the files that change, the breaches that it makes as "rule path subject", with + between them)
CASES = [
    ("nothing", {}, ""),
    ("an arrow that USES does not name", appended("src/low/low.c", '#include "comm/comm.h"\n'),
     "arrow src/low/low.c comm/comm.h"),
    ("a public header of a room that USES does not name", appended("src/comm/job.c", "#include <lwssim/low.h>\n"),
     "arrow src/comm/job.c lwssim/low.h"),
    ("a header that its room does not show", appended("src/high/high.c", '#include "low/private.h"\n'),
     "arrow src/high/high.c low/private.h"),
    ("a call of a room that USES does not name", {**replaced("src/low/low.c", "part(x)", "lws_count(part(x))"),
                                                  **appended("src/comm/job.c", "int lws_count(int x)\n{\n}\n")},
     "arrow src/low/low.c lws_count"),
    ("an arrow by a call alone", replaced("src/high/high.c", "return 1", "return lws_low(1)",
                                           '#include "low/shared.h"\n', ""), ""),
    ("an arrow that nothing needs", replaced("src/comm/CMakeLists.txt", "USES", "USES low"),
     "picture docs/architecture.md comm-low + unused src/comm/CMakeLists.txt low"),
    ("rooms in a circle", {**replaced("src/comm/CMakeLists.txt", "USES", "USES high"),
                           **replaced("src/high/CMakeLists.txt", "HEADERS", "HEADERS high.h"),
                           **appended("src/comm/job.c", '#include "high/high.h"\n'),
                           "src/high/high.h": HEAD + "int high(void);\n",
                           **replaced("docs/architecture.md", "  cli", "  comm --> high\n  cli")},
     "arrow src/comm/CMakeLists.txt circle"),
    ("sources in a circle", replaced("src/low/part.c", "return x", "return lws_low(x)"), "circle src/low/low.c circle"),
    ("a circle through a table", {**replaced("src/low/part.c", "return x", "return table[x]"),
                                  **appended("src/low/low.c", "const int table[] = {1};\n")},
     "circle src/low/low.c circle"),
    ("a static function of the same name is no circle",
     replaced("src/low/part.c", "int part", "static int lws_low(int x)\n{\n    return x;\n}\n\nint part"), ""),
    ("a member of the same name is no circle", replaced("src/low/part.c", "return x", "return x.lws_low + x->lws_low"), ""),
    ("headers in a circle", {**appended("src/low/private.h", '#include "low/shared.h"\n'),
                             **appended("src/low/shared.h", '#include "private.h"\n')}, "circle src/low/private.h circle"),
    ("MPI elsewhere", appended("src/high/high.c", "#include <mpi.h>\n"), "library src/high/high.c mpi.h"),
    ("HDF5 elsewhere", appended("src/high/high.c", '#  include "hdf5.h"\n'), "library src/high/high.c hdf5.h"),
    ("BLAS elsewhere", appended("src/low/part.c", "#include <openblas/cblas.h>\n"),
     "library src/low/part.c openblas/cblas.h"),
    ("JPEG elsewhere", appended("src/low/part.c", "#include <jpeglib.h>\n"), "library src/low/part.c jpeglib.h"),
    ("an include in a comment", appended("src/low/part.c", "/* as does\n * #include <mpi.h> */\n"), ""),
    ("a public header without C++", {"include/lwssim/low.h": HEAD + "int lws_low(int x);\n"},
     "public include/lwssim/low.h low.h"),
    ("a public header that is not installed", {"include/lwssim/other.h": HEAD + PUBLIC},
     "public include/lwssim/other.h unnamed"),
    ("a tab", appended("src/low/low.c", "/*\t*/\n"), "tab src/low/low.c 12"),
    ("a blank at the end", appended("tests/a.py", "x = 1 \n"), "space tests/a.py 2"),
    ("no newline at the end", appended("tests/a.py", "x = 1"), "space tests/a.py end"),
    ("a long line", appended("src/low/low.c", "/*" + "é" * (limits.COLUMNS - 3) + "*/\n"), "width src/low/low.c 12"),
    ("a line of just the width", appended("src/low/low.c", "/*" + "é" * (limits.COLUMNS - 4) + "*/\n"), ""),
    ("a note for later", appended("tests/a.py", "# TO" + "DO: this\n"), "later tests/a.py 2"),
    ("a C file without a sentence", {"src/low/part.c": SOUND["src/low/part.c"].removeprefix(HEAD)},
     "opening src/low/part.c opening"),
    ("a heading is no sentence", {"src/low/part.c": "/* part.c */\n" + SOUND["src/low/part.c"].removeprefix(HEAD)},
     "opening src/low/part.c opening"),
    ("a Python file without a sentence", {"tests/a.py": "x = 1\n"}, "opening tests/a.py opening"),
    ("a script without a sentence", {"tests/a.sh": "#!/bin/sh\n# shellcheck disable=SC2086 # a list of words.\ntrue\n"},
     "opening tests/a.sh opening"),
    ("a long file", appended("src/low/part.c", "\n" * limits.FILE_LINES), "file src/low/part.c file"),
    ("a test may be longer", appended("tests/a.py", "\n" * limits.FILE_LINES), ""),
    ("a test too long", appended("tests/a.py", "\n" * limits.TEST_FILE_LINES), "file tests/a.py file"),
    ("a long function", appended("src/high/high.c", LONG), "function src/high/high.c f"),
    ("a long function in Python", appended("tests/a.py", "\n\ndef f():\n" + "    f()\n" * limits.FUNCTION_LINES),
     "function tests/a.py f"),
    ("two functions that are long together", appended("src/high/high.c", LONG.replace("    f();\n", "", 40) * 2), ""),
    ("many parameters", appended("src/high/high.c", MANY), "parameters src/high/high.c f"),
    ("many parameters behind a macro", appended("src/high/high.c", "ALL(ROW)\n" + MANY), "parameters src/high/high.c f"),
    ("many parameters of a variant", appended("src/high/high.c", MANY.replace("int f(", "VARIANT(static, int, f, (")
                                              .replace(")\n{", "), (a0))\n{")), "parameters src/high/high.c f"),
    ("a variable of the process", appended("src/high/high.c", "static int count[2], *all;\n"),
     "state src/high/high.c all"),
    ("one with a name for others", appended("src/high/high.c", "const char *lws_word = 0;\n"),
     "state src/high/high.c lws_word"),
    ("one of a struct made for it", appended("src/high/high.c", "static struct {\n    int n;\n} all;\n"),
     "state src/high/high.c all"),
    ("types are none", appended("src/high/high.c", "typedef struct one {\n    int n;\n} one;\nstruct two {\n    int n;\n};\n"
                                                   "static const struct two table = {1};\nstatic int f(one o);\n"), ""),
    ("functions declared by their type are none", appended("src/low/private.h", "typedef int work(int);\nwork one, two;\n"), ""),
    ("one that points to a function", appended("src/high/high.c", "static void (*act)(int);\nstatic int (*const none)(int);\n"),
     "state src/high/high.c act"),
    ("one in a header", appended("src/low/private.h", "static int all;\n"), "state src/low/private.h all"),
    ("one in a function", replaced("src/high/high.c", "return 1", "static _Thread_local int last = 1;\n    return last"),
     "state src/high/high.c last"),
    ("constants are none", appended("src/high/high.c", "static const int a[] = {1};\nstatic const char *const b = 0;\n"
                                                       "static int f(void);\nextern int lws_c;\n"), ""),
    ("a folder without README.md", {"src/low/README.md": None}, "readme src/low README.md"),
    ("a folder in a room without README.md", {"src/low/more/more.c": HEAD}, "readme src/low/more README.md"),
    ("one that the room's README.md tells of", {"src/low/more/more.c": HEAD,
                                                "src/low/README.md": "The lower room; `more/` has more of it.\n"}, ""),
    ("a long README.md", {"src/low/README.md": "line\n" * (limits.README_LINES + 1)}, "readme src/low/README.md length"),
    ("a communicator and no word", replaced("src/comm/comm.h", " Collective.", ""), "collective src/comm/comm.h lws_wait"),
    ("a word within a sentence", replaced("src/comm/comm.h", " Collective.", " This is collective."),
     "collective src/comm/comm.h lws_wait"),
    ("a word with more behind it", replaced("src/comm/comm.h", " Collective.", " Collective; errors are agreed."), ""),
    ("a word for a whole header", replaced("src/comm/comm.h", " Collective.", "", HEAD,
                                           HEAD.replace("about.", "about. Not collective.")), ""),
    ("two words for a whole header", replaced("src/comm/comm.h", " Collective.", "", HEAD,
                                              HEAD.replace("about.", "about. Not collective. Collective.")),
     "collective src/comm/comm.h lws_wait"),
    ("a comment behind a declaration of a group", replaced("src/comm/comm.h", "const lws_comm *comm); /* Not collective. */",
                                                           "const lws_comm *comm); /* of ranks */"), ""),
    ("two words for one function", replaced("src/comm/comm.h", " Collective.", " Collective. Not collective."),
     "collective src/comm/comm.h lws_wait"),
    ("a comment behind a blank line", replaced("src/comm/comm.h", "Collective. */\n", "Collective. */\n\n"),
     "collective src/comm/comm.h lws_wait"),
    ("a word that is broken over lines", replaced("src/comm/comm.h", "Not collective. */\nint lws_rank",
                                                  "Not\n * collective. */\nint lws_rank"), ""),
    ("a struct that holds a communicator", {"src/high/high.h": HEAD + HOLDER + "void lws_hold(const holder *h);\n"},
     "collective src/high/high.h lws_hold"),
    ("one that holds it by another", {"src/high/high.h": HEAD + HOLDER + "struct outer {\n    holder h;\n};\n\n"
                                      "/* Logically collective. */\nvoid lws_hold(const struct outer *o);\n"
                                      "\nint lws_let(const struct outer *o);\n"}, "collective src/high/high.h lws_let"),
    ("a link that leads nowhere", appended("src/README.md", "[it](low/gone.c)\n"), "path src/README.md src/low/gone.c"),
    ("a link elsewhere", appended("src/README.md", "[it](https://a.org/b) [there](low/README.md#x)\n"), ""),
    ("a path that is not there", appended("src/README.md", "`src/low/gone.c`\n"), "path src/README.md src/low/gone.c"),
    ("paths at once", appended("src/README.md", "`src/low/*.c`, `src/{low,high}/README.md`, `src/low/NAME.c`\n"), ""),
    ("one of them is not there", appended("src/README.md", "`src/{low,gone}/README.md`\n"),
     "path src/README.md src/gone/README.md"),
    ("a name that is there", appended("src/README.md", "`lws_wait()`, `lws_layer`, `lws_NAME_x` and `other_name`\n"), ""),
    ("a name that is not there", appended("src/README.md", "`lws_wait` and `lws_gone()`\n"),
     "name src/README.md lws_gone"),
    ("a version that is not cited", replaced("CITATION.cff", "1.2.3", "1.2.2"), "version CITATION.cff 1.2.3"),
    ("a version without changes", replaced("CHANGELOG.md", "1.2.3", "1.2.2"), "version CHANGELOG.md 1.2.3"),
    ("an arrow that is not drawn", replaced("docs/architecture.md", "low & comm", "comm", "cli --> high", "cli --> high & low"),
     "picture docs/architecture.md high-low"),
    ("an arrow that is drawn only", replaced("docs/architecture.md", "  cli", "  comm --> low\n  cli"),
     "picture docs/architecture.md comm-low"),
    ("a room that is not drawn", replaced("docs/architecture.md", "cli --> high", "cli --> low & comm"),
     "picture docs/architecture.md high"),
    ("a breach that is excused", {**appended("src/high/high.c", MANY),
                                  **exception("parameters src/high/high.c f 8: there is a reason")}, ""),
    ("more than is excused", {**appended("src/high/high.c", MANY.replace("(int a0", "(int b, int a0")),
                              **exception("parameters src/high/high.c f 8: there is a reason")},
     "parameters src/high/high.c f"),
    ("an excuse that is too large", {**appended("src/high/high.c", MANY),
                                     **exception("parameters src/high/high.c f 9: there is a reason")},
     "exception tests/tidy/exceptions.txt f"),
    ("an excuse for nothing", exception("# a list", "", "parameters src/high/high.c high 9: there is a reason"),
     "exception tests/tidy/exceptions.txt high"),
]


def found_in(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            if text is not None:
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return sorted(f"{b.rule} {b.path} {b.subject}" for b in tidy.check(Tree(folder)))


def main():
    wrong, rules = 0, set()
    for title, changes, expected in CASES:
        found = found_in({**SOUND, **changes})
        rules.update(line.split()[0] for line in found)
        if found != (expected.split(" + ") if expected else []):
            print(f"{title}: expected {expected or 'nothing'}, found {', '.join(found) or 'nothing'}")
            wrong += 1
    print(f"{len(CASES)} cases of {len(rules)} rules, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
