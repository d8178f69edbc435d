"""Rules about what may see what: arrows between rooms, circles, headers of libraries, public headers."""
import collections
import posixpath
import re

from breach import Breach

# Which room knows which library: the lines set(mpi.h_owner comm) there.
OWNERS = "cmake/CheckIncludes.cmake"


def libraries(tree):
    """`library`: a library's header is included in its room only: whoever replaces the library looks nowhere else."""
    owners = dict(re.findall(r"^set\((\S+)_owner (\w+)\)", tree.texts[OWNERS], flags=re.M))
    for name, c in tree.program.items():
        for line, _, header in c.includes:
            owner, room = owners.get(header.rpartition("/")[2]), tree.room_of(name)
            if owner and (room is None or room.name != owner):
                yield Breach("library", name, line, header, 1, f"{header} may be included by the room {owner} only")


def arrows(tree):
    """`arrow`, `unused`: a room includes shared headers, and calls functions, of the rooms that it names in USES only, and needs
    each of them."""
    public = {header: room.name for room in tree.rooms.values() for header in room.public}
    used = collections.defaultdict(set)
    for name, c in tree.program.items():
        room = tree.room_of(name)
        for line, kind, header in c.includes:
            if header.startswith("lwssim/"):
                to = public.get(header.removeprefix("lwssim/"))
                shown = to is not None
            else:
                to, shown = owner_of(tree, header)
            if kind == "<" and not header.startswith("lwssim/") or not header.startswith("lwssim/") and to is None:
                continue
            here = room.name if room else name.split("/")[1]
            if not shown:
                yield Breach("arrow", name, line, header, 1, f"{header} is in no list of headers of its room")
            elif room and to != room.name:
                used[room.name].add(to)
                if to not in room.uses:
                    yield Breach("arrow", name, line, header, 1,
                                 f"{here} → {to}: {room.folder}/CMakeLists.txt does not name {to} in USES")
    yield from calls(tree, used)
    for room in tree.rooms.values():
        for to in sorted(set(room.uses) - used[room.name]):
            yield Breach("unused", f"{room.folder}/CMakeLists.txt", 1, to, 1,
                         f"{room.name} → {to} is named in USES, and {room.name} needs nothing of {to}")
    for circle in circles({room.name: [use for use in room.uses if use in tree.rooms] for room in tree.rooms.values()}):
        folder = tree.rooms[circle[0]].folder
        yield Breach("arrow", f"{folder}/CMakeLists.txt", 1, "circle", len(circle),
                     "rooms use each other in a circle: " + " → ".join(circle + circle[:1]))


def calls(tree, used):
    """A header may bring another room's along: what counts is whose functions and variables a room names."""
    owner = {}
    for name, c in tree.program.items():
        room = tree.room_of(name)
        if room and name.endswith(".c"):
            names = [f.name for f in c.functions if f.is_definition and not f.is_static] + c.variables
            owner.update({each: room.name for each in names if each.startswith("lws_")})
    for name, c in tree.program.items():
        room = tree.room_of(name)
        for word in sorted(c.identifiers & owner.keys()) if room else ():
            to = owner[word]
            used[room.name].add(to)
            if to != room.name and to not in room.uses:
                yield Breach("arrow", name, 1, word, 1,
                             f"{room.name} → {to} by {word}: {room.folder}/CMakeLists.txt does not name {to} in USES")


def owner_of(tree, header):
    """The room whose folder an include such as "data/shard.h" names, and whether that room shows the header."""
    rooms = [room for room in tree.rooms.values() if header.startswith(room.place + "/")]
    for room in rooms:
        return room.name, header.removeprefix(room.place + "/") in room.headers
    return None, False


def within_rooms(tree):
    """`circle`: files of one room need each other one way only, by includes and by what they call."""
    for room in list(tree.rooms.values()) + [None]:
        files = {name: c for name, c in tree.program.items()
                 if tree.room_of(name) is room and (room or name.startswith("src/"))}
        for circle in circles(needs(files, room.place if room else "cli")):
            yield Breach("circle", circle[0], 1, "circle", len(circle),
                         "files need each other in a circle: " + " → ".join(circle + circle[:1]))


def needs(files, place):
    """{file: the files of the room that it needs}: headers by include, sources by the names that they define."""
    defined = {}
    for name, c in files.items():
        if name.endswith(".c"):
            for f in c.functions:
                if f.is_definition and not f.is_static:
                    defined.setdefault(f.name, name)
            for variable in c.variables:
                defined.setdefault(variable, name)
    graph = {}
    for name, c in files.items():
        graph[name] = set()
        for _, kind, header in c.includes:
            for folder in (posixpath.dirname(name), name.split("/" + place + "/")[0] if place in name else ""):
                target = posixpath.normpath(posixpath.join(folder, header))
                if kind == '"' and target in files and target != name:
                    graph[name].add(target)
        own = {f.name for f in c.functions if f.is_definition}
        for word in c.identifiers - own:
            if word in defined and defined[word] != name and name.endswith(".c"):
                graph[name].add(defined[word])
    return {name: sorted(targets) for name, targets in graph.items()}


def circles(graph):
    """The strongly connected parts of more than one node, each as a shortest circle through its first node."""
    order, low, stack, parts = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in graph.get(node, ()):
            if target not in order:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            part = [stack.pop()]
            while part[-1] != node:
                part.append(stack.pop())
            parts.append(part)

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return [shortest_circle(graph, min(part), set(part)) for part in parts
            if len(part) > 1 or part[0] in graph.get(part[0], ())]


def shortest_circle(graph, start, part):
    queue, before = collections.deque([start]), {}
    while queue:
        node = queue.popleft()
        for target in graph[node]:
            if target == start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if target in part and target not in before:
                before[target] = node
                queue.append(target)
    return [start]


def public_headers(tree):
    """`public`: a header in include/ serves C++, and a room names it, so that it is installed."""
    named = {header for room in tree.rooms.values() for header in room.public}
    for name, text in tree.texts.items():
        if not name.startswith("include/lwssim/") or not name.endswith((".h", ".h.in")):
            continue
        header = name.removeprefix("include/lwssim/").removesuffix(".in")
        if '#ifdef __cplusplus\nextern "C" {\n#endif' not in text or "#ifdef __cplusplus\n}\n#endif" not in text:
            yield Breach("public", name, 1, header, 1, 'lacks extern "C" { … } under #ifdef __cplusplus')
        if header not in named:
            yield Breach("public", name, 1, "unnamed", 1, "no room names it in PUBLIC, so it is not installed")
