#!/usr/bin/env bash
# The report: valid and complete for one run, many, a table and what is damaged; bounded; never over another file; the same
# bytes for the same run; rewritten by training. Opened in a browser where there is one.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
[ -x /usr/bin/python3 ] || skip 'python3 is not installed'

# valid FILE [MOST_BYTES]
valid() { /usr/bin/python3 -B "$root/tests/cli/report_html.py" "$@" >html.txt || fail "$1: $(cat html.txt)"; }
# The same but for names, machine and speed.
plain() {
    awk '/<b>Images a second/ { off = 1 } !off && !/Time of training|ms a step/; /<\/figure>/ { off = 0 }' "$1" |
        sed -E 's/(alone|three)(: | – |<)/X\2/'
}

make_data data
system=(train --data data "${tiny[@]}" --eval-every 10 --log-every 2)
expect 0 ranks 0 "${system[@]}" --run run --steps 40 --model vae --loss mse
absent run/report.html
expect 0 ranks 0 report run
expect_text 'the report is in run/report.html$' err
valid run/report.html
cp run/report.html first.html
expect 0 ranks 0 report run/
same_file first.html run/report.html
expect 0 env OMP_NUM_THREADS=3 "$lwssim" report run --output threads.html
same_file first.html threads.html
for what in '<h1>run</h1>' 'SSIM-G11, validation' 'aria-label="Loss: last ' 'alt="image 8: step 40"' 'alt="original"' 'Samples' \
    'drawn from the prior' 'Walks through the code' 'slope -?[0-9.]+, correlation' '14 of 14 images of the test split' \
    '<th scope="row">base-channels</th>|<th scope="row">model</th><td>vae' 'of 40: done'; do
    expect_text "$what" first.html
done
expect_no_text 'http-equiv|Left out|left out' first.html

# ---- what is shown is what is ------------------------------------------------------------------------------------
last=$(grep '"evaluation"' run/metrics.jsonl | tail -n 1 | sed -E 's/.*"mse":([^,]*),.*/\1/')
expect_text "<dt>MSE, validation</dt><dd>$(awk "BEGIN { printf \"%.4g\", $last }")<" first.html
expect 0 ranks 0 evaluate --run run --json figures.json
mse=$(tr -d ' \t\n' <figures.json | sed -E 's/.*"mse":\{"mean":([^,]*),.*/\1/')
expect_text "MSE <b>$(awk "BEGIN { printf \"%.4g\", $mse }")</b>" first.html

# The best first, then the worst, worst first: six of each, and no other is beyond them.
grep -o 'figcaption>SSIM-G11 [-0-9.e]*, MSE' first.html | cut -d' ' -f2 | tr -d , >order.txt
awk '{ v[NR] = $1 } END { for (i = 2; i <= 12; i++) if (i <= 6 ? v[i] > v[i - 1] : i > 7 && v[i] < v[i - 1]) exit 1
    exit !(NR == 12 && v[1] > v[7] && v[6] >= v[12]) }' order.txt || fail "best and worst: $(tr '\n' ' ' <order.txt)"

# ---- other models, and several -----------------------------------------------------------------------------------
expect 0 ranks 0 "${system[@]}" --run 'ae<script>alert(1)&"' --steps 20 --model ae --profile
expect 0 ranks 0 report 'ae<script>alert(1)&"' --output ae.html
valid ae.html
expect_text '<h1>ae&lt;script&gt;alert\(1\)&amp;&quot;</h1>' ae.html
expect_text 'fitted to those of images' ae.html
expect_text '<th scope="row">convolution' ae.html
expect 0 ranks 0 report run 'ae<script>alert(1)&"' --output two.html
valid two.html
expect_text '<th scope="row">loss</th>' two.html
expect_text '2 runs, with what they differ in' two.html

# The least loss is the best where all runs minimise the same, whatever else they differ in.
cp -r run low
sed -i -E 's/"loss":[^,}]*/"loss":0.00123/' low/metrics.jsonl
lowest='<td class="best">0\.00123</td>'
sed -i 's/^lr = .*/lr = 0.5/' low/config.ini
expect 0 ranks 0 report run low --output low.html
expect_text "$lowest" low.html
expect_text 'best of a column is bold\.' low.html
for change in 's/^loss = .*/loss = mae/' 's/^windows = .*/windows = 3/' 's/^recon-weight = .*/recon-weight = 1.5/' \
    's/^model = .*/model = ae/' 's/^kl-weight = .*/kl-weight = 2/'; do
    cp run/config.ini low/config.ini
    sed -i "$change" low/config.ini
    ! cmp -s run/config.ini low/config.ini || fail "$change changes nothing"
    expect 0 ranks 0 report run low --output low.html
    expect_no_text "$lowest" low.html
    expect_text 'best of a column is bold, but of losses, which are not of one kind\.' low.html
