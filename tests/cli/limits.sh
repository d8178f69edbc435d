#!/usr/bin/env bash
# Limits on a process (ulimit) are errors with a message, as a full disk is: no hang, no death by a signal, nothing half
# written.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

make_data data
system=(train --data data "${tiny[@]}" --threads 2 --steps 4 --eval-every 0)
expect 0 ranks 0 "${system[@]}" --run trained

# ---- address space -----------------------------------------------------------------------------------
# shellcheck disable=SC2016 # for the inner shell
with_memory=(bash -c 'ulimit -v $(($0 * 1024)); exec "$@"') # and so many MB, and the command

# ends_well COMMAND…: it succeeds, or it fails with a message: of the program, or where MPI itself does not start, of MPI.
ends_well() {
    local code=0
    limited 30 "$@" >out 2>err </dev/null || code=$?
    [ $code = 0 ] && return
    [ $code = 1 ] || fail "exit code $code: $*"
    grep -aEq 'lwssim: error: |^(A system call|It looks like) ' err || { fail "no message: $*"; cat err >&2; }
}

export OMP_NUM_THREADS=2
for mb in 250 400 450 475 600; do
    # Some builds of OpenBLAS try for ever to get their memory, as soon as they are loaded.
    "${with_memory[@]}" $mb timeout 10 "$lwssim" --version >out 2>&1 || continue
    ends_well "${with_memory[@]}" $mb "$lwssim" "${system[@]}" --run "memory-$mb"
    ends_well "${with_memory[@]}" $mb "$lwssim" evaluate --data data --run trained
    ends_well "${with_memory[@]}" $mb "$lwssim" reconstruct --input data --run trained --output x.png
    ends_well "${with_memory[@]}" $mb "$lwssim" prepare --synthetic 96 --size 16 --output "prepared-$mb"
done
expect_error 1 'matrix products on 8 threads need 1024 MB of address space' \
    "${with_memory[@]}" 800 "$lwssim" "${system[@]}" --threads 8 --run few

# One rank of three has too little: all end, and the message is that rank's.
# shellcheck disable=SC2016 # for the inner shell
few='ulimit -v 750000; exec "$0" "$@"'
command=("$lwssim" "${system[@]}" --threads 4 --run ranks)
expect_error 1 'matrix products on 4 threads .*\(rank 2 on ' \
    mpirun --oversubscribe -n 3 "$by_rank" 2 "${command[@]}" + bash -c "$few" "${command[@]}"
unset OMP_NUM_THREADS

# ---- threads -----------------------------------------------------------------------------------------
# root's processes are not counted, so this one is another user's.
if id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
    chmod 755 "$tmp"
    # shellcheck disable=SC2016 # for the inner shell
    as_nobody=(setpriv --reuid nobody --clear-groups env OMP_NUM_THREADS=4 bash -c 'ulimit -u 2; exec "$0" "$@"')
    if "${as_nobody[@]}" "$lwssim" --version >/dev/null 2>&1; then
        expect_error 1 'cannot start 4 threads: Resource temporarily unavailable' \
            "${as_nobody[@]}" "$lwssim" reconstruct --input data --run trained --output /dev/null
    fi
fi

# ---- size of files -----------------------------------------------------------------------------------
# shellcheck disable=SC2016 # for the inner shell
with_files=(bash -c 'ulimit -S -f $0; exec "$@"') # and so many KB, and the command
none_partial() {
    [ -z "$(find "$1" -name '*partial*')" ] || fail "left $(find "$1" -name '*partial*' | tr '\n' ' ')"
}

expect_error 1 'File too large' "${with_files[@]}" 100 "$lwssim" "${system[@]}" --run files
none_partial files
expect_error 1 'File too large' "${with_files[@]}" 30 "$lwssim" prepare --synthetic 200 --size 16 --shards 3 --output small
[ -z "$(find small -name '*.h5*')" ] || fail "left $(find small -name '*.h5*' | tr '\n' ' ')"

# The ranks' limit, not mpirun's, which has files of its own; nor may the ranks share memory, which is a file too.
over_tcp=(mpirun --oversubscribe --mca btl "tcp,self" -n 3)
if mpirun --version | grep -q 'Open MPI) 4'; then # 5 has files of its own in the ranks, and dies of the limit itself
    expect_error 1 'File too large' "${over_tcp[@]}" "${with_files[@]}" 100 "$lwssim" "${system[@]}" --run files-3
    none_partial files-3
    expect_error 1 'File too large' "${over_tcp[@]}" "${with_files[@]}" 30 "$lwssim" prepare --synthetic 200 --size 16 \
        --shards 3 --output small-3
    [ -z "$(find small-3 -name '*.h5*')" ] || fail "left $(find small-3 -name '*.h5*' | tr '\n' ' ')"
fi
