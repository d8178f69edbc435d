# The packages of a Debian or Ubuntu machine. Sourced by quickstart.sh and tests/run.sh.

LWSSIM_PACKAGES="gcc make cmake pkg-config libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-dev
                 libstb-dev libjpeg-dev libpng-dev zlib1g-dev libgif-dev libwebp-dev libtiff-dev libzip-dev libcjson-dev libxxhash-dev"

# install_packages PACKAGE…: installs those that are missing, with sudo where needed; where it cannot, says which.
install_packages() {
    local package missing=() sudo=()
    if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
        command -v mpicc > /dev/null && command -v cmake > /dev/null && return 0 # let cmake look for the rest
        cat >&2 << TEXT
This is not a Debian or Ubuntu machine. Please install, with headers: a C compiler, CMake 3.25 or newer, pkg-config,
Open MPI, OpenBLAS, HDF5 (serial), stb (stb_image_write.h), libjpeg-turbo, libpng, zlib, giflib, libwebp, libtiff 4.5 or newer, libzip, cJSON and xxHash; then run this again.
On Debian they are: $LWSSIM_PACKAGES
TEXT
        return 1
    fi
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' ||
            missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        require_cmake
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo > /dev/null; then
            echo "Please ask an administrator to run: apt-get install ${missing[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    echo "installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null &&
        require_cmake
}

require_cmake() {
    local have
    have=$(cmake --version | sed -n 's/^cmake version //p')
    [ "$(printf '%s\n' 3.25 "$have" | sort -V | head -n 1)" = 3.25 ] && return
    echo "CMake $have is too old: 3.25 is needed (Debian 12, Ubuntu 24.04, or: pip install cmake)" >&2
    return 1
}
