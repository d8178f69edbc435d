#!/usr/bin/env python3
"""Tests of the tests: changes one place of the program, builds it, and runs the tests that must notice.

The lists (*.txt) hold entries such as

    == Adam's step count is one too high
    src/optim/adam.c
    - pow(beta1, step)
    + pow(beta1, step + 1)
    = unit-adam mpi-golden_run

What is wrong; the file; the old text, which occurs in it exactly once (however its lines are broken); the new text (none:
the old is left out); the tests that must fail, in the order in which they are tried. unit-NAME, mpi-NAME (on all
numbers of ranks) and the other tests' names as ctest has them.

--random N makes N changes of its own instead: operators, numbers, conditions and statements picked by --seed from the
files in --folder. Any test may notice them; the survivors are for reading, as some of them change nothing that
matters.

--check only looks whether every entry still fits the sources and names tests that exist. Exit code: 0 all killed (or
fitting), 1 not. The work is done in copies of the tree, build/mutants/N.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "mutants"

Mutant = collections.namedtuple("Mutant", "title file old new tests line", defaults=[1])  # line: where to look from


def pattern(old):
    """The old text, however its lines are broken and indented."""
    words = [re.escape(word) for word in old.split()]
    return re.compile((r"(?<=\s)" if old[:1].isspace() else "") + r"\s+".join(words))


def parse(path):
    mutants = []
    for block in re.split(r"^== ", path.read_text(), flags=re.M)[1:]:
        lines = block.rstrip("\n").split("\n")
        parts = {"-": [], "+": [], "=": []}
        for line in lines[2:]:
            if line[:2] in ("- ", "+ ", "= "):
                parts[line[0]].append(line[2:])
            elif line in ("-", "+"):
                parts[line].append("")
            elif line.strip() and not line.startswith("#"):
                sys.exit(f"{path.name}: '{line}' in '{lines[0]}' begins with none of -, +, = and #")
        mutants.append(Mutant(lines[0], lines[1], "\n".join(parts["-"]), "\n".join(parts["+"]),
                              tuple(" ".join(parts["="]).split())))
    return mutants


def misfit(mutant):
    """Why this entry cannot be tried, or None."""
    if not (ROOT / mutant.file).is_file():
        return f"there is no {mutant.file}"
    found = len(pattern(mutant.old).findall((ROOT / mutant.file).read_text())) if mutant.old else 0
    if found != 1:
        return f"its old text occurs {found} times in {mutant.file}"
    if mutant.old == mutant.new:
        return "it changes nothing"
    if not mutant.tests:
        return "it names no test"
    for test in mutant.tests:
        kind, name = test.split("-", 1)
        source = {"unit": f"unit/test_{name}.c", "mpi": f"mpi/test_{name}.c", "cli": f"cli/{name}.sh"}.get(kind)
        if source and not (ROOT / "tests" / source).is_file():
            return f"there is no test {test}"
    return None


# ---- one copy of the tree ----------------------------------------------------------------------------

def call(command, seconds, log=None, **options):
    """Exit code, None where the time was not enough. Ends all that it started."""
    process = subprocess.Popen(command, stdout=log or subprocess.DEVNULL, stderr=subprocess.STDOUT,
                               start_new_session=True, **options)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


class Workshop:
    """A copy of the sources with a build of its own."""

    def __init__(self, number):
        self.tree = WORK / str(number)
        self.build = self.tree / "build" / "release"
        self.log_name = WORK / f"log-{number}.txt"

    def run(self, command, seconds):
        with open(self.log_name, "ab") as log:
            log.write(f"\n---- {' '.join(map(str, command))}\n".encode())
            log.flush()
            return call(command, seconds, log, cwd=self.tree, env=dict(os.environ, LWSSIM_SHARED="/nonexistent"))

    def copy(self, name):
        source, copy = ROOT / name, self.tree / name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)

    def prepare(self):
        names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.split("\n")
        names = {name for name in names if name and (ROOT / name).is_file()}
        for name in names:
            self.copy(name)
        for path in self.tree.rglob("*"): # what is gone from the sources
            name = path.relative_to(self.tree)
            if name.parts[0] != "build" and path.is_file() and str(name) not in names:
                path.unlink()
        cache = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        if self.run(["cmake", "--preset", "release", *cache], 600) != 0 or not self.make("all"):
            sys.exit(f"the unchanged sources do not build: see {self.log_name}")

    def make(self, *targets):
        return self.run(["cmake", "--build", "--preset", "release", "-j2", "--target", *targets], 1200) == 0

    def ctest(self, *options, seconds=900):
        """Whether these tests pass; not where they take too long."""
        return self.run(["ctest", "--preset", "release", "--stop-on-failure", *options], seconds) == 0

    @staticmethod
    def pattern(test):
        kind, name = test.split("-", 1)
        return {"unit": f"^t[0-9]+-{name}$|^t[0-9]+-{name}@", "mpi": f"^mpi-{name}-[0-9]+$"}.get(kind, f"^{test}$")

    @staticmethod
    def target(test):
        kind, name = test.split("-", 1)
        return {"unit": f"test_{name}", "mpi": f"test_mpi_{name}"}.get(kind, "lwssim_cli")

    def passes(self, test, seconds=900):
        return self.ctest("-R", self.pattern(test), seconds=seconds)

    @contextlib.contextmanager
    def changed(self, mutant):
        """While the copy's sources have the change."""
        path, lines = self.tree / mutant.file, (ROOT / mutant.file).read_text().split("\n")
        before, after = lines[:mutant.line - 1], "\n".join(lines[mutant.line - 1:])
        path.write_text("\n".join([*before, pattern(mutant.old).sub(lambda _: mutant.new, after, count=1)]))
        try:
            yield
        finally:
            path.unlink()
            self.copy(mutant.file)
            os.utime(path)

    def try_out(self, mutant):
        """What noticed the change: a test's name, 'the compiler', or None."""
        with self.changed(mutant):
            for test in mutant.tests:
                if not self.make(self.target(test)):
                    return "the compiler"
                if not self.passes(test, 300):
                    return test
        return None

    def try_all(self, mutant, labels):
        """The same with every test of these labels, the quick ones first."""
        with self.changed(mutant):
            if not self.make("all"):
                return "the compiler"
            for label in labels:
                if not self.ctest("-j2", "-L", label, seconds=1800):
                    return self.failed() or label
        return None

    def failed(self):
        """The test that failed last, by ctest's own log."""
        path = self.build / "Testing/Temporary/LastTestsFailed.log"
        lines = path.read_text().split() if path.exists() else []
        return lines[0].split(":", 1)[1] if lines else None


