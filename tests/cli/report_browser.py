"""Opens reports in headless Chromium, as wide as a desktop and as a phone, and prints what is wrong, a line each: errors on
the console, any request that is not for the file itself, a page wider than its window. Exit code 77 where there is no
Chromium. Usage: report_browser.py FOLDER FILE…; the folder is for its own files."""

import json
import pathlib
import re
import shutil
import subprocess
import sys

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
# The browser itself asks these for the time, for updates, for an account, whatever it shows.
OWN = re.compile(r"https?://([a-z0-9-]+\.)*(google|googleapis|gvt1|gstatic)\.com[/:]")

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
         "--disable-extensions", "--disable-dev-shm-usage", "--allow-file-access-from-files",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"]

FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><iframe id="f" src="{uri}"
style="border:0;width:{width}px;height:900px"></iframe><script>
document.getElementById("f").onload = function () {{
    var d = this.contentDocument, e = d.documentElement, bad = 0;
    for (var i of d.images) if (!i.complete || i.naturalWidth === 0) bad++;
    document.title = "measured " + Math.max(e.scrollWidth, d.body.scrollWidth) + " " + bad;
}};</script>"""


def browse(folder, uri, width):
    """What the browser says, and what it asked for, as lines."""
    log = folder / "net.json"
    log.unlink(missing_ok=True)
    done = subprocess.run([BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
                           f"--window-size={max(width, 500)},1000", "--virtual-time-budget=5000", "--dump-dom", uri],
                          capture_output=True, text=True, errors="replace", timeout=120, check=False)
    wrong = [line for line in done.stderr.splitlines() if re.search(r":CONSOLE[:(]", line)]
    urls = set(re.findall(r'"url":"([^"]*)"', log.read_text(errors="replace"))) if log.exists() else set()
    if not log.exists():
        wrong.append("the browser kept no log of its requests")
    wrong += [f"asks for {url[:100]}" for url in sorted(urls)
              if not re.match(r"file:|data:|chrome:|devtools:", url) and not OWN.match(url)]
    return done.stdout, wrong


def check(folder, path):
    wrong = []
    for width in (1280, 390):
        frame = folder / "frame.html"
        frame.write_text(FRAME.format(uri=path.as_uri(), width=width), encoding="utf-8")
        dom, complaints = browse(folder, frame.as_uri(), width)
        wrong += [f"{path.name} at {width}: {text}" for text in complaints]
        found = re.search(r"measured (\d+) (\d+)", dom)
        if not found:
            wrong.append(f"{path.name} at {width}: was not opened")
        elif int(found[1]) > width:
            wrong.append(f"{path.name} at {width}: {found[1]} pixels wide")
        elif int(found[2]) > 0:
            wrong.append(f"{path.name} at {width}: {found[2]} pictures are not shown")
    return wrong


def main():
    if not BROWSER:
        sys.exit(77)
    folder = pathlib.Path(sys.argv[1]).resolve()
    wrong = [text for name in sys.argv[2:] for text in check(folder, pathlib.Path(name).resolve())]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
