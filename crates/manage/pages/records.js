// Call records: searched, and as CSV.
import { address, get, query } from './api.js';
import { useLive } from './live.js';
import { Head, Table, Trouble, duration, moment, percent, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

const STEP = 50;
// As many as the gateway gives at once.
const MOST = 10000;

function way(record) {
  return [record.came_by && t('record.in', { by: record.came_by }), record.went_by && t('record.out', { by: record.went_by })].filter(Boolean).join(' ');
}

function sound(heard) {
  return heard ? `${(heard.score / 10).toFixed(1)} (${percent(heard.loss)})` : '';
}

/** The newest first. */
export const newest = (records) => [...records].sort((one, other) => other.started - one.started);

/** The columns of a table of records. */
export const recordColumns = () => [
  ['started', t('record.started'), (row) => html`<time>${moment(row.started)}</time>`],
  ['from', t('record.from'), (row) => html`${row.withheld && !row.from ? t('record.withheld') : row.from || t('unknown')} ${row.from_name ? html`<small>${row.from_name}</small>` : null}`],
  ['dialled', t('record.to'), (row) => html`${row.dialled}${row.emergency ? html` <em>${t('record.emergency')}</em>` : null}${row.fax ? html` <small>${t('record.fax')}</small>` : null}`],
  ['way', t('record.way'), way],
  ['talked', t('record.talked'), (row) => (row.answered === null ? t('record.unanswered') : duration(Math.round(row.talked_ms / 1000)))],
  ['cause', t('record.cause'), (row) => html`${row.cause_word} <small>${row.cause}, ${t(`record.by.${row.by}`)}</small>`],
  ['mos', t('record.mos'), (row) => sound(row.here)],
];

export default function Records() {
  const [search, setSearch] = useState('');
  const [asked, setAsked] = useState('');
  const [count, setCount] = useState(STEP);
  const { data, problem, loading, reload } = useLoad(() => get(`/records${query({ count, search: asked })}`), [asked, count]);
  // A call that ended has a record.
  const under = useLive(({ status }) => (status ? status.calls.map((call) => call.call).join(' ') : ''));
  useEffect(() => { reload(); }, [under]);
  const find = (event) => {
    event.preventDefault();
    setCount(STEP);
    setAsked(search.trim());
  };
  const rows = newest(data || []);
  return html`<${Head} title=${t('nav.records')}>
      <a class="button" download href=${address(`/records.csv${query({ search: asked })}`)}>${t('records.csv')}</a></${Head}>
    <form role="search" class="bar" onSubmit=${find}>
      <input type="search" value=${search} aria-label=${t('records.search')} placeholder=${t('records.search')} onInput=${(event) => setSearch(event.target.value)} />
      <button>${t('records.find')}</button></form>
    <${Trouble} problem=${problem} />
    ${loading && !data ? html`<p class="quiet">${t('loading')}</p>` : null}
    ${data ? html`<${Table} caption=${t('records.caption', { count: rows.length })} rows=${rows} id=${(row) => `${row.started}-${row.call}`} empty=${t('records.none')} columns=${recordColumns()} />` : null}
    ${rows.length >= count && count < MOST ? html`<p><button type="button" onClick=${() => setCount(Math.min(count + STEP, MOST))}>${t('records.more')}</button></p>` : null}`;
}
