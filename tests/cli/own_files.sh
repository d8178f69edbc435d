#!/usr/bin/env bash
# A run touches the files that are its own, by what is in them, and no others: of a folder that is no run's, of a run's
# folder, and of checkpoints that are damaged, renamed or cannot be read.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=("${tiny[@]}" --eval-every 0 --checkpoint-every 10 --log-every 1 --keep 10)
new=(train --data data "${system[@]}" --steps 10)

# refuses FOLDER PATTERN COMMAND…: refused (exit code 2), naming what is in the way; nothing in the folder changes.
refuses() {
    local folder=$1 pattern=$2
    shift 2
    cp -a "$folder" kept
    expect_error 2 "$pattern" "$@"
    same_folder kept "$folder"
    rm -rf kept
}

# ---- a folder where no run lives ---------------------------------------------------------------------
# foreign FILE: a folder with just this file of the user's.
foreign() {
    rm -rf foreign
    mkdir -p "foreign/$(dirname "$1")"
    echo 'mine' >"foreign/$1"
}
for file in metrics.jsonl notes.txt config.ini checkpoints images checkpoints/step-000000010.h5 checkpoints/mine.h5 \
    images/step-000000010.png profile-0.json train-00000-of-00001.h5; do
    foreign $file
    refuses foreign "foreign holds $file, and no run.*another --run" ranks 0 "${new[@]}" --run foreign
    refuses foreign "foreign holds $file, and no run" ranks 0 "${new[@]}" --run foreign --overwrite
done
refuses foreign "foreign holds $file" ranks 3 "${new[@]}" --run foreign
printf '[server]\nport = 80\n' >foreign/config.ini
refuses foreign "foreign holds config.ini" ranks 0 "${new[@]}" --run foreign --overwrite
refuses data "data holds prepare-report.txt, and no run" ranks 0 "${new[@]}" --run data --overwrite

# Names with a dot are in nobody's way, and nobody's to delete.
hidden=(.gitkeep .config.ini.partial .metrics.jsonl.12.partial checkpoints/.step-mine
    checkpoints/.step-000000010.h5.partial images/.step-mine.png)
for file in "${hidden[@]}"; do
    foreign "$file"
    expect 0 ranks 0 "${new[@]}" --run foreign
    [ "$(cat "foreign/$file")" = mine ] || fail "train deleted $file"
done
mkdir empty
expect 0 ranks 0 "${new[@]}" --run empty

