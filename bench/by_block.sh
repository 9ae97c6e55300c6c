#!/bin/sh
# Sorts counts of instructions by block: the difference of two runs, of which the second was TICKS longer.
#
#   bench/by_block.sh FEW MANY TICKS LINES      each file: lines of a count and a function's name
set -eu
[ $# -eq 4 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
awk -v ticks="$3" -v lines="$4" '
    function block(name) {
        if (name ~ /bench_tick|tipring_sim::bench|rand_chacha|rand_core|tipring_units::entropy/) return "the bench itself"
        if (name ~ /dsp[0-9a-z_]*(::|\.\.)echo|tipring_dsp::suppress|tipring_dsp::comfort/) return "echo canceller"
        if (name ~ /tipring_dsp::dtmf/) return "digit detector"
        if (name ~ /tipring_dsp::bank/) return "bank of detectors, both ways"
        if (name ~ /tipring_dsp::timescale|tipring_dsp::conceal|tipring_dsp::activity|tipring_codec|samples::coder/) return "codec, concealment, stretching"
        if (name ~ /tipring_rtp/) return "jitter buffer and RTP"
        if (name ~ /tipring_line/) return "line machine"
        if (name ~ /tipring_dsp|tipring_media|tipring_gateway/) return "legs, bridges, gains"
        return "others: copying memory, libraries"
    }
    FNR == NR { sum[block($0)] -= $1; next }
    { sum[block($0)] += $1 }
    END {
        printf "instructions of a tick (10 ms) of %d lines\n", lines
        printf "%-36s %14s %12s %8s\n", "block", "of all lines", "of a line", "share"
        for (name in sum) if (name != "the bench itself") all += sum[name]
        for (name in sum) if (name != "the bench itself")
            printf "%-36s %14.0f %12.0f %7.1f%%\n", name, sum[name] / ticks, sum[name] / ticks / lines, 100 * sum[name] / all | "sort -k1,1"
        close("sort -k1,1")
        printf "%-36s %14.0f %12.0f   (%.1f million a second)\n", "all", all / ticks, all / ticks / lines, all / ticks / 1e4
    }' "$1" "$2"
