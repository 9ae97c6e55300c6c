// Country packs: each value with its source, each tone to be heard.
import { address, get } from './api.js';
import { Head, Icon, Trouble, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

const player = new Audio();

function useTone() {
  const [playing, setPlaying] = useState('');
  const [failed, setFailed] = useState('');
  useEffect(() => {
    const ended = () => setPlaying('');
    player.addEventListener('ended', ended);
    return () => {
      player.removeEventListener('ended', ended);
      player.pause();
    };
  }, []);
  const play = async (path) => {
    player.pause();
    setFailed('');
    if (path === playing) {
      setPlaying('');
      return;
    }
    setPlaying(path);
    player.src = address(path);
    try {
      await player.play();
    } catch (why) {
      // Another tone was asked for before this one began.
      if (why.name === 'AbortError') return;
      setPlaying('');
      setFailed(path);
    }
  };
  return { playing, failed, play };
}

const SPAN_MS = 8000;

/** `425 480 ms` and `pause 480 ms` as marks and spaces on a line of eight seconds. */
function Cadence({ steps, repeat }) {
  const parts = (steps || []).map((step) => ({ on: !/^pause/.test(step), ms: Number(/(\d+) ms/.exec(step)?.[1] || SPAN_MS) }));
  if (!parts.some((part) => part.ms)) return null;
  const marks = [];
  let at = 0;
  do {
    for (const part of parts) {
      const length = Math.max(0, Math.min(part.ms, SPAN_MS - at));
      if (part.on && length) marks.push(`M${at / 40},6h${length / 40}`);
      at += part.ms;
    }
  } while (at < SPAN_MS && repeat !== 'once');
  return html`<svg class="cadence" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true"><path d=${marks.join('')} /></svg>`;
}

function Sources({ value }) {
  return html`${value.source ? html`<p class="source">${t('country.source')} ${value.source}</p>` : null}
    ${value.unverified ? html`<p class="source"><em>${t('country.unverified')}</em> ${value.unverified}</p>` : null}`;
}

function Value({ value }) {
  if (Array.isArray(value)) {
    if (value.some((one) => typeof one === 'object')) return html`<ul class="list">${value.map((one) => html`<li><${Value} value=${one} /></li>`)}</ul>`;
    return value.join(', ');
  }
  if (value && typeof value === 'object') {
    const own = Object.entries(value).filter(([name]) => name !== 'source' && name !== 'unverified');
    return html`<dl class="nested">${own.map(([name, inner]) => html`<div key=${name}><dt>${name.replaceAll('_', ' ')}</dt><dd><${Value} value=${inner} /></dd></div>`)}</dl><${Sources} value=${value} />`;
  }
  return String(value ?? '');
}

function Tone({ code, name, tone, player: { playing, failed, play } }) {
  const path = `/countries/${code}/tones/${name}.wav`;
  const silent = Array.isArray(tone.steps) && !tone.steps.length;
  const on = playing === path;
  return html`<li class="card tone"><h3>${name}</h3>
    ${silent ? html`<p class="quiet">${t('tone.none')}</p>` : html`<button type="button" aria-pressed=${on ? 'true' : 'false'} onClick=${() => play(path)}>
      <${Icon} name=${on ? 'stop' : 'play'} /> ${on ? t('tone.stop') : t('tone.play')}<span class="unseen"> ${name}</span></button>`}
    ${failed === path ? html`<p class="note bad" role="alert">${t('tone.failed')}</p>` : null}
    <${Cadence} steps=${tone.steps} repeat=${tone.repeat} /><p><code>${(tone.steps || []).join(', ')}</code> ${tone.level || ''} ${tone.repeat || ''}</p><${Sources} value=${tone} /></li>`;
}

function Country({ code }) {
  const { data, problem } = useLoad(() => get(`/countries/${code}`), [code]);
  const tone = useTone();
  if (!data) return html`<${Head} title=${code} /><${Trouble} problem=${problem} />`;
  const tones = data.tone || data.tones || {};
  const rest = Object.entries(data).filter(([name]) => !['tone', 'tones', 'code', 'name'].includes(name));
  const plain = rest.filter(([, value]) => typeof value !== 'object');
  return html`<${Head} title=${data.name || code}><a class="button" href="/countries">${t('country.all')}</a></${Head}>
    <section aria-labelledby="tones"><h2 id="tones">${t('country.tones')}</h2><ul class="cards tones">${Object.entries(tones).map(([name, value]) => html`<${Tone} key=${name} code=${code} name=${name} tone=${value} player=${tone} />`)}</ul></section>
    ${plain.length ? html`<section><h2>${t('country.plain')}</h2><${Value} value=${Object.fromEntries(plain)} /></section>` : null}
    ${rest.filter(([, value]) => typeof value === 'object').map(([name, value]) => html`<details key=${name}><summary>${name.replaceAll('_', ' ')}</summary><${Value} value=${value} /></details>`)}`;
}

export default function Countries({ code }) {
  const { data, problem } = useLoad(() => (code ? Promise.resolve(null) : get('/countries')), [code]);
  if (code) return html`<${Country} code=${code} />`;
  return html`<${Head} title=${t('nav.countries')} /><${Trouble} problem=${problem} />
    ${data ? html`<ul class="choose wide">${data.map((one) => html`<li key=${one.code}><a href=${`/countries/${one.code}`}><b>${one.code}</b> ${one.name}</a></li>`)}</ul>` : null}`;
}
