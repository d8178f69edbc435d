#!/usr/bin/env bash
# Celeb-A as Kaggle, the shared drive and people's own zips lay it out: its official split is found and said each time,
# and where it is not, that is said.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

lay() { python3 "$root/tests/cli/celeba.py" "$@"; }
has='prepare: 20 of the 202,599 images of Celeb-A: recipe celeba by names and sizes, crop 140x140'

# official LIST ARGUMENT…: the split is that of LIST, on one rank and on two, with the same bytes.
official() {
    local list=$1
    shift
    rm -rf data again
    expect 0 ranks 0 prepare --size 16 --output data "$@"
    expect_text "$has, official split by $list: 10 to train, 5 valid, 5 test\$" err
    expect_no_text 'warning' err
    expect_text '^train +10 ' data/prepare-report.txt
    expect_text '^test +5 ' data/prepare-report.txt
    expect 0 ranks 2 prepare --size 16 --output again "$@"
    same_folder data again
}

lay zip kaggle/archive.zip img_align_celeba/img_align_celeba/ list_eval_partition.csv
official kaggle/archive.zip/list_eval_partition.csv --input kaggle/archive.zip
lay list kaggle/list_eval_partition.csv csv
official kaggle/list_eval_partition.csv --input kaggle/archive.zip
official kaggle/list_eval_partition.csv --input kaggle/archive.zip --partition kaggle/list_eval_partition.csv

lay zip packed/celeba.zip img_align_celeba/ celeba/lists/list_eval_partition.txt
official packed/celeba.zip/celeba/lists/list_eval_partition.txt --input packed/celeba.zip

lay zip drive/Img/img_align_celeba.zip img_align_celeba/
lay list drive/Eval/list_eval_partition.txt txt
official drive/Eval/list_eval_partition.txt --input drive/Img/img_align_celeba.zip
lay folder drive/Img/img_align_celeba
official drive/Eval/list_eval_partition.txt --input drive/Img/img_align_celeba/
mv drive/Img/img_align_celeba.zip kept.zip
official drive/Eval/list_eval_partition.txt --input drive
official drive/Eval/list_eval_partition.txt --input drive/Img
(cd drive/Img/img_align_celeba && expect 0 ranks 0 prepare --size 16 --input . --output ../../../here)
expect_text "official split by \./\.\./\.\./Eval/list_eval_partition.txt: 10 to train" err

lay folder png/img_align_celeba_png %06d.png
for form in txt cr folders; do
    lay list png/list_eval_partition.txt $form
    official png/list_eval_partition.txt --input png/img_align_celeba_png
done

# ---- no list, or one that does not fit -----------------------------------------------------------
expect 0 ranks 0 prepare --size 16 --output random --input kept.zip
expect_text "$has, random split 0.8,0.1,0.1, seed 1: 16 to train, 2 valid, 2 test\$" err
expect_text 'warning: these look like images of Celeb-A, and their split is random.*--partition FILE' err

sed -i 3,9d drive/Eval/list_eval_partition.txt
echo '202599.jpg 2' >>drive/Eval/list_eval_partition.txt
expect 0 ranks 2 prepare --size 16 --output part --input drive/Img/img_align_celeba
expect_text 'warning: 7 of 20 images are left out, for drive/Eval/list_eval_partition.txt does not name them: 000003' err
expect_text '1 of 14 names in drive/Eval/list_eval_partition.txt are of no image: 202599.jpg' err

# Own photographs with a list are no Celeb-A.
lay folder photos IMG_%d.jpg
printf 'IMG_%d.jpg 0\n' {1..20} >mine.txt
expect 0 ranks 0 prepare --size 16 --output own --input photos --partition mine.txt
expect_text 'prepare: 20 images: recipe folder, crop square, split by mine.txt: 20 to train, 0 valid, 0 test$' err
expect 0 ranks 0 prepare --size 16 --output drawn --synthetic 1200
expect_text 'prepare: 1,200 synthetic faces: recipe synthetic, crop none, random split .*: 960 to train' err
