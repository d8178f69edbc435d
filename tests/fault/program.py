"""What the scripts here share: the program, what stands between it and the machine, and how a check fails."""
import os
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
lwssim = os.path.realpath(os.environ.get("LWSSIM", f"{root}/build/release/src/cli/lwssim"))
build = os.environ.get("LWSSIM_BUILD", f"{root}/build/release")
shim = f"{build}/tests/fault/file_calls.so"
tiny = ["--preset", "tiny16", "--batch-size", "16", "--micro-batches", "8", "--windows", "3,7,11", "--threads", "1"]
failures = 0
place = ""  # what is being tried


def fail(message):
    global failures
    failures += 1
    print(f"FAILED ({os.path.basename(sys.argv[0])}) {place}: {message[:1000]}", file=sys.stderr, flush=True)


def check(good, message):
    if not good:
        fail(message)
    return good
