#!/usr/bin/env bash
# Datasets, checkpoints and runs that earlier versions have written (../old-files) verify, say the same of themselves,
# evaluate to the figures of then, and go on as they would have.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

cp -r "$root/tests/old-files" old
cd old
checkpoints=(run/checkpoints/step-000000002.h5 run/checkpoints/step-000000004.h5 run-schema1/checkpoints/step-000000004.h5)

# ---- as written --------------------------------------------------------------------------------------------------
expect 0 ranks 0 verify dataset run run-schema1 "${checkpoints[@]}"
[ "$(wc -l <"$tmp/out")" = 10 ] || fail "not every file was verified: $(cat "$tmp/out")"

for path in dataset dataset/*.h5 "${checkpoints[@]}"; do
    echo "\$ inspect $path"
    ranks 0 inspect "$path"
done >said.txt
diff expected/inspect.txt said.txt >&2 || fail "inspect says something else of files that are the same"

# ---- figures -----------------------------------------------------------------------------------------------------
# figures FILE: "NAME NUMBER" a line, of what JSON says; without what is of the machine and the moment.
figures() {
    grep -oE '"[a-z_0-9]+":[[:space:]]*-?[0-9][-+.0-9e]*|"[a-z_0-9]+":[[:space:]]*[{]' "$1" | tr -d ' \t"' | tr ':' ' ' |
        grep -vE '^(images_per_second|seconds) '
}

# close FILE FILE: the same names in the same order (newer ones come after them), and numbers that another kernel of matrix products may differ in.
close() {
    paste -d' ' <(figures "$1") <(figures "$2" | head -n "$(figures "$1" | wc -l)") | awk '
        { differs = $1 != $3 || NF != 4 }
        !differs && $2 != "{" { d = $2 - $4; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2; differs = d > 1e-4 * s }
        differs { print "    " $0; found = 1 }
        END { exit found || NR == 0 }' >&2 || fail "other figures in $2 than in $1"
}

for run in run run-schema1; do
    expect 0 ranks 0 evaluate --run $run --data dataset --json $run.json
    close expected/evaluate.json $run.json
done

# ---- going on ----------------------------------------------------------------------------------------------------
for run in run run-schema1; do
    for n in 1 2; do
        rm -rf again
        cp -r $run again
        expect 0 ranks $n train --run again --data dataset --resume --steps 6
        head -n "$(wc -l <$run/metrics.jsonl)" again/metrics.jsonl | cmp - $run/metrics.jsonl || fail "the log of $run is another"
        tail -n 3 again/metrics.jsonl >went-on.jsonl
        close expected/resume.jsonl went-on.jsonl
        expect 0 ranks 0 verify again
        ranks 0 inspect --digest again >>digests.txt
    done
done
# A checkpoint of the first schema leads to the same as one of the second.
[ "$(sort -u digests.txt | wc -l)" = 1 ] || fail "runs went on to different states: $(cat digests.txt)"