# What a start leaves that is killed before it has written anything, and before its first checkpoint.
mkdir -p killed/checkpoints killed/images
: >killed/.lwssim-lock
expect 0 ranks 0 "${new[@]}" --run killed
rm killed/checkpoints/*
for part in checkpoints/.step-000000010.h5 .config.ini .metrics.jsonl images/.step-000000010.png; do
    echo 'half' >"killed/$part.4711.partial"
done
expect 0 ranks 0 train --run killed --resume
expect_text 'no checkpoint yet: starting from the first step' err
same_file killed/checkpoints/step-000000010.h5 empty/checkpoints/step-000000010.h5
[ -z "$(find killed -name '*.partial')" ] || fail "left behind: $(find killed -name '*.partial' | tr '\n' ' ')"

# ---- a run's own folder ------------------------------------------------------------------------------
expect 0 ranks 0 "${new[@]}" --run run --steps 40
cp -a run thrown
for file in notes.txt checkpoints/mine.h5 checkpoints/step-10.h5 checkpoints/.step-mine images/mine.png; do
    echo 'mine' >thrown/$file
done
echo 'mine' >thrown/checkpoints/step-000000030.h5 # a text, whatever its name
cp run/checkpoints/step-000000010.h5 thrown/checkpoints/step-000000099.h5
expect 0 ranks 0 "${new[@]}" --run thrown --steps 4 --overwrite
for file in notes.txt checkpoints/mine.h5 checkpoints/step-10.h5 checkpoints/.step-mine images/mine.png \
    checkpoints/step-000000030.h5.damaged; do
    [ "$(cat thrown/$file)" = mine ] || fail "--overwrite took $file"
done
same_file run/checkpoints/step-000000010.h5 thrown/checkpoints/step-000000099.h5.misnamed
[ "$(find thrown/checkpoints -name 'step-?????????.h5')" = thrown/checkpoints/step-000000004.h5 ] ||
    fail "--overwrite left $(find thrown/checkpoints -name '*.h5' | tr '\n' ' ')"

# The timelines of ranks that there no longer are go; what else is called like them stays.
for n in 3 2; do expect 0 ranks $n "${new[@]}" --run profiled --overwrite --profile; done
[ ! -e profiled/profile-2.json ] || fail 'the timeline of a rank of the run before is left'
echo 'mine' >profiled/profile-2.json
expect 0 ranks 2 "${new[@]}" --run profiled --overwrite --profile
[ "$(cat profiled/profile-2.json)" = mine ] || fail 'profile-2.json, which is no timeline, is gone'
for n in 0 1; do
    cp profiled/profile-$n.json timeline
    echo 'mine' >profiled/profile-$n.json
    expect 0 ranks 2 "${new[@]}" --run profiled --overwrite --profile
    expect_text "warning: .*profiled/profile-$n.json is not a timeline" err
    [ "$(cat profiled/profile-$n.json)" = mine ] || fail "profile-$n.json, which is no timeline, is gone"
    mv timeline profiled/profile-$n.json
done

# What has the name of a picture, and of no timeline.
cp -a run pictured
echo 'mine' | tee pictured/images/step-000000042.png pictured/.profile-3.txt.4711.partial \
    pictured/.profile-x.json.4711.partial >/dev/null
echo 'half' >pictured/.profile-3.json.4711.partial
mkdir pictured/failure
for file in .failure.json.4711.partial .step-000000007.h5.4711.partial; do echo 'half' >pictured/failure/$file; done
echo 'mine' >pictured/failure/.mine.json.4711.partial
expect 0 ranks 0 train --run pictured --resume --steps 42 --eval-every 42
expect_text 'warning: .*images/step-000000042.png is no picture' err
[ "$(ls -A pictured/failure)" = .mine.json.4711.partial ] || fail "in pictured/failure: $(ls -A pictured/failure)"
expect 0 ranks 0 "${new[@]}" --run pictured --overwrite
for file in images/step-000000042.png .profile-3.txt.4711.partial .profile-x.json.4711.partial; do
    [ "$(cat pictured/$file)" = mine ] || fail "$file is gone"
done
[ ! -e pictured/.profile-3.json.4711.partial ] || fail 'a timeline that was cut off is left'

# Texts that are not the run's.
cp -a run mixed
mkdir mixed/failure
for file in metrics.jsonl config.ini failure/failure.json; do
    [ ! -e mixed/$file ] || cp mixed/$file own
    for text in 'mine' '{"mine": 1}' '[server]'; do
        echo "$text" >mixed/$file
        refuses mixed "mixed/$file has a name that a run gives.*move it away" ranks 0 "${new[@]}" --run mixed --overwrite
        [ $file != config.ini ] || continue # its first line that says nothing to train is named
        refuses mixed "mixed/$file has a name that a run gives" ranks 2 train --run mixed --resume --steps 42
    done
    rm mixed/$file
    [ ! -e own ] || mv own mixed/$file
done
printf '{"ty' >mixed/metrics.jsonl # cut off
expect 0 ranks 0 train --run mixed --resume --steps 42

# The file that --config names is no output.
mkdir byhand
printf '# mine\n[train]\nlr = 0.002\n' >byhand/config.ini
ln -s byhand/config.ini config-link
for config in byhand/config.ini config-link; do
    refuses byhand "over --config $config: copy" ranks 0 "${new[@]}" --run byhand --config $config
    refuses byhand "over --config $config: copy" ranks 2 "${new[@]}" --run byhand --config $config --overwrite
done
cp run/config.ini byhand/config.ini
refuses byhand "over --config config-link: copy" ranks 0 "${new[@]}" --run byhand --config config-link --overwrite
expect 0 ranks 0 train --run mixed --config mixed/config.ini --resume --steps 42

# A log that is kept elsewhere stays there.
cp -a run linked
mv linked/metrics.jsonl elsewhere.jsonl
ln -s ../elsewhere.jsonl linked/metrics.jsonl
expect 0 ranks 0 train --run linked --resume --steps 42
[ -L linked/metrics.jsonl ] || fail 'the link to the log is gone'
[ "$(grep -c '"type":"train"' elsewhere.jsonl)" = 42 ] || fail 'the log behind the link has not 42 steps'

# ---- damaged checkpoints -----------------------------------------------------------------------------
# resume STEPS PATTERN: goes on in "copy", with that warning.
resume() {
    expect 0 ranks 2 train --run copy --resume --steps "$1"
    expect_text "$2" err
}
anew() {
    rm -rf copy
    cp -a run copy
}
last=checkpoints/step-000000040.h5
sum=$(cksum <run/$last)
anew
head -c 5000 run/$last >copy/$last
cp copy/$last damaged
echo 'mine' >copy/$last.damaged
for command in "evaluate --data data --run" "reconstruct --input data --output y.png --run" inspect; do
    # shellcheck disable=SC2086 # words
    expect 0 ranks 0 $command copy
    expect_text "warning: .*$last.*passing over it" err
done
same_file damaged copy/$last
resume 41 "warning: copy/$last is kept as copy/$last.damaged-2"
same_file damaged copy/$last.damaged-2
[ "$(cat copy/$last.damaged)" = mine ] || fail 'a file was written over'
same_file run/checkpoints/step-000000030.h5 copy/checkpoints/step-000000030.h5
[ "$(cksum <run/$last)" = "$sum" ] || fail 'the run that was copied from has changed'
echo 'mine' >copy/checkpoints/step-mine.h5 # is no checkpoint's name
expect 0 ranks 0 verify copy

# One that the operating system does not give may be good: nothing goes on without it, and nothing happens to it.
for kind in loop dangling folder; do
    anew
    rm copy/$last
    case $kind in
    loop) ln -s step-000000040.h5 copy/$last ;;
    dangling) ln -s nowhere copy/$last ;;
    folder) mkdir copy/$last ;;
    esac
    stat -c '%N %s %Y' copy/checkpoints/* >listing
    expect_error 1 "$last: .*(symbolic links|No such file|not a regular file).*move it away" \
        ranks 0 train --run copy --resume
    expect_error 1 "$last: " ranks 3 train --run copy --resume --steps 50
    expect_error 1 "$last: " ranks 0 "${new[@]}" --run copy --overwrite
    expect 0 ranks 0 evaluate --run copy --data data
    expect_text "warning: .*$last.*passing over it" err
    stat -c '%N %s %Y' copy/checkpoints/* | diff - listing >&2 || fail "$kind: the checkpoints changed"
done

# Of another user, in a folder that is one's own.
mkdir nobody-tmp
chown 65534 nobody-tmp || true
chmod 755 "$tmp"
nobody=(env "TMPDIR=$tmp/nobody-tmp" setpriv --reuid 65534 --regid 65534 --clear-groups)
if "${nobody[@]}" "$lwssim" inspect run >/dev/null 2>&1; then
    anew
    chown -R 65534 copy
    chown 0 copy/$last
    chmod 600 copy/$last
    sum=$(cksum copy/checkpoints/*)
    expect_error 1 "$last: .*Permission denied.*move it away" \
        "${nobody[@]}" "$lwssim" train --run copy --resume --steps 50
    expect_error 1 "$last: .*Permission denied" \
        "${nobody[@]}" "$lwssim" train --run copy --overwrite --data data "${tiny[@]}"
    expect 0 "${nobody[@]}" "$lwssim" evaluate --run copy
    expect_text "warning: .*$last: .*Permission denied.*passing over it" err
    [ "$(cksum copy/checkpoints/*)" = "$sum" ] || fail 'a checkpoint that cannot be read was touched'
else
    echo 'note: the program does not run as another user, so no permissions were tested' >&2
fi

# ---- checkpoints under another name ------------------------------------------------------------------
anew
top=checkpoints/step-000000099.h5
cp copy/checkpoints/step-000000010.h5 copy/$top
cp copy/checkpoints/step-000000010.h5 copy/checkpoints/step-10.h5
expect_error 1 "$top holds the state of step 10, not of the step in its name" ranks 0 verify copy
expect_error 1 "$top holds the state of step 10" ranks 0 verify copy/$top
expect 0 ranks 0 evaluate --run copy --data data --json -
expect_text $'"step":\t40' out
resume 41 "warning: copy/$top holds the state of step 10.*passing over it"
expect_text 'resuming from copy/checkpoints/step-000000040.h5' err
for step in 10 20 30 40; do
    same_file run/checkpoints/step-0000000$step.h5 copy/checkpoints/step-0000000$step.h5
done
same_file run/checkpoints/step-000000010.h5 copy/$top
# It is neither counted among those to keep, nor written over.
expect 0 ranks 0 train --run copy --resume --steps 45 --checkpoint-every 1 --keep 2
expect_text "$top" err
ls copy/checkpoints >listing
printf '%s\n' step-000000044.h5 step-000000045.h5 step-000000099.h5 step-10.h5 | diff - listing >&2 ||
    fail 'with --keep 2 there is something else'
expect 0 ranks 0 train --run copy --resume --steps 99
expect_text "$top is kept as copy/$top.misnamed" err
same_file run/checkpoints/step-000000010.h5 copy/$top.misnamed
expect 0 ranks 0 verify copy
# None is taken where all are misnamed.
rm -r copy/checkpoints
mkdir copy/checkpoints
cp run/checkpoints/step-000000010.h5 copy/$top
expect_error 1 'none of the 1 checkpoints' ranks 0 train --run copy --resume

# ---- a run without its config.ini --------------------------------------------------------------------
anew
rm copy/config.ini
expect_error 2 '--data DIR is needed' ranks 0 train --run copy --resume --steps 42
expect_error 2 '--data DIR is needed' ranks 0 evaluate --run copy
expect_error 2 'copy already holds a run' ranks 0 "${new[@]}" --run copy
expect 0 ranks 3 train --run copy --resume --data data --steps 42 --eval-every 0
expect_text 'warning: copy has no config.ini' err
expect_text 'resuming from copy/checkpoints/step-000000040.h5' err
same_file linked/checkpoints/step-000000042.h5 copy/checkpoints/step-000000042.h5
[ -e copy/config.ini ] || fail 'config.ini was not written again'
expect_error 1 'made with' ranks 0 train --run copy --resume --lr 0.1 --steps 50
