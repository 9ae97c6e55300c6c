// Servers, who is registered there, and who is registered here.
import { useLive } from './live.js';
import { Head, Icon, Table } from './parts.js';
import { t } from './texts.js';
import { html } from './ui.js';

function reach(address) {
  if (typeof address.reach === 'object') return t('reach.recovering', { seconds: address.reach.recovering });
  const time = address.latency_micros === null ? '' : `, ${(address.latency_micros / 1000).toFixed(1)} ms`;
  return t(`reach.${address.reach}`) + (address.reach === 'answers' ? time : '');
}

function Server({ server }) {
  const all = server.registered === server.accounts;
  return html`<li class="card"><h2><${Icon} name=${all ? 'server' : 'fault'} /> ${server.name}</h2>
    <p>${server.transport} · ${server.address || t('server.unresolved')} ·${' '}
      <span class=${all ? 'word' : 'word bad'}>${t('server.registered', { registered: server.registered, accounts: server.accounts })}</span></p>
    <${Table} caption=${t('server.addresses')} rows=${server.addresses} empty=${t('server.unresolved')} columns=${[
      ['name', t('server.host')], ['address', t('server.address'), (row) => html`<code>${row.address}</code>`],
      ['in_use', t('server.use'), (row) => (row.in_use ? t('server.used') : t('server.standby'))],
      ['reach', t('server.reach'), reach]]} />
    ${server.trouble.length ? html`<h3>${t('server.trouble')}</h3><ul class="list bad">${server.trouble.map((text) => html`<li key=${text}>${text}</li>`)}</ul>` : null}</li>`;
}

export default function Servers() {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const servers = useLive(({ status }) => status?.servers || [], same);
  const users = useLive(({ status }) => status?.users || [], same);
  const refused = useLive(({ status }) => status?.refused_requests || 0);
  return html`<${Head} title=${t('nav.servers')} />
    ${servers.length ? html`<ul class="cards">${servers.map((server) => html`<${Server} key=${server.name} server=${server} />`)}</ul>`
      : html`<p class="quiet">${t('server.none')}</p>`}
    <section><h2>${t('users.sip')}</h2>
      <${Table} caption=${t('users.sip.caption')} rows=${users} id=${(row) => row.number} empty=${t('users.sip.none')} columns=${[
        ['number', t('number')],
        ['contact', t('users.contact'), (row) => (row.contact ? html`<code>${row.contact}</code>` : t('users.absent'))]]} /></section>
    <p class="quiet">${t('refused', { count: refused })}</p>`;
}
