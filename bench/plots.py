#!/usr/bin/env python3
"""Draws the plots of the book's chapter on voice quality.

    pip install matplotlib
    python3 bench/plots.py TIPRING [--seed 1] [--png FOLDER]

Runs `TIPRING bench curves` and writes book/src/plots/*.svg; the scores under loss are read from the table that
bench/speech_quality.py printed into book/src/numbers.md. With --png each is also written as PNG to FOLDER, to look at.
"""

import argparse
import collections
import csv
import pathlib
import subprocess

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "book" / "src" / "plots"
COLOURS = {"ours": "#0b6e4f", "speexdsp": "#c8553d", "OSLEC": "#5b5ea6", "libspandsp": "#c8553d"}


def style(axes, title, across, upward):
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(across)
    axes.set_ylabel(upward)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ["top", "right"]:
        axes.spines[side].set_visible(False)


def colour(series):
    return COLOURS.get(series.split()[0], "#555555")


def points(tipring, seed):
    command = [tipring, "bench", "curves", "--seed", str(seed)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    curves = collections.defaultdict(lambda: collections.defaultdict(lambda: ([], [])))
    for row in csv.DictReader(run.stdout.splitlines()):
        across, upward = curves[row["plot"]][row["series"]]
        across.append(float(row["x"]))
        upward.append(float(row["y"]))
    return curves


def erle(curves):
    figure, all_axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharey=True, layout="constrained")
    for axes, tail in zip(all_axes, [32, 64, 128]):
        for series, (across, upward) in curves["erle"].items():
            if series.endswith(f" {tail} ms"):
                axes.plot(across, upward, color=colour(series), label=series.split()[0], linewidth=1.5)
        style(axes, f"tail of {tail} ms", "time, s", "echo return loss enhancement, dB" if tail == 32 else "")
        axes.set_xlim(0, 5)
        axes.set_ylim(0, 50)
    all_axes[0].legend(loc="lower right", frameon=False, fontsize=9)
    return figure


def slip(curves):
    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for series, (across, upward) in curves["slip"].items():
        axes.plot(across, upward, color=colour(series), label=series, linewidth=1.5)
    axes.axvline(4.9, color="#999999", linewidth=0.8, linestyle="--")
    axes.annotate("80 samples inserted", (4.86, 1), ha="right", fontsize=9, color="#555555")
    style(axes, "the line slips by 10 ms, tail of 64 ms", "time, s", "echo return loss enhancement, dB")
    axes.set_xlim(3, 7)
    axes.set_ylim(-5, 50)
    axes.legend(loc="lower right", frameon=False, fontsize=9, bbox_to_anchor=(1.0, 0.35))
    return figure


def double_talk(curves):
    figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    looks = {"near end": ("#888888", ":"), "echo": ("#bbbbbb", "--")}
    for series, (across, upward) in curves["double talk"].items():
        tone, dash = looks.get(series, (colour(series), "-"))
        label = {"near end": "near end's speech", "echo": "echo, untouched"}.get(series, f"left by {series}")
        axes.plot(across, upward, color=tone, linestyle=dash, label=label, linewidth=1.5)
    axes.axvspan(4, 7, color="#f3efe4", zorder=0)
    axes.annotate("both talk", (5.5, -12), ha="center", fontsize=9, color="#555555")
    style(axes, "what is not the near end's speech, tail of 64 ms", "time, s", "level, dBm0")
    axes.set_xlim(0, 9.8)
    axes.set_ylim(-70, -8)
    figure.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=3)
    return figure


