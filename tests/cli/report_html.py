"""Reads a report strictly, as HTML 5 has it, and prints what is wrong, a line each: elements that are not closed or do not
belong, names that are there twice, pictures without a word, what asks for another file, script; and the size.
Usage: report_html.py FILE [MOST_BYTES]. A line `figures` with counts comes last, for the caller."""

import html.parser
import re
import sys

VOID = {"meta", "link", "br", "img", "rect/", "path/", "circle/"}
OPTIONAL_CHECK = {"img": ["alt", "src"], "svg": ["viewbox"], "html": ["lang"], "th": ["scope"]}
INSIDE = {"li": {"ul"}, "tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "figcaption": {"figure"}, "dt": {"div"},
          "dd": {"div"}, "summary": {"details"}, "thead": {"table"}, "tbody": {"table"}}
BLOCKS = {"div", "p", "table", "figure", "section", "ul", "dl", "h1", "h2", "h3", "details", "nav"}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.open, self.wrong, self.ids, self.count, self.links = [], [], set(), {}, []
        self.headings = []

    def complain(self, text):
        self.wrong.append(f"line {self.getpos()[0]}: {text}")

    def look(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.complain(f"<{tag}> has an attribute twice")
        self.count[tag] = self.count.get(tag, 0) + 1
        values = dict(attrs)
        for name in OPTIONAL_CHECK.get(tag, []):
            if name not in values and not (tag == "svg" and "aria-hidden" in values):
                self.complain(f"<{tag}> has no {name}")
        if tag == "svg" and "aria-hidden" not in values and not values.get("aria-label"):
            self.complain("an <svg> has no label")
        if values.get("id") in self.ids:
            self.complain(f"the id {values['id']} is there twice")
        self.ids.add(values.get("id", object()))
        for name, value in attrs:
            if name.startswith("on") or (name == "style" and "url" in (value or "")):
                self.complain(f"{name} in <{tag}>")
            if name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
                if name == "href" and (value or "").startswith("#"):
                    self.links.append(value[1:])
                elif not re.match(r"data:(,$|image/png;base64,[A-Za-z0-9+/]+={0,2}$)", value or ""):
                    self.complain(f"<{tag} {name}> asks for {str(value)[:80]}")
        if tag in ("script", "iframe", "object", "embed", "base", "form"):
            self.complain(f"<{tag}>")
        if tag in INSIDE and (not self.open or self.open[-1] not in INSIDE[tag]):
            self.complain(f"<{tag}> in <{self.open[-1] if self.open else ''}>")
        if tag in BLOCKS and "p" in self.open:
            self.complain(f"<{tag}> in a <p>")
        if re.fullmatch("h[1-6]", tag):
            if int(tag[1]) > (self.headings[-1] if self.headings else 0) + 1:
                self.complain(f"<{tag}> follows a heading two levels above")
            self.headings.append(int(tag[1]))

    def handle_starttag(self, tag, attrs):
        self.look(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.look(tag, attrs)
        if "svg" not in self.open:
            self.complain(f"<{tag}/> outside of a drawing")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complain(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if "<" in data or ("&" in data and "style" not in self.open):
            self.complain(f"a character that is not escaped: {data[:60]!r}")
        if any(ord(c) < 32 and c not in "\n\t" or ord(c) == 127 for c in data):
            self.complain("a control character")

    def handle_entityref(self, name):
        if name not in ("amp", "lt", "gt", "quot"):
            self.complain(f"&{name};")


def main():
    data = open(sys.argv[1], "rb").read()
    reader = Reader()
    text = data.decode("utf-8")  # strict
    reader.feed(text)
    reader.close()
    wrong = reader.wrong
    if not text.startswith("<!DOCTYPE html>"):
        wrong.append("no doctype")
    if reader.open:
        wrong.append(f"never closed: {reader.open}")
    wrong += [f"a link to #{name}, which is not there" for name in reader.links if name not in reader.ids]
    if re.search(r"@import|url\(", text):
        wrong.append("the style asks for a file")
    if reader.headings.count(1) != 1:
        wrong.append(f"{reader.headings.count(1)} headings of the first level")
    if len(sys.argv) > 2 and len(data) > int(sys.argv[2]):
        wrong.append(f"{len(data)} bytes, more than {sys.argv[2]}")
    print("\n".join(wrong[:20]), end="\n" if wrong else "")
    print("figures", len(data), *(f"{tag}={reader.count.get(tag, 0)}" for tag in ("img", "svg", "tr", "section")))
    sys.exit(1 if wrong else 0)


main()
