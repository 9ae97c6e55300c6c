// All ports as a living panel, and above them what needs a person.
import { Icon, Head, duration } from './parts.js';
import { counts, grade, looks, rows, word } from './rows.js';
import { useLive } from './live.js';
import { t } from './texts.js';
import { Component, html, useMemo, useState } from './ui.js';

class Tile extends Component {
  shouldComponentUpdate(next) {
    return next.row.sign !== this.props.row.sign;
  }

  render({ row }) {
    const { line, peer, since, trouble, quality, waits } = row;
    return html`<li class=${`tile is-${looks(line.state)}${line.fault ? ' has-fault' : ''}`}>
      <a href=${`/ports/${encodeURIComponent(row.key)}`}>
        <span class="who"><b>${line.outside ? t('line', { number: line.number }) : line.number}</b>
          <span class="flags">${line.messages ? html`<span class="flag"><${Icon} name="mail" /><span class="unseen">${t('port.messages')}</span></span>` : null}
          ${trouble ? html`<span class="flag bad" title=${trouble}><${Icon} name="server" />✕<span class="unseen">${t('port.unregistered')}</span></span>` : null}
          ${quality ? html`<span class=${`grade ${grade(quality)}`}>${t(`grade.${grade(quality)}`)}</span>` : null}</span></span>
        <span class="name">${line.name || line.port}</span>
        <span class="state"><${Icon} name=${line.fault ? 'fault' : looks(line.state)} /> ${t(word(line.state))}
          ${line.fault ? html` <em>${t('port.fault')}</em>` : null}${since ? html` <time>${duration(since)}</time>` : null}</span>
        <span class="peer">${peer}${waits ? html` <em>${t('port.waits.short')}</em>` : null}</span>
      </a></li>`;
  }
}

function Alarm({ alarm }) {
  const more = [alarm.detail, alarm.cause].filter(Boolean).join('. ');
  return html`<li><${Icon} name="fault" /><div><strong>${alarm.subject}: ${alarm.text}</strong> <time>${duration(alarm.for_seconds)}</time>
    ${more ? html`<p>${more}.</p>` : null}<p>${t('alarms.next')} ${alarm.next}</p></div></li>`;
}

function Needs() {
  const alarms = useLive(({ status }) => status?.alarms, (one, other) => JSON.stringify(one) === JSON.stringify(other));
  if (!alarms?.length) return html`<p class="fine"><${Icon} name="idle" /> ${t('alarms.none')}</p>`;
  return html`<section class="needs" aria-labelledby="needs"><h2 id="needs">${t('alarms.needs', { count: alarms.length })}</h2>
    <ul>${alarms.map((alarm) => html`<${Alarm} key=${alarm.subject + alarm.text} alarm=${alarm} />`)}</ul></section>`;
}

function Facts() {
  const facts = useLive(({ status }) => status && {
    name: status.name, revision: status.revision, up: Math.floor(status.up_seconds / 60), calls: status.calls.length,
    next: status.next_start.length, waiting: status.waiting.length,
    late: status.media.reduce((sum, media) => sum + media.late_last_minute, 0),
    registered: status.servers.reduce((sum, server) => sum + server.registered, 0),
    accounts: status.servers.reduce((sum, server) => sum + server.accounts, 0),
  }, (one, other) => JSON.stringify(one) === JSON.stringify(other));
  if (!facts) return null;
  const hours = Math.floor(facts.up / 60);
  const up = hours >= 24 ? t('duration.days', { days: Math.floor(hours / 24), hours: hours % 24 }) : t('duration.hours', { hours, minutes: facts.up % 60 });
  return html`<dl class="facts">
    <div><dt>${t('facts.up')}</dt><dd>${up}</dd></div>
    <div><dt>${t('facts.revision')}</dt><dd>${facts.revision}${facts.next ? html` <small>${t('facts.next', { count: facts.next })}</small>` : null}${facts.waiting ? html` <small>${t('facts.waiting', { count: facts.waiting })}</small>` : null}</dd></div>
    <div><dt>${t('facts.calls')}</dt><dd>${facts.calls}</dd></div>
    ${facts.accounts ? html`<div><dt>${t('facts.registered')}</dt><dd>${facts.registered}/${facts.accounts}</dd></div>` : null}
    <div><dt>${t('facts.late')}</dt><dd>${facts.late}</dd></div></dl>`;
}

export default function Overview() {
  const all = useLive(({ status }) => status && rows(status));
  const name = useLive(({ status }) => status?.name);
  const [search, setSearch] = useState('');
  const [only, setOnly] = useState('');
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    const fits = ({ line, peer }) => !wanted || [line.number, line.name, line.port, peer].some((text) => text.toLowerCase().includes(wanted));
    const is = ({ line, trouble }) => !only || (only === 'fault' ? line.fault || trouble !== '' : line.state === only);
    return (all || []).filter((row) => fits(row) && is(row));
  }, [all, search, only]);
  if (!all) return html`<p class="quiet">${t('loading')}</p>`;
  const faults = all.filter((row) => row.line.fault || row.trouble).length;
  const choice = (state, text, look) => html`<button type="button" key=${state} class=${`chip is-${look}`} aria-pressed=${only === state ? 'true' : 'false'}
    onClick=${() => setOnly(only === state ? '' : state)}>${look ? html`<${Icon} name=${look} />` : null}${text}</button>`;
  return html`<${Head} title=${name || t('nav.overview')}><${Facts} /></${Head}>
    <${Needs} />
    <section aria-labelledby="ports"><div class="bar"><h2 id="ports">${t('ports.title', { count: all.length })}</h2>
      <input type="search" aria-label=${t('ports.search')} placeholder=${t('ports.search')} value=${search} onInput=${(event) => setSearch(event.target.value)} />
      <div class="chips" role="group" aria-label=${t('ports.only')}>
        ${counts(all).map(([state, count]) => choice(state, `${count} ${t(word(state))}`, looks(state)))}
        ${faults ? choice('fault', `${faults} ${t('ports.trouble')}`, 'fault') : null}</div></div>
      <ul class=${all.length > 60 ? 'panel dense' : 'panel'}>${shown.map((row) => html`<${Tile} key=${row.key} row=${row} />`)}</ul>
      ${shown.length ? null : html`<p class="quiet">${t('ports.none')}</p>`}
    </section>`;
}
