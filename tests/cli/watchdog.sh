#!/usr/bin/env bash
# A job that hangs ends by its deadline, and says which rank is to blame; one that is only slow goes on.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# Troubles of one rank, chosen by the environment: TROUBLE=WHAT on rank TROUBLE_RANK (-1: all).
cat >trouble.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int has(const char *what)
{
    const char *trouble = getenv("TROUBLE"), *of = getenv("TROUBLE_RANK"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    return trouble && strcmp(trouble, what) == 0 && (strcmp(of, "-1") == 0 || strcmp(of, rank ? rank : "0") == 0);
}

#define NEXT(name) (*(void **)&next = dlsym(RTLD_NEXT, #name))

/* A disk that needs a third of a second for everything that is written, and a twentieth for all that is read. */
ssize_t pread(int fd, void *data, size_t size, off_t at)
{
    ssize_t (*next)(int, void *, size_t, off_t);
    if (has("slow"))
        usleep(50000);
    NEXT(pread);
    return next(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    ssize_t (*next)(int, const void *, size_t, off_t);
    if (has("slow"))
        usleep(330000);
    NEXT(pwrite);
    return next(fd, data, size, at);
}

/* A disk that never answers, once a checkpoint is to be written. */
int fsync(int fd)
{
    int (*next)(int);
    char link[64], path[512] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "checkpoints/.step-"))
        while (has("hung"))
            pause();
    if (has("slow"))
        usleep(330000);
    NEXT(fsync);
    return next(fd);
}

/* A rank that is suspended when it opens a shard. */
int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...);
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (strstr(path, "-of-0000") && has("stops"))
        raise(SIGSTOP);
    while (strstr(path, "-of-0000") && has("sleeps"))
        pause();
    NEXT(open);
    return next(path, flags, mode);
}

/* A network that loses what a rank tells all others: it waits for a message that nobody sends. */
int MPI_Iallgatherv(const void *mine, int count, MPI_Datatype type, void *all, const int *counts, const int *starts,
                    MPI_Datatype all_type, MPI_Comm comm, MPI_Request *request)
{
    static char nothing[1 << 20];
    if (has("loses"))
        return PMPI_Irecv(nothing, sizeof nothing, MPI_BYTE, 0, 4711, comm, request);
    return PMPI_Iallgatherv(mine, count, type, all, counts, starts, all_type, comm, request);
}

/* Whoever ends need not get word of it across. */
int MPI_Isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
    if (!has("mute") || type != MPI_BYTE || access("muted", F_OK) != 0)
        return PMPI_Isend(data, count, type, to, tag, comm, request);
    *request = MPI_REQUEST_NULL;
    return MPI_SUCCESS;
}

