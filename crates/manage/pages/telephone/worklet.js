// Sound between the gateway (8 kHz) and the browser (its own rate), in the audio thread.
// What comes is played from a small buffer that begins to sound when it holds START samples, so that what comes unevenly is
// heard evenly; what is beyond MOST is the oldest and left out. Both ways the rate is changed between neighbouring samples.
// Ten times a second it tells the level and the dominant frequency of what it played, and what was missing.
const RATE = 8000;
const START = 480; // 60 ms
const MOST = 1600; // 200 ms
const FRAME = 80;
const JUDGED = 2048; // samples at 8 kHz by which the frequency is judged

class Telephone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.waiting = [];
    this.playing = false;
    this.place = 0;
    this.step = RATE / sampleRate;
    this.taken = 0;
    this.spoken = [];
    this.heard = new Float32Array(JUDGED);
    this.at = 0;
    this.gaps = 0;
    this.dropped = 0;
    this.told = 0;
    this.ringing = false;
    this.phase = 0;
    this.peak = 0;
    this.port.onmessage = ({ data }) => {
      if (data.ring !== undefined) {
        this.ringing = data.ring;
        return;
      }
      for (const sample of data.sound) this.waiting.push(sample / 32768);
      if (this.waiting.length > MOST) {
        this.dropped += this.waiting.length - START;
        this.waiting.splice(0, this.waiting.length - START);
      }
    };
  }

  next() {
    if (!this.playing && this.waiting.length >= START) this.playing = true;
    if (!this.playing) return 0;
    this.place += this.step;
    while (this.place >= 1) {
      this.place -= 1;
      const done = this.waiting.shift();
      this.heard[this.at] = done ?? 0;
      this.at = (this.at + 1) % JUDGED;
      if (this.waiting.length < 2) {
        this.playing = false;
        this.gaps += 1;
        return 0;
      }
    }
    const [here, there] = this.waiting;
    return here + (there - here) * this.place;
  }

  // A bell of two gongs, struck twenty times a second.
  bell() {
    const strokes = 20;
    const time = this.phase / sampleRate;
    this.phase += 1;
    const stroke = (time * strokes) % 1;
    const gong = Math.floor(time * strokes) % 2 ? 1180 : 1390;
    const sound = Math.sin(2 * Math.PI * gong * time) + 0.5 * Math.sin(2 * Math.PI * gong * 2.71 * time);
    return 0.12 * Math.exp(-4 * stroke) * sound;
  }

  process(inputs, outputs) {
    const [out] = outputs[0];
    for (let n = 0; n < out.length; n += 1) out[n] = this.next() + (this.ringing ? this.bell() : 0);
    const heard = inputs[0]?.[0];
    if (heard) this.speak(heard);
    if (currentTime - this.told > 0.1) {
      this.told = currentTime;
      this.port.postMessage({ told: this.judge() });
    }
    return true;
  }

  // The mean of the samples that fall on one of ours: what lies above 4 kHz is kept down.
  speak(samples) {
    for (const sample of samples) {
      this.sum = (this.sum ?? 0) + sample;
      this.count = (this.count ?? 0) + 1;
      this.taken += this.step;
      if (this.taken < 1) continue;
      this.taken -= 1;
      const mean = this.sum / this.count;
      this.sum = 0;
      this.count = 0;
      this.peak = Math.max(this.peak, Math.abs(mean));
      this.spoken.push(Math.max(-32768, Math.min(32767, Math.round(mean * 32767))));
      if (this.spoken.length === FRAME) {
        this.port.postMessage({ spoken: Int16Array.from(this.spoken) });
        this.spoken = [];
      }
    }
  }

  // Level in dBm0 (a full-scale sine is +3.14) and the strongest frequencies, by a Goertzel filter each 5 Hz.
  judge() {
    let power = 0;
    for (const sample of this.heard) power += sample * sample;
    const rms = Math.sqrt(power / JUDGED);
    const level = rms > 0 ? 20 * Math.log10(rms * Math.SQRT2) + 3.14 : -99;
    const peaks = [];
    if (rms > 0.0005) {
      const powers = [];
      for (let hertz = 100; hertz <= 3600; hertz += 5) powers.push([hertz, this.goertzel(hertz)]);
      powers.sort((a, b) => b[1] - a[1]);
      for (const [hertz, share] of powers) {
        if (share < powers[0][1] / 4 || peaks.length === 2) break;
        if (peaks.every((peak) => Math.abs(peak - hertz) > 20)) peaks.push(hertz);
      }
    }
    const spoken = this.peak;
    this.peak = 0;
    return { rms, level, hertz: peaks[0] ?? 0, peaks: peaks.sort((a, b) => a - b), gaps: this.gaps, dropped: this.dropped, waiting: this.waiting.length, spoken };
  }

  goertzel(hertz) {
    const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
    let [one, two] = [0, 0];
    for (let n = 0; n < JUDGED; n += 1) {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / JUDGED);
      const sum = this.heard[(this.at + n) % JUDGED] * window + turn * one - two;
      two = one;
      one = sum;
    }
    return one * one + two * two - turn * one * two;
  }
}

registerProcessor('tipring-telephone', Telephone);
