#!/usr/bin/env bash
# Builds OSLEC, the echo canceller of the Linux kernel, as a shared object for `tipring bench echo`.
#   bench/oslec.sh [FOLDER]    FOLDER is $XDG_CACHE_HOME/tipring by default, where the bench looks for it
#
# Debian's package of the kernel's source is fetched (about 140 MB), drivers/misc/echo taken out of it, and compiled as
# it is with three headers that stand for the kernel's. The source is GPL-2: nothing of it, nor what is built of it,
# belongs in this tree. Another place than the default is told to the bench by TIPRING_OSLEC=FOLDER/liboslec.so.
set -euo pipefail

folder="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/tipring}"
package="${OSLEC_PACKAGE:-$(apt-cache search --names-only '^linux-source-[0-9.]+$' | sort -V | sed -n '1s/ .*//p')}"
: "${package:?no linux-source package is known: apt-get update}"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

echo "fetching $package" >&2
apt-get download -qq "$package" 2>/dev/null || apt-get download "$package"
# What tar says of the stream that ends early is no error here.
dpkg --fsys-tarfile ./*.deb | tar -xO --wildcards '*.tar.xz' | xz -dc |
  tar -x --wildcards '*/drivers/misc/echo/*' --strip-components=4
test -f echo.c

mkdir -p linux
cat > linux/kernel.h <<'HEADER'
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static inline int fls(unsigned int x) { return x ? 32 - __builtin_clz(x) : 0; }
HEADER
cat > linux/slab.h <<'HEADER'
#define GFP_KERNEL 0
#define kzalloc(size, flags) calloc(1, (size))
#define kcalloc(count, size, flags) calloc((count), (size))
#define kfree free
HEADER
cat > linux/module.h <<'HEADER'
#define EXPORT_SYMBOL_GPL(name)
#define MODULE_LICENSE(text)
#define MODULE_AUTHOR(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_VERSION(text)
HEADER

# The kernel's own choice for overflow and aliasing; this machine's vector instructions, so that the times are its best.
cc -O3 -march=native -fwrapv -fno-strict-aliasing -fPIC -shared -Wl,--no-undefined -w -I. echo.c -o liboslec.so
mkdir -p "$folder"
install -m 644 liboslec.so "$folder/liboslec.so"
echo "$folder/liboslec.so"
