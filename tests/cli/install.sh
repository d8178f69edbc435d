#!/usr/bin/env bash
# What is installed works: the program, and the library for a C program of somebody else.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

build=${LWSSIM_BUILD:-$root/build/release}
command -v pkg-config >/dev/null || skip "there is no pkg-config"
grep -q '^LWS_SANITIZE:.*=.' "$build/CMakeCache.txt" && skip "a library with sanitizers does not link into a plain program"

prefix="$tmp/a prefix"
expect 0 cmake --install "$build" --prefix "$prefix"
library=$(find "$prefix" -name 'liblwssim.so')
[ -n "$library" ] || fail "no liblwssim.so under $prefix"
libdir=$(dirname "$library")

# The program finds its library from where it lies, also after it has moved.
mv "$prefix" "$tmp/moved"
expect 0 env -u LD_LIBRARY_PATH "$tmp/moved/bin/lwssim" --version
expect_text '^lwssim [0-9]+\.[0-9]+' out
mv "$tmp/moved" "$prefix"

# Every public header compiles by itself.
for header in "$prefix"/include/lwssim/*.h; do
    name=${header##*/}
    echo "#include <lwssim/$name>" >one.c
    # shellcheck disable=SC2086 # the compiler may be several words
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" one.c 2>err ||
        { fail "lwssim/$name does not compile by itself"; cat err >&2; }
    [ -e "$root/include/lwssim/$name" ] || fail "lwssim/$name is installed, but not public"
done

# The library exports what its headers declare, and nothing else that could meet a name of the user's program.
for header in "$prefix"/include/lwssim/*.h; do echo "#include <lwssim/${header##*/}>"; done >all.c
${CC:-cc} -std=c11 -I"$prefix/include" -E -P all.c >declarations
nm -D --defined-only "$library" | awk '{ print $NF }' | sort >exported
grep -oE '\<lws_\w+' declarations | sort -u >declared
comm -23 exported declared >surplus
[ ! -s surplus ] || fail "exported, but in no public header: $(tr '\n' ' ' <surplus)"
{
    cat all.c
    echo 'void (*const all[])(void) = {'
    grep -v '^typedef' declarations | grep -oE '\<lws_\w+\(' | sort -u | sed 's/($/,/; s/^/(void (*)(void))/'
    echo '}; int main(void) { return !all[0]; }'
} >every.c
${CC:-cc} -std=c11 -I"$prefix/include" every.c -o every -L"$libdir" -llwssim 2>err ||
    { fail "public headers declare what the library does not export"; cat err >&2; }
for file in "$library" "$prefix/bin/lwssim"; do
    readelf -n "$file" | grep -Eq 'Build ID: [0-9a-f]{40}$' || fail "$file has no build-id"
done

# A loss whose value is known: of the constant images x = .25 and y = .75 with one window. Contrast and structure are 1,
# so it is 2 - (l + 1) with l = (2xy + C1) / (x² + y² + C1) and C1 = 1e-4.
cat >user.c <<'C'
#include <lwssim/loss.h>
#include <math.h>
#include <stdio.h>

int main(void)
{
    enum { SIDE = 16, N = 2 };
    static float x[N * SIDE * SIDE], y[N * SIDE * SIDE];
    double value[N];
    lws_loss *loss;
    for (int i = 0; i < N * SIDE * SIDE; i++) {
        x[i] = .25f;
        y[i] = .75f;
    }
    lws_loss_spec spec = lws_loss_defaults(LWS_LOSS_LWSSIM);
    spec.levels = 1;
    spec.window[0] = 7;
    if (lws_loss_create(&spec, SIDE, SIDE, 1, &loss) != LWS_OK ||
        lws_loss_eval(loss, N, x, y, 1, value, NULL) != LWS_OK) {
        fprintf(stderr, "%s\n", lws_message());
        return 1;
    }
    lws_loss_destroy(loss);
    double expected = 2 - 1.600063989761638;
    printf("%.15f %.15f, expected %.15f\n", value[0], value[1], expected);
    return fabs(value[0] - expected) > 1e-12 || fabs(value[1] - expected) > 1e-12;
}
C
export PKG_CONFIG_PATH="$libdir/pkgconfig"
expect 0 pkg-config --exists lwssim
[ "$(pkg-config --modversion lwssim)" = "$("$lwssim" --version | cut -d' ' -f2)" ] ||
    fail "pkg-config says version $(pkg-config --modversion lwssim)"
# Quotes of pkg-config for the blank in the prefix, hence eval.
eval "${CC:-cc} -std=c11 -Wall -Werror user.c -o user $(pkg-config --cflags --libs lwssim) -lm" ||
    fail "a program that uses the library does not build"
[ ! -x user ] || expect 0 env LD_LIBRARY_PATH="$libdir" ./user
