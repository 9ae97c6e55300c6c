#!/bin/sh
# Builds, tests and counts for aarch64 on an x86-64 machine, without installing anything: Debian's compiler, cross linker,
# C library and qemu are unpacked into a folder.
#
#   bench/aarch64.sh get DIR            download and unpack (Debian, some 250 MB)
#   bench/aarch64.sh test DIR [CRATE..] run the unit tests of the pure crates under emulation
#   bench/aarch64.sh count DIR [LINES]  instructions of a tick of LINES lines in calls (48), by block
#
# Where cargo has the target and a linker for it already, `cargo test --target aarch64-unknown-linux-gnu` does the same.
set -eu

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
what=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$dir/root
target=aarch64-unknown-linux-gnu

get() {
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/debs" "$root"
    set -- -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 \
        -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache"
    apt-get "$@" update
    version=$(apt-cache "$@" depends rustc-web | sed -n 's/.*\(libstd-rust-web-dev\).*/\1/p' | head -n 1)
    [ -n "$version" ] || { echo "this Debian has no rustc-web" >&2; exit 1; }
    std=$(apt-cache "$@" depends libstd-rust-web-dev | sed -n 's/.*Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p' | head -n 1)
    llvm=$(apt-cache "$@" depends "$std" | sed -n 's/.*Depends: \(libllvm[0-9]*\)$/\1/p' | head -n 1)
    (cd "$dir/debs" && apt-get "$@" download rustc-web "$std" libstd-rust-web-dev libstd-rust-web-dev:arm64 "$llvm" \
        gcc-12-aarch64-linux-gnu cpp-12-aarch64-linux-gnu gcc-12-aarch64-linux-gnu-base binutils-aarch64-linux-gnu \
        libbinutils libctf-nobfd0 libgcc-12-dev-arm64-cross libgcc-s1-arm64-cross libc6-arm64-cross libc6-dev-arm64-cross \
        linux-libc-dev-arm64-cross libisl23 libmpc3 libmpfr6 libgmp10 libcc1-0 qemu-user libcapstone4)
    for package in "$dir"/debs/*.deb; do dpkg-deb -x "$package" "$root"; done
}

# Wrappers that find the unpacked libraries.
prepare() {
    [ -x "$root/usr/bin/rustc" ] || { echo "first: $0 get $dir" >&2; exit 1; }
    libraries=$root/usr/lib/x86_64-linux-gnu
    llvm=$(dirname "$(find "$libraries" -name 'libLLVM.so*' | head -n 1)")
    mkdir -p "$dir/bin"
    cat > "$dir/bin/rustc" <<X
#!/bin/sh
LD_LIBRARY_PATH=$libraries:$llvm exec $root/usr/bin/rustc --sysroot $root/usr "\$@"
X
    cat > "$dir/bin/aarch64-linux-gnu-gcc" <<X
#!/bin/sh
LD_LIBRARY_PATH=$libraries PATH=$root/usr/bin:\$PATH exec $root/usr/bin/aarch64-linux-gnu-gcc-12 --sysroot=$root \
    -B$root/usr/bin/aarch64-linux-gnu- -B$root/usr/aarch64-linux-gnu/lib -L$root/usr/aarch64-linux-gnu/lib "\$@"
X
    cat > "$dir/bin/qemu" <<X
#!/bin/sh
LD_LIBRARY_PATH=$libraries exec $root/usr/bin/qemu-aarch64 -L $root/usr/aarch64-linux-gnu "\$@"
X
    chmod +x "$dir"/bin/*
    export RUSTC="$dir/bin/rustc" CARGO_TARGET_DIR="$dir/target"
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="$dir/bin/aarch64-linux-gnu-gcc"
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$dir/bin/qemu"
}

test_all() {
    prepare
    [ $# -gt 0 ] || set -- units port codec rtp dsp line media gateway
    packages=
    for crate in "$@"; do packages="$packages -p tipring-$crate"; done
    # shellcheck disable=SC2086 # a list of words
    cd "$here/.." && cargo test --release --target $target --lib $packages
}

count() {
    prepare
    # Names with their types: code that is chosen by the machine's vectors has the name of what chose it.
    export RUSTFLAGS="-C symbol-mangling-version=v0"
    (cd "$here/.." && cargo build --release --target $target -p tipring)
    cc -shared -fPIC -O2 -o "$dir/count.so" "$here/count_instructions.c"
    program=$dir/target/$target/release/tipring
    counted() {
        "$dir/bin/qemu" -plugin "$dir/count.so" -d plugin -D "$dir/counts.$1" "$program" bench tick --only conversation --lines "$2" --ticks "$1"
    }
    counted 100 "$1"
    counted 300 "$1"
    for ticks in 100 300; do c++filt < "$dir/counts.$ticks" > "$dir/counts.$ticks.names"; done
    sh "$here/by_block.sh" "$dir/counts.100.names" "$dir/counts.300.names" 200 "$1"
}

case $what in
    get) get ;;
    test) test_all "$@" ;;
    count) count "${1:-48}" ;;
    *) usage ;;
esac
