#!/usr/bin/env python3
"""Speech quality under loss, by PESQ (ITU-T P.862, MOS-LQO of P.862.1).

    pip install pesq numpy
    apt-get download asterisk-core-sounds-en-wav && dpkg -x asterisk-core-sounds-en-wav*.deb SPEECH
    python3 bench/speech_quality.py TIPRING SPEECH [--samples 6] [--seed 1]

Takes the longest recordings below the folder SPEECH (8 kHz, 16 bit, mono), cuts them to eight seconds, lets `TIPRING bench loss`
carry each through every codec and loss, and prints the mean scores as a table: with our concealment, and with silence in
its place.
"""

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy
import pesq

RATE = 8000
SECONDS = 8
LOSSES = [0, 1, 3, 5, 10]


def samples(path):
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            return numpy.zeros(0, numpy.int16)
        return numpy.frombuffer(file.readframes(file.getnframes()), numpy.int16)


def is_speech(sound):
    """Loud enough, and not one steady sound."""
    level = sound.reshape(-1, RATE // 50).astype(float).std(axis=1)
    return level.max() > 1000 and (level > level.max() / 10).mean() > 0.3


def material(folder, count):
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*.wav")):
        sound = samples(path)[: RATE * SECONDS]
        if len(sound) == RATE * SECONDS and is_speech(sound):
            found.append((path.name, sound))
    # Evenly over the alphabet, so that no one prompt counts twice under two names.
    step = max(1, len(found) // count)
    return found[::step][:count]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tipring")
    parser.add_argument("speech")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    settings = parser.parse_args()
    chosen = material(settings.speech, settings.samples)
    if not chosen:
        sys.exit(f"no speech of {SECONDS} s below {settings.speech}")
    scores = collections.defaultdict(list)
    for number, (name, sound) in enumerate(chosen):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            source = folder / "speech.wav"
            with wave.open(str(source), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(sound.tobytes())
            out = folder / "out"
            out.mkdir()
            seed = str(settings.seed + number)
            command = [settings.tipring, "bench", "loss", "--seed", seed, "--speech", source, "--out", out]
            # Exit code 1 tells of rows in which concealment lost; the scores tell it, too.
            if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode > 1:
                sys.exit(f"{settings.tipring} bench loss failed")
            reference = samples(out / "reference.wav")
            for path in sorted(out.glob("*_*.wav")):
                codec, pattern, loss, fill = path.stem.split("_")
                score = pesq.pesq(RATE, reference, samples(path), "nb")
                scores[codec, pattern, int(loss), fill].append(score)
    print(f"{len(chosen)} recordings of {SECONDS} s: {', '.join(name for name, _ in chosen)}; seed {settings.seed}\n")
    print("| codec | loss | " + " | ".join(f"{loss} %" for loss in LOSSES) + " |")
    print("|---|---|" + "---|" * len(LOSSES))
    codecs = list(dict.fromkeys(codec for codec, *_ in scores))
    for codec in codecs:
        for pattern in ["random", "bursts"]:
            for fill in ["concealed", "silence"]:
                cells = []
                for loss in LOSSES:
                    found = scores.get((codec, pattern if loss else "random", loss, fill))
                    cells.append(f"{numpy.mean(found):.2f}" if found else "-")
                print(f"| {codec} | {pattern}, {fill} | " + " | ".join(cells) + " |")


main()
