"""The files of the program, read once, and its rooms: which folder is which, and which may use which."""
import functools
import pathlib
import re

from source import CSource

FOLDERS = ("src", "datasets", "include", "tests", "launch", "cmake", "docs", ".ci")
TEXTS = {".c", ".h", ".in", ".py", ".sh", ".md", ".txt", ".cmake", ".supp", ".cff", ".json"}
# Other programs' values and found inputs: nobody writes or reads them by hand.
MADE = re.compile(r"tests/golden/\w+\.h$|tests/fuzz/corpus/|(^|/)(build|__pycache__)/")


class Room:
    """One lws_layer() of a CMakeLists.txt: cmake/Layer.cmake says what its lists mean."""

    def __init__(self, name, folder, lists):
        self.name, self.folder = name, folder
        self.public, self.headers, self.uses = (lists.get(key, []) for key in ("PUBLIC", "HEADERS", "USES"))

    @property
    def place(self):
        """How other rooms write its folder in an include."""
        return self.folder.removeprefix("src/")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        paths = [path for folder in FOLDERS if (self.root / folder).is_dir()
                 for path in (self.root / folder).rglob("*")]
        paths += [path for path in self.root.iterdir() if not path.name.startswith(".git")]
        # Names, not contents, for files that are made.
        self.names = {path.relative_to(self.root).as_posix() for path in paths if "/.git/" not in path.as_posix()}
        self.texts = {}
        for name in sorted(self.names):
            path = self.root / name
            if path.is_file() and not MADE.search(name) and (path.suffix in TEXTS or path.name in ("run", "by_rank")):
                self.texts[name] = path.read_text(encoding="utf-8", errors="replace")
        self.rooms = {room.name: room for room in self._rooms()}

    def _rooms(self):
        for name, text in self.texts.items():
            if not name.endswith("CMakeLists.txt"):
                continue
            for call in re.findall(r"^lws_layer\((.*?)\)", text, flags=re.S | re.M):
                words, lists, current = re.sub(r"#.*", "", call).split(), {}, None
                for word in words[1:]:
                    if word in ("PUBLIC", "HEADERS", "USES", "LINK"):
                        current = lists.setdefault(word, [])
                    elif current is not None:
                        current.append(word)
                yield Room(words[0], name.rpartition("/")[0], lists)

    @functools.cached_property
    def c_files(self):
        return {name: CSource(text) for name, text in self.texts.items() if name.endswith((".c", ".h"))}

    @functools.cached_property
    def program(self):
        """The C files that are no tests."""
        return {name: c for name, c in self.c_files.items() if name.startswith(("src/", "datasets/", "include/"))}

    def room_of(self, name):
        """The room that a file lies in; None for the program's own folder, public headers and tests."""
        return next((room for room in self.rooms.values() if name.startswith(room.folder + "/")), None)
