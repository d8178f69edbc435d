#!/usr/bin/env bash
# Contents decide what is an image; what is left out is said with counts. Names of any bytes, and archives as other
# systems write them.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

ppm() { { printf 'P6\n8 8\n255\n'; head -c 192 /dev/zero | tr '\0' "$2"; } >"$1"; }

mkdir mixed
for i in $(seq 1 6); do ppm "mixed/$i.jfif" "\\$((100 + i))"; done
ppm mixed/plain 'a'
ppm mixed/x.ppm 'b'
touch mixed/a.mp4 mixed/b.mov mixed/c.pdf mixed/d.txt mixed/e
expect 0 ranks 2 prepare --input mixed --size 16 --output data
expect_text 'prepare: 8 images: recipe folder, crop square, random split 0.8,0.1,0.1, seed 1: 6 to train' err
expect_text 'not taken, for they are no images: 2 videos, 1 text, 1 document, 1 other file$' err
expect_no_text 'warning' err
touch mixed/f.heic
mkfifo mixed/pipe.png mixed/.hidden
expect 0 ranks 1 prepare --input mixed --size 16 --output data --overwrite
expect_text 'warning: not taken, for they are no images: 1 picture of formats that are not read, 2 videos' err
expect_text 'warning: left out: 1 of pipes, sockets and devices, which are not opened: pipe.png$' err
expect_text '^Pipes, sockets and devices, not opened: 1$' data/prepare-report.txt

# A name that is not UTF-8, one that would clear the screen, one that is another's escape.
mkdir names
ppm $'names/gr\xfcn.ppm' 'a'
ppm $'names/\x1b[2J.ppm' 'b'
ppm 'names/gr\xfcn.ppm' 'c'
printf 'P6' >$'names/bad\xff.ppm'
expect 0 ranks 2 prepare --input names --size 16 --split 1,0,0 --output named
expect_text '^bad\\xff.ppm: ' named/prepare-report.txt
for name in 'gr\xfcn.ppm' '\x1b[2J.ppm' 'gr\\xfcn.ppm'; do
    grep -aqF -- "$name" named/train-00000-of-00001.h5 || fail "$name is not among the dataset's names"
done
if iconv -f UTF-8 -t UTF-8 named/prepare-report.txt err >/dev/null 2>&1; then :; else fail "what is said is not UTF-8"; fi

# Archives: other systems' slashes, ways out, zip64, a name of 60,000 bytes.
python3 - <<'END'
import io, zipfile
picture = b"P6\n8 8\n255\n" + bytes(192)
with zipfile.ZipFile("odd.zip", "w") as out:
    for name in ("photos\\a.ppm", "photos\\.thumbs\\a.ppm", "./b.ppm", "x/../c.ppm", "../d.ppm", "n" * 60000 + ".ppm"):
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        out.writestr(entry, picture)
    with out.open("large.ppm", "w", force_zip64=True) as entry:
        entry.write(picture)
END
expect 0 ranks 2 prepare --input odd.zip --size 16 --split 1,0,0 --output odd
expect_text 'warning: left out: 1 whose names lead out of the archive: \.\./d.ppm$' err
expect_text 'prepare: 5 images' err
expect_text 'warning: 1 images could not be used' err
expect_text '^n{64}…: a name of more than 4096 bytes$' odd/prepare-report.txt
[ "$(stat -c %s odd/train-00000-of-00001.h5)" -lt 100000 ] || fail 'a long name made a large dataset'

head -c 1000 odd.zip >cut.zip
each 1 'cut.zip as a zip: its end is missing or damaged, as where a download broke off' prepare --input cut.zip --output new
printf '<!DOCTYPE html><html>' >page.zip
each 1 'page.zip as a zip: it is a web page' prepare --input page.zip --output new
mkfifo waits.zip
each 1 'waits.zip is neither a folder nor a file' prepare --input waits.zip --output new
absent new