# ---- changes by chance --------------------------------------------------------------------------------

RULES = [
    (r" < ", [" <= ", " > "]), (r" > ", [" >= ", " < "]), (r" <= ", [" < "]), (r" >= ", [" > "]),
    (r" == ", [" != "]), (r" != ", [" == "]), (r" \+ ", [" - "]), (r" - ", [" + "]), (r" \* ", [" / ", " + "]),
    (r" / ", [" * "]), (r" && ", [" || "]), (r" \|\| ", [" && "]), (r"\btrue\b", ["false"]), (r"\bfalse\b", ["true"]),
    (r"\+\+", ["--"]), (r" \+= ", [" -= ", " = "]), (r"(?<=[ (\[-])0(?=[;,) \]])", ["1"]),
    (r"(?<=[ (\[-])1(?=[;,) \]])", ["0", "2"]), (r"(?<=[ (\[-])2(?=[;,) \]])", ["1", "3"]), (r"\bif \(", ["if (!", "if (1 || "]),
    (r"^    +[a-z_>.\[\]-]+ [-+*/]?= .*;$", [""]), (r"^    +[a-z_]+\(.*\);$", [""]), (r"^    +LWS_TRY\(.*\);$", [""]),
]


def random_mutants(folders, count, seed):
    places = []
    for folder in folders:
        for path in sorted((ROOT / folder).glob("*.c")):
            in_comment = False
            for number, line in enumerate(path.read_text().split("\n"), 1):
                code = re.sub(r'"(\\.|[^"\\])*"', lambda m: "\0" * len(m[0]), line)
                was_comment, in_comment = in_comment, (in_comment or "/*" in code) and "*/" not in code
                if was_comment or "/*" in code or code.startswith("#") or not code.startswith("    "):
                    continue
                for rule, news in RULES:
                    for match in re.finditer(rule, code):
                        places += [(path, number, line, match.start(), match.end(), new) for new in news]
    random.Random(seed).shuffle(places)
    seen, mutants = set(), []
    for path, number, line, begin, end, new in places:
        if (path, number) in seen or len(mutants) == count:
            continue
        seen.add((path, number))
        name = str(path.relative_to(ROOT))
        # The whole line, so that the report reads well; "(void)0" where a statement went, as it may be an if's.
        changed = line[:begin] + (new or re.match(r" *", line)[0] + "(void)0;") + line[end:]
        if changed.count("if (!") > line.count("if (!"): # over the whole condition, where it ends in this line
            changed = re.sub(r"if \(!(.*)\)( \{)?$", r"if (!(\1))\2", changed)
        mutants.append(Mutant(f"{name}:{number}", name, line, changed, (), number))
    return mutants


