// An oscilloscope at the line: tip-ring voltage, loop current and the sound both ways, with marks where something happened.

import { t } from '../texts.js';

const SPANS = [500, 2000, 10000, 30000];
const KEPT = 30000; // ms
const TRACES = [
  { name: 'volts', unit: 'V', low: -110, high: 110, lines: [-48, 0, 48], variable: '--calling' },
  { name: 'milliamps', unit: 'mA', low: -15, high: 45, lines: [0, 20], variable: '--talking' },
  { name: 'toLine', unit: '', low: -16000, high: 16000, lines: [0], variable: '--ringing' },
  { name: 'fromLine', unit: '', low: -16000, high: 16000, lines: [0], variable: '--told' },
];

/** A ring of values, `rate` of them a millisecond, by their time. */
class Track {
  constructor(rate) {
    this.rate = rate;
    this.values = new Float32Array(KEPT * rate).fill(NaN);
  }

  put(at, values) {
    const from = Math.round(at * this.rate);
    for (let n = 0; n < values.length; n += 1) this.values[(from + n) % this.values.length] = values[n];
  }

  /** The least and the greatest of a stretch of time. */
  extent(from, until) {
    let [least, most] = [Infinity, -Infinity];
    const end = Math.max(Math.ceil(until * this.rate), Math.floor(from * this.rate) + 1);
    for (let n = Math.floor(from * this.rate); n < end; n += 1) {
      const value = this.values[((n % this.values.length) + this.values.length) % this.values.length];
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return [least, most];
  }
}

export function mountScope(element) {
  const tracks = { volts: new Track(1), milliamps: new Track(1), toLine: new Track(8), fromLine: new Track(8) };
  let [marks, now, span, frozen, first] = [[], 0, 2000, false, null];
  element.classList.add('scope');
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', t('scope.title'));
  const bar = document.createElement('div');
  bar.className = 'scope-bar';
  const choice = document.createElement('select');
  choice.setAttribute('aria-label', t('scope.span'));
  for (const value of SPANS) choice.append(new Option(value < 1000 ? `${value} ms` : `${value / 1000} s`, value, value === span, value === span));
  choice.onchange = () => { span = Number(choice.value); };
  const hold = document.createElement('button');
  hold.type = 'button';
  hold.textContent = t('scope.hold');
  hold.setAttribute('aria-pressed', 'false');
  hold.onclick = () => {
    frozen = !frozen;
    hold.setAttribute('aria-pressed', String(frozen));
  };
  const told = document.createElement('output');
  told.className = 'scope-told';
  const log = document.createElement('ol');
  log.className = 'scope-marks';
  log.setAttribute('aria-label', t('scope.marks'));
  bar.append(choice, hold, told);
  element.append(bar, canvas, log);

  const style = () => getComputedStyle(element);
  const colour = (name, other) => style().getPropertyValue(name).trim() || other;

  function draw() {
    timer = requestAnimationFrame(draw);
    if (frozen || element.offsetParent === null) return;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext('2d');
    pen.clearRect(0, 0, width, height);
    pen.font = `${11 * scale}px system-ui, sans-serif`;
    const [ink, edge] = [colour('--soft', '#567'), colour('--edge', '#ccd')];
    const row = height / TRACES.length;
    const x = (at) => width - ((now - at) * width) / span;
    TRACES.forEach((trace, place) => {
      const top = place * row;
      const y = (value) => top + row - 4 - ((value - trace.low) * (row - 8)) / (trace.high - trace.low);
      pen.strokeStyle = edge;
      pen.lineWidth = scale;
      pen.fillStyle = ink;
      for (const line of trace.lines) {
        pen.beginPath();
        pen.moveTo(0, y(line));
        pen.lineTo(width, y(line));
        pen.stroke();
        if (trace.unit) pen.fillText(String(line), 4 * scale, y(line) - 2 * scale);
      }
      pen.fillText(`${t(`scope.${trace.name}`)}${trace.unit ? ` (${trace.unit})` : ''}`, 36 * scale, top + 13 * scale);
      pen.strokeStyle = colour(trace.variable, '#06c');
      pen.lineWidth = 1.2 * scale;
      pen.beginPath();
      let seen = false;
      for (let column = 0; column < width; column += 1) {
        const from = now - span + (column * span) / width;
        const [least, most] = tracks[trace.name].extent(Math.max(from, first ?? 0), from + span / width);
        if (from < (first ?? Infinity) || least > most) continue;
        seen = true;
        pen.moveTo(column, y(most) - 0.5);
        pen.lineTo(column, y(least) + 0.5);
      }
      pen.stroke();
      if (!seen) pen.fillText(t('unmeasured'), width / 2, top + row / 2);
    });
    pen.setLineDash([3 * scale, 3 * scale]);
    marks.filter((mark) => mark.at > now - span).forEach((mark, place) => {
      pen.strokeStyle = ink;
      pen.beginPath();
      pen.moveTo(x(mark.at), 0);
      pen.lineTo(x(mark.at), height);
      pen.stroke();
      if (mark.until) {
        pen.globalAlpha = 0.15;
        pen.fillRect(x(mark.at), 0, x(mark.until) - x(mark.at), height);
        pen.globalAlpha = 1;
      }
      pen.fillText(word(mark), x(mark.at) + 3 * scale, (26 + (place % 4) * 13) * scale);
    });
    pen.setLineDash([]);
  }

  const word = (mark) => [t(`mark.${mark.what}`), mark.text].filter(Boolean).join(' ');
  let timer = requestAnimationFrame(draw);
  const values = setInterval(() => {
    const [, volts] = tracks.volts.extent(now - 1, now);
    const [, milliamps] = tracks.milliamps.extent(now - 1, now);
    const said = (value, unit) => (Number.isFinite(value) ? `${value.toFixed(1)} ${unit}` : `${unit}: ${t('unmeasured')}`);
    told.value = `${said(volts, 'V')}, ${said(milliamps, 'mA')}`;
  }, 500);

  return {
    picture({ at, volts, milliamps, toLine, fromLine }) {
      first ??= at;
      now = at + 10;
      tracks.volts.put(at, volts);
      tracks.milliamps.put(at, milliamps);
      tracks.toLine.put(at, toLine);
      tracks.fromLine.put(at, fromLine);
    },
    mark(mark) {
      marks = [...marks.slice(-200), mark];
      if (mark.what.startsWith('loop-')) return;
      const line = document.createElement('li');
      line.textContent = `${(mark.at / 1000).toFixed(2)} s  ${word(mark)}`;
      log.prepend(line);
      while (log.children.length > 12) log.lastChild.remove();
    },
    unmount() {
      cancelAnimationFrame(timer);
      clearInterval(values);
      element.replaceChildren();
    },
  };
}
