#!/usr/bin/env bash
# What is installed works: the program, and the two libraries for C and C++ programs of somebody else.
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
include=$prefix/include
export PKG_CONFIG_PATH="$libdir/pkgconfig"

# The program finds its library from where it lies, also after it has moved.
mv "$prefix" "$tmp/moved"
expect 0 env -u LD_LIBRARY_PATH "$tmp/moved/bin/lwssim" --version
expect_text '^lwssim [0-9]+\.[0-9]+' out
version=$(cut -d' ' -f2 out)
mv "$tmp/moved" "$prefix"

# What users may have: "a compiler and its options | the end of a source's name".
compilers=("${CC:-cc} -std=c11 | c")
for candidate in gcc:c11:c clang:c99:c g++:c++11:cpp clang++:c++17:cpp; do
    IFS=: read -r compiler standard ending <<<"$candidate"
    if command -v "$compiler" >/dev/null; then
        compilers+=("$compiler -std=$standard | $ending")
    else
        echo "note: without $compiler: its programs are not tried"
    fi
done

# compile OUTPUT SOURCE COMPILER OPTION…: SOURCE without its ending; COMPILER of the list above.
compile() {
    local output=$1 source=$2 compiler=${3% | *} ending=${3#* | }
    shift 3
    [ "$source.c" -ef "$source.$ending" ] || cp "$source.c" "$source.$ending"
    # shellcheck disable=SC2086 # the compiler is several words
    $compiler -Wall -Wextra -Werror "$source.$ending" -o "$output" "$@" 2>err && return
    fail "$source.$ending does not build with $compiler"
    cat err >&2
}

# Every public header serves by itself, in C and C++, and is one of the source tree's.
for header in "$include"/lwssim/*.h; do
    name=${header##*/}
    echo "#include <lwssim/$name>" >one.c
    for compiler in "${compilers[@]}"; do
        compile one.o one "$compiler" -c -I"$include"
    done
    [ -e "$root/include/lwssim/$name" ] || [ -e "$root/include/lwssim/$name.in" ] ||
        fail "lwssim/$name is installed, but not public"
done

# declared HEADER…: names that public headers declare; with "(" behind those of functions.
declared() {
    for header in "$@"; do echo "#include <lwssim/$header>"; done >all.c
    ${CC:-cc} -std=c11 -I"$include" -E -P all.c | grep -v '^typedef' | grep -oE '\<lws_\w+\(?' | sort -u
}

# check_names NAME HEADER…: the library exports what these headers declare, all as of one version, and nothing else that
# could meet a name of the user's program.
check_names() {
    local name=$1 file=$libdir/lib$1.so
    shift
    declared "$@" >names
    nm -D --defined-only "$file" | awk '$2 != "A" { print $NF }' | sort >exported
    grep -vE '@@LWSSIM_[0-9.]+$' exported && fail "$name exports names without a version"
    sed -i 's/@@.*//' exported
    comm -23 exported <(tr -d '(' <names | sort -u) >surplus
    [ ! -s surplus ] || fail "$name exports what is in none of its headers: $(tr '\n' ' ' <surplus)"
    {
        cat all.c
        echo 'void (*const all[])(void) = {'
        grep '($' names | sed 's/($/,/; s/^/(void (*)(void))/'
        echo '}; int main(void) { return !all[0]; }'
    } >every.c
    compile every every "${compilers[0]}" -Wno-cast-function-type -I"$include" -L"$libdir" "-l$name"
    readelf -n "$file" | grep -Eq 'Build ID: [0-9a-f]{40}$' || fail "$file has no build-id"
    [ "$(pkg-config --modversion "$name")" = "$version" ] ||
        fail "pkg-config says version $(pkg-config --modversion "$name") of $name"
}
mapfile -t headers < <(cd "$include/lwssim" && ls)
check_names lwssim "${headers[@]}"
check_names lwssim-loss latent.h loss.h metrics.h status.h version.h
readelf -n "$prefix/bin/lwssim" | grep -Eq 'Build ID: [0-9a-f]{40}$' || fail "the program has no build-id"

# The library of losses stands on the compiler's own libraries.
readelf -d "$libdir/liblwssim-loss.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
[ -s needed ] || fail "readelf says nothing of liblwssim-loss.so"
grep -vE '^(libgomp|libomp|libm|libc|libgcc_s|libgcov|libpthread|ld-linux)[-.]' needed >others || true
[ ! -s others ] || fail "liblwssim-loss needs $(tr '\n' ' ' <others)"

# A loss whose value is known: of the constant images x = .25 and y = .75 with one window. Contrast and structure are 1,
# so it is 2 - (l + 1) with l = (2xy + C1) / (x² + y² + C1) and C1 = 1e-4.
cat >user.c <<'C'
#include <lwssim/loss.h>
#include <lwssim/version.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 16, N = 2 };
static float x[N * SIDE * SIDE], y[N * SIDE * SIDE];

int main(void)
{
    double value[N], expected = 2 - 1.600063989761638;
    lws_loss *loss;
    for (int i = 0; i < N * SIDE * SIDE; i++) {
        x[i] = .25f;
        y[i] = .75f;
    }
    lws_loss_spec spec;
    if (lws_loss_find("lwssim", "windows = 7", &spec) != LWS_OK || lws_loss_create(&spec, SIDE, SIDE, 1, &loss) != LWS_OK ||
        lws_loss_eval(loss, N, x, y, 1, value, NULL) != LWS_OK) {
        fprintf(stderr, "%s\n", lws_message());
        return 1;
    }
    lws_loss_destroy(loss);
    printf("%.15f %.15f, expected %.15f\n", value[0], value[1], expected);
    return strcmp(lws_version(), LWS_VERSION) || fabs(value[0] - expected) > 1e-12 || fabs(value[1] - expected) > 1e-12;
}
C

# The README's example, in a program around it.
# shellcheck disable=SC2016 # the dollar is of a pattern
sed -n '/^## The loss alone/,/^## /p' "$root/README.md" | sed -n '/^```c$/,/^```$/{//!p}' >block
[ -s block ] || fail "README.md has no example of the loss"
{
    grep '^#include' block || true
    printf '#include <stdio.h>\n\nenum { n = 2 };\nstatic float x[n * 64 * 64 * 3], y[n * 64 * 64 * 3], dy[n * 64 * 64 * 3];\n'
    printf '\nint main(void)\n{\ndouble value[n];\ny[0] = 1;\n'
    grep -v '^#include' block
    printf 'printf("%%g %%g\\n", value[0], value[1]);\nreturn !(value[0] > 0 && value[1] == 0 && dy[0] > 0);\n}\n'
} >example.c

for name in lwssim-loss lwssim; do
    mapfile -t options < <(pkg-config --cflags --libs "$name" | xargs -n 1) # quotes for the blank in the prefix
    for compiler in "${compilers[@]}"; do
        for source in user example; do
            rm -f program
            compile program "$source" "$compiler" "${options[@]}" -lm
            [ ! -x program ] || expect 0 env LD_LIBRARY_PATH="$libdir" ./program
        done
    done
done
