#!/usr/bin/env bash
# LWSSIM_ARCH: the same checkpoint on every instruction set that the machine has, from one OpenBLAS kernel; each command says
# which one is in use; and a word that is none, or one that the CPU lacks, is one message.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
unset LWSSIM_ARCH
export OPENBLAS_CORETYPE=Haswell
grep -qw avx2 /proc/cpuinfo || OPENBLAS_CORETYPE=Nehalem
has=(portable)
if grep -qw avx2 /proc/cpuinfo; then has+=(avx2); fi
if grep -qw avx512f /proc/cpuinfo; then has+=(avx512); fi
widest=${has[-1]}

# ---- the same bits ---------------------------------------------------------------------------------------------------
# Two networks: one of channels in multiples of 16, whose products are our own, and one of odd numbers, which are OpenBLAS's.
last=checkpoints/step-000000012.h5
for shape in "--base-channels 16" "--base-channels 6 --loss ssim --model vae"; do
    for arch in "${has[@]}"; do
        # shellcheck disable=SC2086 # words
        expect 0 env LWSSIM_ARCH="$arch" "$lwssim" train --data data --run "$arch" "${tiny[@]}" --steps 12 $shape
        expect_text "instruction set $arch, matrix kernel $OPENBLAS_CORETYPE" err
        same_file portable/$last "$arch/$last"
    done
    # shellcheck disable=SC2086 # words
    expect 0 "$lwssim" train --data data --run usual "${tiny[@]}" --steps 12 $shape
    expect_text "instruction set $widest, matrix" err
    same_file portable/$last usual/$last
    rm -r usual "${has[@]}"
done

# ---- which one --------------------------------------------------------------------------------------------------------
version=$("$lwssim" --version)
for arch in "${has[@]}"; do
    expect 0 env LWSSIM_ARCH="$arch" "$lwssim" --version
    [ "$(cat out)" = "${version/instruction set $widest/instruction set $arch}" ] || fail "--version says '$(cat out)'"
    expect 0 env LWSSIM_ARCH="$arch" "$lwssim" bench --only adam --json
    expect_text "\"instruction_set\":[[:space:]]*\"$arch\"" out
done
expect 0 env LWSSIM_ARCH= "$lwssim" --version # empty is not set
[ "$(cat out)" = "$version" ] || fail "--version says '$(cat out)'"

# ---- OpenBLAS's kernel ----------------------------------------------------------------------------------------------------
expect 0 "$lwssim" bench --only adam
expect_text "matrix kernel $OPENBLAS_CORETYPE \(from OPENBLAS_CORETYPE\)" err
faster='this CPU would run the kernel SkylakeX faster: unset OPENBLAS_CORETYPE'
all=yes
for feature in avx512f avx512bw avx512dq avx512vl avx512cd; do grep -qw $feature /proc/cpuinfo || all=no; done
if [ $all = yes ]; then expect_text "$faster" err; else expect_no_text "$faster" err; fi
expect 0 env -u OPENBLAS_CORETYPE "$lwssim" bench --only adam
expect_text 'matrix kernel [A-Za-z0-9]+ \((chosen for this CPU|as OpenBLAS chose)\)' err
expect_no_text "$faster" err

# ---- wrong words -------------------------------------------------------------------------------------------------------
wrong="LWSSIM_ARCH = sse2: portable, avx2 or avx512 is wanted"
for command in --version "train --data data --run new" "evaluate --run new --data data" "bench --only adam" "inspect data" \
    "verify data" "prepare --synthetic 10 --output new" "compare a.png b.png"; do
    # shellcheck disable=SC2086 # words
    expect_error 2 "$wrong" env LWSSIM_ARCH=sse2 "$lwssim" $command
done
expect_error 2 "$wrong" env LWSSIM_ARCH=sse2 mpirun --oversubscribe -n 2 "$lwssim" train --data data --run new
expect_error 2 "$wrong \(rank 1 on" "${two_ranks[@]}" "$lwssim" train --data data --run new + \
    env LWSSIM_ARCH=sse2 "$lwssim" train --data data --run new
if [ "$widest" != avx512 ]; then
    expect_error 2 "LWSSIM_ARCH = avx512: the widest that this CPU has is $widest" env LWSSIM_ARCH=avx512 "$lwssim" --version
fi
[ ! -e new ] || fail 'a wrong instruction set began a run'

# ---- ranks that differ go on, with a warning ---------------------------------------------------------------------------
if [ "$widest" != portable ]; then
    expect 0 "${two_ranks[@]}" "$lwssim" train --data data --run mixed "${tiny[@]}" --steps 12 + \
        env LWSSIM_ARCH=portable "$lwssim" train --data data --run mixed "${tiny[@]}" --steps 12
    expect_text "warning: rank 1 on .* has 'instruction set = portable', rank 0 on .* has 'instruction set = $widest'" err
    expect 0 "$lwssim" train --data data --run same "${tiny[@]}" --steps 12
    same_file mixed/$last same/$last
fi

# ---- nothing chooses by itself ----------------------------------------------------------------------------------------
library=$(ldd "$lwssim" | sed -n 's/.*liblwssim[^ ]* => \([^ ]*\).*/\1/p')
! readelf -Ws "${library:-$lwssim}" | grep -w IFUNC >&2 || fail 'the loader chooses functions, whatever LWSSIM_ARCH says'
! grep -n '__builtin_cpu\|target_clones\|lws_arch_in_use' -r "$root/src" "$root/datasets" "$root/include" |
    grep -v '/src/base/\(arch.c\|simd.h\):\|/src/kernels/arch/micro_kernels.[ch]:' >&2 ||
    fail 'code that chooses by itself, not by LWS_VARIANTS or the table of micro-kernels'