# ---- the whole --------------------------------------------------------------------------------------

def check_unchanged(workshop, mutants):
    """A test that fails without a change would seem to notice each, and so would one that is not there."""
    tests = {test for mutant in mutants for test in mutant.tests}
    listed = subprocess.run(["ctest", "--preset", "release", "-N"], cwd=workshop.tree, check=True, capture_output=True,
                            text=True).stdout
    names = re.findall(r"Test +#\d+: (\S+)", listed)
    missing = [test for test in tests if not any(re.search(workshop.pattern(test), name) for name in names)]
    if missing:
        sys.exit(f"there is no test {' '.join(missing)}")
    together = "|".join(workshop.pattern(test) for test in tests)
    if not workshop.ctest("-j6", "-R", together, seconds=3600):
        sys.exit(f"{workshop.failed()} fails without a change: see {workshop.log_name}")


def report(mutants, killers):
    folders = collections.defaultdict(lambda: [0, 0])
    for mutant in mutants:
        count = folders[os.path.dirname(mutant.file)]
        count[0] += killers[mutant] is not None
        count[1] += 1
    print("\n| folder | killed | of | |\n|---|---|---|---|")
    for folder, (killed, of) in sorted(folders.items()):
        print(f"| {folder} | {killed} | {of} | {100 * killed / of:.0f} % |")
    killed = sum(killer is not None for killer in killers.values())
    print(f"| all | {killed} | {len(mutants)} | {100 * killed / len(mutants):.1f} % |")
    return killed == len(mutants)


def work(mutants, options):
    WORK.mkdir(parents=True, exist_ok=True)
    workshops = queue.Queue()
    for number in range(options.jobs):
        workshop = Workshop(number)
        workshop.prepare()
        workshops.put(workshop)
    if not options.random and not options.trust:
        check_unchanged(workshop, mutants)

    def one(mutant):
        workshop, start = workshops.get(), time.monotonic()
        killer = workshop.try_all(mutant, options.labels.split(",")) if options.random else workshop.try_out(mutant)
        workshops.put(workshop)
        shown = f"{mutant.title}: {mutant.old.strip()}  →  {mutant.new.strip()}" if options.random else mutant.title
        print(f"| {mutant.file} | {shown} | {killer or '**survives**'} | {time.monotonic() - start:.0f} s |", flush=True)
        return killer

    print("| file | change | killed by | |\n|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        killers = dict(zip(mutants, pool.map(one, mutants)))
    built = [mutant for mutant in mutants if killers[mutant] != "the compiler"]
    for mutant in mutants:
        if killers[mutant] == "the compiler" and not options.random:
            print(f"does not build: {mutant.title}")
    good = report(built, {mutant: killers[mutant] for mutant in built})
    return good and (options.random or len(built) == len(mutants))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", metavar="LIST,…", help="names of lists, without .txt [all]")
    p.add_argument("--match", metavar="TEXT", default="", help="only entries whose title has this")
    p.add_argument("--jobs", type=int, default=1, help="copies of the tree that work side by side [1]")
    p.add_argument("--check", action="store_true", help="only look whether the entries fit the sources")
    p.add_argument("--trust", action="store_true", help="do not begin with the tests on the unchanged sources")
    p.add_argument("--random", type=int, metavar="N", help="N changes by chance")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--folder", default="src/model,src/train,src/report", help="for --random [%(default)s]")
    p.add_argument("--labels", default="unit,mpi,cli,fault", help="for --random, in this order [%(default)s]")
    options = p.parse_args()
    if options.random:
        return 0 if work(random_mutants(options.folder.split(","), options.random, options.seed), options) else 1
    names = options.only.split(",") if options.only else sorted(path.stem for path in HERE.glob("*.txt"))
    mutants = [mutant for name in names for mutant in parse(HERE / f"{name}.txt") if options.match in mutant.title]
    misfits = [f"{mutant.title}: {why}" for mutant in mutants if (why := misfit(mutant))]
    if misfits or not mutants:
        print("\n".join(misfits or ["no entry is meant"]), file=sys.stderr)
        return 1
    if options.check:
        print(f"{len(mutants)} entries fit")
        return 0
    return 0 if work(mutants, options) else 1


if __name__ == "__main__":
    sys.exit(main())
