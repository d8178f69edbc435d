#!/usr/bin/env bash
# The layers are kept by the build: an include upwards, or of a package that is another layer's, does not compile.
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

mkdir tree
for name in CMakeLists.txt cmake include src datasets; do cp -r "$root/$name" tree; done
expect 0 cmake -S tree -B build -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF
[ -e build/CMakeCache.txt ] || { fail "the copy does not configure"; exit 1; }

# build LAYER
build() {
    limited 250 cmake --build build --target "lws_$1" -j 1
}

# refused FILE LINE LAYER PATTERN: with LINE on top of FILE the layer does not build, without it it does.
refused() {
    local file=tree/$1
    cp "$file" kept
    { echo "$2"; cat kept; } >"$file"
    if build "$3" >out 2>&1; then
        fail "$1 compiles with $2"
    else
        expect_text "$4" out
    fi
    cp kept "$file"
}

build kernels >out 2>&1 || { fail "the kernels do not build as they are"; cat out >&2; }
build optim >out 2>&1 || { fail "the optimizer does not build as it is"; cat out >&2; }

refused src/kernels/dense.c '#include <lwssim/loss.h>' kernels 'lwssim/loss.h: No such file'
refused src/kernels/dense.c '#include "data/dataset.h"' kernels 'data/dataset.h: No such file'
refused src/kernels/dense.c '#include "../loss/structural.h"' kernels 'may not reach into another folder'
refused src/base/rng.c '#include "kernels/gemm.h"' base 'kernels/gemm.h: No such file'
refused src/base/rng.c '#include <cblas.h>' base "Only the layer 'kernels' may include cblas.h"
refused src/optim/adam.c '#include "comm/comm.h"' optim 'comm/comm.h: No such file'
refused src/optim/adam.c '#include <hdf5.h>' optim "Only the layer 'data' may include hdf5.h"
refused src/train/run/loop.c '#include <mpi.h>' train "Only the layer 'comm' may include mpi.h"
refused src/train/run/loop.c '  #  include "mpi.h"' train "Only the layer 'comm' may include mpi.h"
refused src/train/run/loop.c '#include <jpeglib.h>' train "Only the layer 'decode' may include jpeglib.h"
refused src/train/run/loop.c '#include <hdf5.h>' train "Only the layer 'data' may include hdf5.h"

build kernels >out 2>&1 || { fail "the kernels do not build any more"; cat out >&2; }