/* The time of day is set back by 90 s as soon as it has been read. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int (*next)(clockid_t, struct timespec *);
    NEXT(clock_gettime);
    int result = next(clock, time);
    if (clock == CLOCK_REALTIME && has("clock"))
        time->tv_sec += 90;
    return result;
}
END
mpicc -shared -fPIC -o trouble.so trouble.c -ldl || skip "no compiler for the troubles"

make_data data
system=(train --data data "${tiny[@]}" --eval-every 0 --deadline 3)
expect 0 ranks 0 "${system[@]}" --steps 2 --run trained
export LWSSIM_DEADLINE=3

# begin NAME RANKS TROUBLE RANK ARGUMENT…: a job in the background; its output in NAME.err, its exit code in NAME.code,
# the ids of its processes in NAME.RANK.
begin() {
    local name=$1 n=$2 trouble=$3 rank=$4
    shift 4
    {
        local code=0
        # shellcheck disable=SC2016 # for the inner shell
        TROUBLE=$trouble TROUBLE_RANK=$rank NAME=$tmp/$name timeout --kill-after=5 60 mpirun --oversubscribe -n "$n" \
            bash -c 'echo $$ >$NAME.$OMPI_COMM_WORLD_RANK
                     [ "$TROUBLE" != late ] || [ "$TROUBLE_RANK" != "$OMPI_COMM_WORLD_RANK" ] || kill -STOP $$
                     [ "$TROUBLE" != mute ] || exec 2>>$NAME.err
                     LD_PRELOAD=trouble.so exec "$0" "$@"' \
            "$lwssim" "$@" >"$name.out" 2>>"$name.err" </dev/null || code=$?
        date +%s >"$name.end"
        echo $code >"$name.code"
    } &
}

# steps NAME: waits until the run of this name trains.
steps() {
    local i
    for ((i = 0; i < 600; i++)); do
        [ ! -s "$1/metrics.jsonl" ] || return 0
        sleep 0.1
    done
    fail "$1 does not train"
}

# ends NAME PATTERN: with exit code 1 and one message, which matches. With rank 0 away the others do not hear of each
# other, and where mpirun needs more than 8 s to end them, the next one says it too.
ends() {
    local most=1
    case $1 in suspended-0 | woken) most=2 ;; esac
    [ "$(cat "$1.code")" = 1 ] || fail "$1: exit code $(cat "$1.code")"
    expect_text "$2" "$1.err"
    [ "$(grep -c error: "$1.err")" -le $most ] || fail "$1: $(grep -c error: "$1.err") messages"
    ! grep error: "$1.err" | grep -Evq -- "$2" || fail "$1: another message: $(grep error: "$1.err")"
}

endless=(--steps 100000000 --checkpoint-every 0 --log-every 1)
for rank in 0 1 2; do begin "suspended-$rank" 3 none 0 "${system[@]}" "${endless[@]}" --run "suspended-$rank"; done
begin clock 2 clock -1 "${system[@]}" "${endless[@]}" --run clock
begin whole 2 none 0 "${system[@]}" --steps 100000000 --checkpoint-every 0 --log-every 1 --time-limit 15 --run whole
begin woken 3 mute 1 "${system[@]}" "${endless[@]}" --run woken
for name in suspended-{0,1,2} clock whole woken; do steps "$name"; done
for rank in 0 1 2; do kill -STOP "$(cat "suspended-$rank.$rank")"; done
kill -STOP "$(cat clock.1)" "$(cat whole.0)" "$(cat whole.1)"
# The launcher, which passes on no message meanwhile, takes its time to end a rank that is awake again after the others
# have blamed it.
launcher=$(ps -o ppid= "$(cat woken.0)")
kill -STOP "$(cat woken.0)" "$launcher"
touch muted
start=$(date +%s)
begin hung 3 hung 0 "${system[@]}" --steps 10 --run hung
begin evaluate 3 stops 1 evaluate --data data --run trained
begin prepare 3 stops 2 prepare --synthetic 100 --size 16 --shards 3 --output prepared
begin asleep 3 sleeps 2 evaluate --data data --run trained
begin lost 3 loses 1 evaluate --data data --run trained
begin slow 3 slow 0 "${system[@]}" --steps 3 --run slow
cp -r trained slow-resume
begin slow-resume 2 slow 0 train --run slow-resume --resume --steps 2
begin slow-evaluate 2 slow 0 evaluate --data data --run trained
begin late 3 late 2 prepare --synthetic 100 --size 16 --shards 3 --output late
sleep 5
kill -CONT "$(cat whole.0)" "$(cat whole.1)"
for ((i = 0; i < 200; i++)); do
    ps -o stat= "$(cat woken.1)" | grep -qv Z || break
    sleep 0.1
done
kill -CONT "$(cat woken.0)"
sleep 6
kill -CONT "$launcher"
wait
for rank in 0 1 2; do
    ends "suspended-$rank" "nothing is heard of rank $rank on .*, last in .*: it is suspended.*--resume"
done
ends woken 'nothing is heard of rank 0 on .*, last in .*: it is suspended'
ends clock 'nothing is heard of rank 1 on'
for name in suspended-{0,1,2} clock; do
    [ $(($(cat "$name.end") - start)) -lt 25 ] || fail "$name ended only after $(($(cat "$name.end") - start)) s"
done
ends hung 'rank 0 on .* made no progress for [0-9]+ s in checkpoint of step [0-9]+: a disk .*hangs.*--resume'
ends evaluate 'nothing is heard of rank 1 on .*LWSSIM_DEADLINE'
ends prepare 'nothing is heard of rank 2 on .*LWSSIM_DEADLINE'
ends asleep 'rank 2 on .* made no progress for [0-9]+ s in [a-z ]+: a disk or a file system hangs, or needs longer than the.*LWSSIM_DEADLINE'
ends lost 'rank 0 on .* made no progress for [0-9]+ s in [a-z ]+[0-9]*: all ranks wait for each other, as the network loses messages'
[ "$(cat late.code)" = 1 ] || fail "late: exit code $(cat late.code)"
expect_text 'no progress for [0-9]+ s in start of MPI: another rank' late.err
[ "$(cat whole.code)" = 75 ] || { fail "a job that was suspended as a whole ends with $(cat whole.code)"; cat whole.err >&2; }
# Checkpoints that took longer than the deadline to write or to read, but moved on.
for name in slow slow-resume slow-evaluate; do
    [ "$(cat $name.code)" = 0 ] || { fail "$name: a slow disk ends the job with $(cat $name.code)"; cat $name.err >&2; }
done
