"""Reads C sources as far as the house rules need: comments, includes, functions, declarations and structs.

It is no compiler. It relies on what clang-format and the style of this program guarantee: a definition begins in the
first column, braces balance, and no macro opens a brace that it does not close.
"""
import bisect
import collections
import functools
import re

Function = collections.namedtuple("Function", "name line last parameters is_static is_definition")
Comment = collections.namedtuple("Comment", "first last text")  # lines, counted from 1
Struct = collections.namedtuple("Struct", "name body")

TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def blank(text):
    """The same lines and columns with spaces in place of the text."""
    return re.sub(r"[^\n]", " ", text)


class CSource:
    """What stands in one .c or .h file."""

    def __init__(self, text):
        self.text = text
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self.comments = []
        code = TOKEN.sub(self._token, text)
        code = re.sub(r"^[ \t]*#[ \t]*ifdef __cplusplus\n.*?^[ \t]*#[ \t]*endif", lambda m: blank(m[0]), code,
                      flags=re.S | re.M)
        # The code alone: no comments, strings or preprocessor lines (with what they are continued by).
        self.code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m[0]), code, flags=re.M)
        # With preprocessor lines: what a file mentions, in macros too.
        self.mentions = code
        self.functions, self.structs, self.variables, self.state = [], [], [], []
        self._statements()
        for m in re.finditer(r"^[ \t]*static\b([^;{}()=]*?)\s*(?:\[[^=;]*\]\s*)?[=;]", self.code, flags=re.M):
            if not is_constant(m[1]):
                self.state.append((self.line(m.start()), re.findall(r"\w+", m[1])[-1]))
        for m in re.finditer(r"^[ \t]*static\b[^;{}=()]*\(\s*\*\s*(\w+)\s*\)\s*\([^;{}]*\)\s*[=;]", self.code,
                             flags=re.M):
            self.state.append((self.line(m.start()), m[1]))

    def _token(self, match):
        if match[0].startswith("/"):
            self.comments.append(Comment(self.line(match.start()), self.line(match.end() - 1), match[0]))
        elif match[0].startswith('"'):
            return '"' + blank(match[0][1:-1]) + '"' if len(match[0]) > 1 else match[0]
        return blank(match[0])

    def line(self, offset):
        return bisect.bisect_right(self.starts, offset)

    @functools.cached_property
    def includes(self):
        """[(line, "<" or '"', name)]"""
        found = re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', self.text, flags=re.M)
        return [(self.line(m.start()), m[1], m[2]) for m in found]

    @functools.cached_property
    def identifiers(self):
        """Names used otherwise than as a member (a.name, a->name)."""
        return set(re.findall(r"(?<![\w.])(?<!->)[A-Za-z_]\w*", self.mentions))

    def _statements(self):
        """Walks over the file scope, a statement at a time."""
        code, begin, at = self.code, 0, 0
        while at < len(code):
            if code[at] == "{":
                end = matching(code, at)
                head = code[begin:at]
                following = re.compile(r"\s*;").match(code, end)
                rest = code[end:code.find(";", end) + 1 or len(code)]
                if self._function(head, begin, end):
                    begin = at = end
                    continue
                self._struct(head, code[at:end])
                if "=" in head:
                    self._variable(head)
                elif not following and re.match(r"\s*[\w\s*,\[\]]*[;=]", rest) and not re.search(
                        r"\b(typedef|const)\b", head):
                    self.state += [(self.line(end), word) for word in re.findall(r"[a-z]\w*", rest)[:1]]
                if following or "=" in head or re.match(r"\s*[\w\s*,\[\]]*;", rest):
                    begin = at = code.find(";", end - 1) + 1 or len(code)
                else:
                    begin = at = end
                continue
            if code[at] == ";":
                head = code[begin:at]
                if not self._function(head, begin, None):
                    self._variable(head)
                begin = at + 1
            at += 1

    def _function(self, head, begin, end):
        """Takes a function's definition (which ends at `end`) or its declaration; False where it is neither."""
        words = re.sub(r"__attribute__\s*\(\(.*?\)\)\)?|\b_Alignas\s*\([^()]*\)", lambda m: blank(m[0]), head,
                       flags=re.S)
        called = re.search(r"\b([A-Za-z_]\w*)\s*\(", words)
        while called and called[1].isupper() and words[matching(words, called.end() - 1):].strip():
            begin += matching(words, called.end() - 1)  # a macro that stands before it, with no semicolon behind
            head = head[matching(words, called.end() - 1):]
            words = words[matching(words, called.end() - 1):]
            called = re.search(r"\b([A-Za-z_]\w*)\s*\(", words)
        if not called or re.match(r"\s*(typedef|_Static_assert|struct\s+\w+\s*$)", words):
            return False
        if "=" in words[:called.start()]:
            return False
        close = matching(words, called.end() - 1)
        name, inside = called[1], words[called.end():close - 1]
        if inside.lstrip().startswith("*") or (words[close:].strip() and end is None):
            return False
        if name.isupper():  # a macro that makes a function: VARIANTS(static, void, name, (parameters), (arguments))
            parts = split(inside)
            lists = [part.strip() for part in parts if part.strip().startswith("(")]
            if end is None or not lists:
                return True
            name, inside = parts[[part.strip() for part in parts].index(lists[0]) - 1].strip(), lists[0][1:-1]
        first = self.line(begin + len(head) - len(head.lstrip()))
        parameters = 0 if inside.strip() in ("", "void") else len(split(inside))
        is_static = bool(re.search(r"\bstatic\b|\bLWS_INLINE\b", head))
        last = self.line(begin + len(head) - 1) if end is None else self.line(end - 1)
        self.functions.append(Function(name, first, last, parameters, is_static, end is not None))
        return True

    def _struct(self, head, body):
        found = re.search(r"\b(?:struct|union)\s+([A-Za-z_]\w*)\s*$", head)
        if found:
            self.structs.append(Struct(found[1], body))

    def _variable(self, head):
        """A variable with a name for other files. What may change is state of the process."""
        begin, head = self.code.find(head), head.split("=")[0]
        found = re.search(r"([A-Za-z_]\w*)\s*(?:\[[^=]*)?$", head)
        if found and len(head.split()) > 1 and not re.search(r"\b(static|typedef|extern|enum|struct\s+\w+\s*$)\b",
                                                              head):
            self.variables.append(found[1])
            if not is_constant(head[:found.start()]):
                self.state.append((self.line(begin + found.start()), found[1]))

    def comments_of(self, function):
        """The comments that belong to a declaration, nearest first, each with how many declarations it belongs to: the
        one behind it, and the one above, which ends on the line above the first of a group with no blank line in it."""
        lines = self.text.split("\n")
        found = [(comment.text, 1) for comment in self.comments if function.line <= comment.first <= function.last]
        above = {comment.last: comment for comment in self.comments
                 if lines[comment.first - 1].lstrip().startswith("/*")}
        at = function.line - 1
        while at > 0 and at not in above and lines[at - 1].strip():
            at -= 1
        end = function.line
        while end <= len(lines) and lines[end - 1].strip() and end not in above:
            end += 1
        if at in above:
            found.append((above[at].text, sum(at < f.line < end for f in self.functions)))
        return found


def is_constant(declared):
    """Whether a declaration, "const char *const name", says that the variable itself never changes."""
    return "const" in re.findall(r"\w+", declared.rpartition("*")[2] if "*" in declared else declared)


def matching(code, at):
    """The place behind the bracket that closes the one at `at`."""
    opening, depth = code[at], 0
    closing = {"{": "}", "(": ")"}[opening]
    for place in range(at, len(code)):
        depth += (code[place] == opening) - (code[place] == closing)
        if depth == 0:
            return place + 1
    return len(code)


def split(inside):
    """A list's parts between commas that no bracket encloses."""
    parts, depth = [""], 0
    for c in inside:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts
