// One telephone: receiver, keypad and rotary dial, bell, display, message lamp; two-way sound; and its line on an oscilloscope.
import { Sound } from './audio.js';
import { Connection } from './connection.js';
import { t } from '../texts.js';
import { dress, make } from './parts.js';
import { mountScope } from './scope.js';

const KEYS = [['1', ''], ['2', 'abc'], ['3', 'def'], ['4', 'ghi'], ['5', 'jkl'], ['6', 'mno'], ['7', 'pqrs'], ['8', 'tuv'], ['9', 'wxyz'], ['*', ''], ['0', ''], ['#', '']];
const NAMES = { '*': 'star', '#': 'hash' };
const FLASH = 300;

/** Shows the telephone `number` in `element`; gives the way to take it away. `keep`: the call stays up when the connection breaks. */
export function mount(element, { number, keep = true, scope = true } = {}) {
  dress();
  let [state, speaker, connected] = [null, false, false];
  const root = make('section', { class: 'telephone', 'aria-label': t('telephone.title', { number }) });
  const lamp = make('span', { class: 'lamp', role: 'img', 'aria-label': t('telephone.lamp.off') });
  const display = make('output', { class: 'display', 'aria-live': 'polite' }, ' ');
  const hears = make('output', { class: 'hears', 'aria-live': 'polite' });
  const news = make('p', { class: 'news', role: 'status' });
  const hook = make('button', { type: 'button', class: 'hook main', 'aria-pressed': 'false', onclick: lift }, t('telephone.lift'));
  const flash = make('button', { type: 'button', onclick: () => act({ flash: FLASH }), title: t('telephone.flash.hint', { ms: FLASH }) }, t('telephone.flash'));
  const microphone = make('button', { type: 'button', 'aria-pressed': 'false', onclick: listen }, t('telephone.microphone'));
  const voice = make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => say({ voice: 7 }, voice) }, t('telephone.voice'));
  const tone = make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => say({ tone: { hertz: 1004, dbm0: -10 } }, tone) }, t('telephone.tone'));
  const heard = meter(t('telephone.heard.level'));
  const said = meter(t('telephone.spoken.level'));
  const sound = new Sound({
    spoken: (samples) => speaker && line.send(samples),
    told(levels) {
      heard.value = levels.level;
      heard.title = `${levels.level.toFixed(1)} dBm0`;
      said.value = levels.spoken > 0 ? 20 * Math.log10(levels.spoken) + 3 : -60;
      // What a test of this page measures.
      root.dataset.level = levels.level.toFixed(1);
      root.dataset.hertz = levels.peaks.join(' ');
      root.dataset.gaps = levels.gaps;
    },
  });

  const keypad = make('div', { class: 'keypad', role: 'group', 'aria-label': t('telephone.keypad') }, ...KEYS.map(([key, letters]) =>
    make('button', { type: 'button', 'aria-label': key in NAMES ? t(`telephone.${NAMES[key]}`) : key, onclick: () => dial(key, false) }, key, make('small', { 'aria-hidden': 'true' }, letters))));
  const rotary = rotaryDial((digit) => dial(digit, true));
  rotary.hidden = true;
  const kind = make('button', { type: 'button', 'aria-pressed': 'false', onclick: turn }, t('telephone.rotary'));
  const keeps = make('input', { type: 'checkbox', checked: keep, onchange: () => line.want('keep', keeps.checked) });
  const picture = make('div', {});
  root.append(
    make('div', { class: 'front' }, make('div', { class: 'row' }, lamp, display), hears, make('div', { class: 'row' }, hook, flash), keypad, rotary,
      make('div', { class: 'row' }, kind, microphone, voice, tone),
      make('label', { class: 'row' }, t('telephone.heard'), heard), make('label', { class: 'row' }, t('telephone.spoken'), said),
      make('label', { class: 'row' }, keeps, t('telephone.keeps')), news),
    picture);
  element.replaceChildren(root);
  const scopes = scope ? mountScope(picture) : null;
  const line = new Connection(number, { speak: true, keep, scope }, {
    sound: (samples) => sound.play(samples),
    scope: (seen) => scopes?.picture(seen),
    mark: (mark) => scopes?.mark(mark),
    state: show,
    speaker(is, why) {
      speaker = is;
      tell(why);
      root.classList.toggle('listens', !is);
    },
    told: (answer) => tell(answer.refused ?? ''),
    connected(is, why) {
      connected = is;
      root.classList.toggle('lost', !is);
      if (!is) sound.ring(false);
      tell(is ? '' : t('telephone.gone', { why: why ? ` (${why})` : '' }));
    },
  });

  function meter(name) {
    return make('meter', { min: -60, max: 3, low: -40, high: -3, optimum: -15, value: -60, 'aria-label': name });
  }

  function tell(text) {
    news.textContent = text;
  }

  function act(what) {
    sound.start();
    if (!line.act(what)) tell(t('telephone.unconnected'));
  }

  function lift() {
    act(state?.hook === 'off' ? 'on-hook' : 'off-hook');
  }

  function dial(digits, pulse) {
    act({ dial: { digits, pulse } });
  }

  function say(what, button) {
    const on = button.getAttribute('aria-pressed') !== 'true';
    for (const other of [voice, tone]) other.setAttribute('aria-pressed', String(on && other === button));
    act(on ? { say: what } : 'hush');
  }

  async function listen() {
    const on = microphone.getAttribute('aria-pressed') !== 'true';
    try {
      if (on) await sound.listen();
      else sound.mute();
      microphone.setAttribute('aria-pressed', String(on));
      tell('');
    } catch (why) {
      tell(t('telephone.deaf', { why: why.message }));
    }
  }

  function turn() {
    rotary.hidden = !rotary.hidden;
    keypad.hidden = !rotary.hidden;
    kind.setAttribute('aria-pressed', String(!rotary.hidden));
  }

  function show(next) {
    state = next;
    const off = next.hook === 'off';
    hook.textContent = off ? t('telephone.hang-up') : next.ringing ? t('telephone.answer') : t('telephone.lift');
    hook.setAttribute('aria-pressed', String(off));
    root.dataset.hook = next.hook;
    root.classList.toggle('off-hook', off);
    root.classList.toggle('rings', next.ringing);
    root.classList.toggle('bell', next.bell);
    flash.disabled = !off;
    sound.ring(next.bell);
    lamp.classList.toggle('lit', next.lamp);
    lamp.setAttribute('aria-label', next.lamp ? t('telephone.lamp.on') : t('telephone.lamp.off'));
    const caller = next.display?.caller ?? next.display?.waiting;
    const lines = caller ? [caller.name, caller.number ?? t('telephone.nameless'), caller.date] : [next.display?.text];
    display.textContent = lines.filter(Boolean).join('\n') || ' ';
    hears.textContent = next.hears.filter((what) => !what.startsWith('caller ')).join(', ');
    if (!off) for (const button of [voice, tone]) button.setAttribute('aria-pressed', 'false');
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (/^[0-9*#A-D]$/.test(key)) dial(key, !rotary.hidden && /\d/.test(key));
    else if (key === 'F') act({ flash: FLASH });
    else if (key === 'L' || key === 'H') lift();
    else return;
    event.preventDefault();
  }
  root.addEventListener('keydown', onKey);
  // What a test reads, and breaks.
  root.telephone = { line, sound };
  return () => {
    line.end();
    sound.end();
    scopes?.unmount();
    root.remove();
  };
}

function rotaryDial(dial) {
  const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];
  const disc = make('div', { class: 'rotary', role: 'group', 'aria-label': t('telephone.rotary') });
  digits.forEach((digit, place) => {
    const hole = make('button', { type: 'button', 'aria-label': digit, class: 'hole' }, digit);
    hole.style.setProperty('--place', place);
    hole.onclick = () => {
      dial(digit);
      const angle = 60 + 30 * place;
      const turns = [{ transform: 'rotate(0)' }, { transform: `rotate(${angle}deg)`, offset: 0.35 }, { transform: 'rotate(0)' }];
      if (!matchMedia('(prefers-reduced-motion: reduce)').matches) disc.animate(turns, { duration: 500 + 130 * (place + 1) });
    };
    disc.append(hole);
  });
  return disc;
}
