#!/bin/sh
# Instructions of a tick of lines in calls on this machine, by block, counted by callgrind (Debian: valgrind).
#
#   RUSTFLAGS="-C symbol-mangling-version=v0" cargo build --release
#   bench/instructions.sh PROGRAM [LINES [LOAD]]    PROGRAM: target/release/tipring; 48 lines; conversation, all, none
#
# Without those names what is done by vectors counts among the others. A long memset or memcpy is counted byte by byte.
set -eu
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
program=$1 lines=${2:-48} load=${3:-conversation}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for ticks in 20 70; do
    valgrind --tool=callgrind --callgrind-out-file="$dir/out" "$program" bench tick --only "$load" --lines "$lines" --ticks $ticks \
        2> "$dir/said" || { cat "$dir/said" >&2; exit 1; }
    callgrind_annotate --threshold=100 --auto=no "$dir/out" |
        sed -n 's/^ *\([0-9,]*\) ([ 0-9.]*%) *\(.*\)$/\1 \2/p' | awk '{ gsub(",", "", $1); print }' > "$dir/counts.$ticks"
done
sh "$here/by_block.sh" "$dir/counts.20" "$dir/counts.70" 50 "$lines"