def dtmf(curves):
    figure, all_axes = plt.subplots(1, 2, figsize=(8.6, 3.4), sharey=True, layout="constrained")
    parts = [("dtmf noise", "50 ms digits in white noise", "signal to noise (0 to 4 kHz), dB"),
             ("dtmf length", "length, no noise to speak of", "length of the digit, ms")]
    for axes, (plot, title, across_name) in zip(all_axes, parts):
        for series, (across, upward) in curves[plot].items():
            axes.plot(across, upward, color=colour(series), label=series, linewidth=1.5)
        style(axes, title, across_name, "digits heard right, %" if plot == "dtmf noise" else "")
        axes.set_ylim(-2, 102)
    all_axes[1].axvline(40, color="#999999", linewidth=0.8, linestyle="--")
    all_axes[1].axvline(23, color="#999999", linewidth=0.8, linestyle="--")
    all_axes[1].annotate("Q.24: 40 ms must", (40.5, 30), fontsize=8, color="#555555")
    all_axes[1].annotate("23 must not", (22.5, 30), fontsize=8, color="#555555", ha="right")
    all_axes[0].legend(loc="lower right", frameon=False, fontsize=9)
    return figure


def jitter(curves):
    figure, axes = plt.subplots(figsize=(8.6, 3.6), layout="constrained")
    series = curves["jitter"]
    axes.plot(*series["packets"], ".", color="#bbbbbb", markersize=2.5, label="a packet's delay beyond the least")
    axes.plot(*series["target"], color="#c8553d", linewidth=1.2, label="depth that is wanted")
    axes.plot(*series["depth"], color="#0b6e4f", linewidth=1.5, label="depth of the buffer")
    late = series["late"][1][-1]
    style(axes, f"far clock 150 ppm fast, jitter of 8 and 70 ms; {late:.0f} of 9,000 packets came too late",
          "time, s", "ms")
    axes.set_xlim(0, 180)
    axes.set_ylim(0, None)
    axes.legend(loc="upper left", frameon=False, fontsize=9, bbox_to_anchor=(0.02, 0.95))
    return figure


def scores():
    """Rows of the table in numbers.md: codec, pattern, the scores by loss."""
    losses, rows = [], {}
    for line in (ROOT / "book" / "src" / "numbers.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[:2] == ["codec", "loss"]:
            losses = [int(cell.rstrip(" %")) for cell in cells[2:]]
        elif losses and len(cells) == len(losses) + 2 and "," in cells[1]:
            rows[cells[0], cells[1]] = [float(cell) for cell in cells[2:]]
    return losses, rows


def pesq():
    losses, rows = scores()
    figure, all_axes = plt.subplots(1, 2, figsize=(9.2, 3.8), sharey=True, layout="constrained")
    codecs = ["L16", "PCMU", "G722", "Opus", "G726-32", "G729"]
    tones = ["#222222", "#0b6e4f", "#5b5ea6", "#2a9bb5", "#c8553d", "#d9a404"]
    for axes, pattern in zip(all_axes, ["random", "bursts"]):
        for codec, tone in zip(codecs, tones):
            axes.plot(losses, rows[codec, f"{pattern}, concealed"], "o-", color=tone, label=codec, markersize=3.5)
            axes.plot(losses, rows[codec, f"{pattern}, silence"], "--", color=tone, linewidth=0.9)
        style(axes, {"random": "packets lost one by one", "bursts": "packets lost in bursts"}[pattern],
              "packets lost, %", "PESQ, MOS-LQO" if pattern == "random" else "")
        axes.set_ylim(1, 4.6)
    all_axes[1].legend(loc="upper right", frameon=False, fontsize=9, title="dashed: silence instead", title_fontsize=8)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tipring")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--png", type=pathlib.Path)
    settings = parser.parse_args()
    # The same data gives the same file.
    plt.rcParams.update({"svg.hashsalt": "tipring", "svg.fonttype": "none", "font.size": 9.5,
                         "font.family": "sans-serif"})
    curves = points(settings.tipring, settings.seed)
    OUT.mkdir(exist_ok=True)
    plots = {"erle": erle(curves), "slip": slip(curves), "double-talk": double_talk(curves), "dtmf": dtmf(curves),
             "jitter": jitter(curves), "loss": pesq()}
    for name, figure in plots.items():
        figure.savefig(OUT / f"{name}.svg", metadata={"Date": None})
        if settings.png:
            settings.png.mkdir(exist_ok=True)
            figure.savefig(settings.png / f"{name}.png", dpi=110)


main()
