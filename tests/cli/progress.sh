#!/usr/bin/env bash
# The progress line on terminals of several widths, resized in between; and in a log, where nothing is overwritten.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'

make_data data
train=("$lwssim" train --data data "${tiny[@]}" --time-limit 2 --grid 0 --checkpoint-every 0 --eval-every 0)

# seen NAME WIDTHS [VARIABLE=VALUE…] -- OPTION…: what stood on the terminal to the file NAME, a line a status.
seen() {
    local name=$1 widths=$2 settings=()
    shift 2
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    rm -rf run
    env -u COLUMNS -u LC_ALL -u LC_CTYPE -u LANG TERM=xterm "${settings[@]}" /usr/bin/python3 -B \
        "$root/tests/cli/terminal.py" "$widths" "${train[@]}" --run run "${@:2}" >"$name" 2>err ||
        fail "$name: $(tail -n 3 err) $(tail -n 5 "$name")"
}
UTF8=LC_ALL=C.UTF-8
for width in 40 60 80 200; do
    seen $width.txt $width $UTF8 -- --steps 100000
    [ "$(wc -l <$width.txt)" -ge 4 ] || fail "few lines at $width columns"
    # what matters most is there at any width
    grep -vE '(^| )[0-9]+/100000  .*loss [0-9.]+.*  [0-9 ms]+ left' $width.txt >other.txt &&
        fail "at $width columns: $(head -n 1 other.txt)"
done
expect_no_text 'epoch|images/s' 40.txt
expect_text '^step [0-9]+/100000  epoch [0-9.]+  loss [0-9.]+  [▁▂▃▄▅▆▇█]{6,32}  [0-9]+ images/s  [0-9]+ s left$' 200.txt
seen vae.txt 120 $UTF8 -- --steps 100000 --model vae
expect_text ' loss [0-9.]+ \(recon [0-9.]+, KL [0-9.e-]+\)  ' vae.txt
seen vae-40.txt 40 $UTF8 -- --steps 100000 --model vae
expect_text '^(step )?[0-9]+/100000  loss [0-9.]+  ' vae-40.txt
# Without UTF-8, nothing but ASCII.
seen ascii.txt 200 LC_ALL=C -- --steps 100000
expect_text '  [_.~=+*#-]{6,32}  [0-9]+ images/s' ascii.txt
if LC_ALL=C grep -v '^[ -~]*$' ascii.txt; then fail 'more than ASCII'; fi
# The terminal gets narrower and wider on the way.
seen resized.txt 200,40,90 $UTF8 -- --steps 100000
expect_text 'images/s' resized.txt
# One that does not say how wide it is.
seen told.txt 0 COLUMNS=50 $UTF8 -- --steps 100000
[ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' told.txt)" -le 49 ] || fail 'COLUMNS is not heeded'

# ---- where nothing can be overwritten -----------------------------------------------------------------------------------
plain() { # plain FILE
    LC_ALL=C tr -d '\200-\377\n' <"$1" | LC_ALL=C grep -q '[^ -~]' && fail "control characters in a log: $(cat -v "$1")"
    [ "$(grep -c '^step [0-9]*/' "$1")" = 2 ] || fail "not the first and the last step: $(cat "$1")"
}
rm -rf run
expect 0 "${train[@]}" --run run --steps 200 --time-limit 60
plain err
rm -rf run
env TERM=dumb /usr/bin/python3 -B "$root/tests/cli/terminal.py" --raw 80 "${train[@]}" --run run --steps 200 \
    --time-limit 60 2>&1 | tr -d '\r' >dumb.txt
plain dumb.txt