done
expect_error 2 'report: --output HTML is needed, as there are 2 folders' "$lwssim" report run 'ae<script>alert(1)&"'

# ---- while it trains ---------------------------------------------------------------------------------------------
patience=120 expect 0 ranks 0 "${system[@]}" --run alone --steps 40 --model vae --loss mse --report-every 10
patience=120 expect 0 ranks 3 "${system[@]}" --run three --steps 40 --model vae --loss mse --report-every 10
for name in alone three; do
    valid $name/report.html
    expect_text "[0-9] ranks? of [0-9]+ thread" $name/report.html
    expect_no_text 'http-equiv' $name/report.html
done
plain alone/report.html >alone.txt
plain three/report.html >three.txt
same_file alone.txt three.txt
grep -o 'src="[^"]*"' first.html | cmp -s - <(grep -o 'src="[^"]*"' three/report.html) ||
    fail 'training and report show different pictures'
"$lwssim" "${system[@]}" --run endless --steps 1000000 --report-every 1 --eval-every 0 --checkpoint-every 0 2>endless.txt &
children+=($!)
for ((i = 0; i < 300; i++)); do
    ! grep -qs 'http-equiv="refresh"' endless/report.html || break
    sleep .1
done
cp endless/report.html under-way.html || fail 'no report while training goes on'
valid under-way.html
expect_text '<meta http-equiv="refresh" content="[0-9]+">' under-way.html
kill -TERM "${children[-1]}"
wait "${children[-1]}" && fail 'training was not stopped' || [ $? = 75 ] || fail "training ended with $?"
valid endless/report.html
expect_no_text 'http-equiv' endless/report.html
expect 1 ranks 0 "${system[@]}" --run wild --steps 60 --lr 1000 --weight-decay 100 --model mmd-ae --report-every 1000
expect_text 'Diverged in step' wild/report.html
expect_no_text 'http-equiv' wild/report.html

# A file that is no report stays; a report of the run goes with it.
mkdir -p kept
expect 0 ranks 0 "${system[@]}" --run kept --steps 2
echo mine >kept/report.html
expect 0 ranks 0 train --run kept --resume --steps 4 --report-every 1
[ "$(grep -c 'warning: .*kept/report.html is there and is no report of lwssim.*without the report' err)" = 1 ] ||
    fail "warnings: $(cat err)"
[ "$(cat kept/report.html)" = mine ] || fail 'a file was written over'
expect_error 2 'kept/report.html is there and is no report' "$lwssim" report kept
expect 0 ranks 0 "${system[@]}" --run kept --steps 2 --overwrite
[ "$(cat kept/report.html)" = mine ] || fail 'a file was removed'
cp first.html alone/report.html
expect 0 ranks 0 "${system[@]}" --run alone --steps 2 --overwrite
absent alone/report.html

# ---- what is no run, what is damaged, what is gone ---------------------------------------------------------------
mkdir nothing
echo x >file
for path in nothing file data gone; do
    expect_error 2 "$path is neither the folder of a run .* nor that of a table" "$lwssim" report $path --output x.html
done
expect_error 2 'report: the folder of a run is needed' "$lwssim" report
expect_error 2 'run/metrics.jsonl is there and is no report' "$lwssim" report run --output run/metrics.jsonl
expect_error 1 'cannot' "$lwssim" report run --output missing/x.html
absent x.html

cp -r run hurt
printf '{"type":"train","step":41,"loss":NaN,"recon":1}\n[1]\n{"type":"train","step":42,"loss":null}\n\xff\n{"type":"tr' \
    >>hurt/metrics.jsonl
