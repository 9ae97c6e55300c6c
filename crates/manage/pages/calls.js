// The calls under way and how they sound.
import { may, remove } from './api.js';
import { useLive } from './live.js';
import { Head, Icon, Sure, Trouble, duration, useAct, useHas } from './parts.js';
import { Heard, Plot } from './quality.js';
import { grade } from './rows.js';
import { t } from './texts.js';
import { html } from './ui.js';

const LOOKS = { dialled: 'waiting', ringing: 'ringing', talking: 'talking', held: 'parked', conference: 'talking' };

function Call({ call, act }) {
  const ways = [call.via && t('call.via', { via: call.via }), call.by, call.codec].filter(Boolean).join(' · ');
  return html`<li class="card call"><h2><${Icon} name=${LOOKS[call.state] || 'busy'} /> ${call.from || t('unknown')} → ${call.to || t('call.whoever')}</h2>
    <p><span class="word">${t(`call.${call.state}`)}</span> <time>${duration(call.for_seconds)}</time> ${ways}
      ${call.quality ? html` <span class=${`grade ${grade(call.quality)}`}>${call.quality}</span>` : null}</p>
    ${call.codec || call.here || call.there ? html`<${Heard} word=${t('quality.here')} heard=${call.here} /><${Heard} word=${t('quality.there')} heard=${call.there} />
      <${Plot} call=${call.call} />` : html`<p class="quiet">${t('call.inside')}</p>`}
    ${act ? html`<div class="tools"><${Sure} label=${t('call.clear')} question=${t('call.sure', { from: call.from, to: call.to })} yes=${t('call.clear')}
      act=${() => act(call)} /></div>` : null}</li>`;
}

export default function Calls() {
  const calls = useLive(({ status }) => status?.calls);
  const { run, problem } = useAct();
  const ends = useHas('/calls/0') && may('operator');
  const clear = (call) => run('clear', () => remove(`/calls/${call.call}`), t('call.cleared'));
  return html`<${Head} title=${t('nav.calls')}>${calls ? html`<span class="quiet">${t('calls.count', { count: calls.length })}</span>` : null}</${Head}>
    <${Trouble} problem=${problem} />
    ${calls?.length ? html`<ul class="cards">${calls.map((call) => html`<${Call} key=${call.call} call=${call} act=${ends ? clear : null} />`)}</ul>`
      : html`<p class="quiet">${t('calls.none')}</p>`}`;
}