printf '\x89PNG\r\n\x1a\nx' >hurt/images/step-000000010.png
echo '{' >hurt/test.json
sed -i 's|^data = .*|data = <script>alert("1")</script>\&|' hurt/config.ini
expect 0 ranks 0 report hurt
valid hurt/report.html
expect_text 'hurt: 3 lines of its log could not be read: .*test.json is damaged' hurt/report.html
expect_text 'step 10 is left out: .*step-000000010.png' hurt/report.html
expect_text '<td>&lt;script&gt;alert\(&quot;1&quot;\)&lt;/script&gt;&amp;</td>' hurt/report.html
expect_text 'Left out: .*&lt;script&gt;' hurt/report.html
cp -r run bare
rm -r bare/checkpoints bare/images
: >bare/metrics.jsonl
expect 0 ranks 0 report bare
valid bare/report.html
expect_text 'There are no figures of training yet' bare/report.html
expect_text 'Left out: there is no checkpoint yet' bare/report.html
make_data other --seed 7
cp -r run moved
sed -i 's|^data = .*|data = other|' moved/config.ini
expect 0 ranks 0 report moved
expect_text 'Left out: other now holds other images than those of this run' moved/report.html
expect_no_text 'alt="original"' moved/report.html

# ---- a table, and many -------------------------------------------------------------------------------------------
mkdir -p table/cells
cp -r run table/cells/vae-mse-1
cp -r 'ae<script>alert(1)&"' table/cells/ae-lwssim-1
cp run/images/step-000000040.png table/figure1.png
cat >table/cells/vae-mse-1/test.json <<'JSON'
{"cell":"vae-mse-1","model":"vae","loss":"mse","seed":1,"steps":40,"images":14,
 "ssim_g11":{"mean":0.4321,"standard_error":0.01},"mse":{"mean":0.0987,"standard_error":0.001},"ranks":2,"threads":1}
JSON
cat >table/table.json <<'JSON'
{"title":"Table 1 <b>","models":["vae"],"losses":["mse"],"rows":[{"model":"vae","loss":"mse","seeds":3,
 "values":{"ssim_g11":{"mean":0.4321,"error":0.0123,"paper":0.54},"mse":{"mean":0.0987,"error":null}}}],
 "claims":[{"model":"vae","text":"LWSSIM > MSE","difference":0.05,"low":0.01,"high":0.09,"p":0.003,"verdict":"holds"}],
 "figures":["figure1.png","../file","none.png"],"command":"lwssim table1 --data x","machine":"a machine","seconds":12}
JSON
expect 0 ranks 0 report table/
valid table/report.html
for what in '<h1>table</h1>' 'Table 1 &lt;b&gt;</h2>' '0.4321 ± 0.0123<br><span class="aside">paper 0.54' 'LWSSIM &gt; MSE' \
    '<b class="good">holds' 'alt="figure1.png"' '<th scope="row">vae-mse-1</th>' 'SSIM-G11, test' \
    'lwssim table1 --data x'; do
    expect_text "$what" table/report.html
done
expect_no_text 'alt="../file"' table/report.html
for ((i = 0; i < 300; i++)); do
    mkdir -p "many/run-$i"
    cp -r run/images run/metrics.jsonl "many/run-$i"
    sed "s/^seed = .*/seed = $i/; s/^lr = .*/lr = 0.00$((i % 5 + 1))/" run/config.ini >"many/run-$i/config.ini"
done
for ((i = 0; i < 60; i++)); do
    for ((k = 41; k < 141; k++)); do
        printf '{"type":"train","step":%d,"loss":0.%d}\n' $((k + i)) $((i * 31 + k))
    done >>many/run-$i/metrics.jsonl
done
expect 0 ranks 0 report many/* --output many.html
valid many.html 5000000
expect_text '300 runs, with what they differ in' many.html
expect_text 'Coloured by lr' many.html
expect_error 2 'more than 1000 runs' "$lwssim" report many/* many/* many/* many/* --output x.html

# ---- in a browser ------------------------------------------------------------------------------------------------
browse() { timeout 300 /usr/bin/python3 -B "$root/tests/cli/report_browser.py" browser "$@" >browser.txt; }
mkdir browser
sed 's|</main>|<script>console.error("x")</script><img alt="" src="http://127.0.0.1:9/a.png"><div style="width:1500px">w</div></main>|' \
    first.html >wrong.html
code=0
browse wrong.html || code=$?
if [ $code = 77 ]; then
    echo 'no Chromium here: the reports were not opened in a browser' >&2
else
    for what in CONSOLE 'asks for http://127.0.0.1:9/a.png' 'at 390: [0-9]+ pixels wide'; do expect_text "$what" browser.txt; done
    browse first.html many.html table/report.html hurt/report.html || fail "$(cat browser.txt)"
fi
