// What changes every day, without the file: name, number, type, permission, forward; and many at once by CSV.
import { address, get, may, patch, raw } from './api.js';
import { useLive } from './live.js';
import { Changes, Field, Head, Trouble, useAct, useHas, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

const KEYS = ['name', 'number', 'type', 'may_call', 'forward'];

/** `a, b or c` as a list; empty where it is no choice. */
export function choices(kind) {
  const words = String(kind || '').split(/,\s*|\s+or\s+/);
  return words.length > 1 && words.every((word) => /^[\w-]+$/.test(word)) ? words : [];
}

/** The plain values in the effective form of one telephone. */
export function values(lines) {
  const of = {};
  for (const line of lines) {
    const match = /^\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^#\s]+))/.exec(line);
    if (match && !(match[1] in of)) of[match[1]] = match[2] ?? match[3];
  }
  return of;
}

function Form({ line, keys, reload }) {
  const { data, problem } = useLoad(() => get(`/configuration/effective?name=${encodeURIComponent(line.number)}`), [line.number]);
  const [old, setOld] = useState(null);
  const [now, setNow] = useState(null);
  const { run, busy, problem: failed, done } = useAct();
  useEffect(() => {
    if (!data) return;
    const of = values(data.lines);
    const start = { ...Object.fromEntries(KEYS.map((key) => [key, of[key] ?? ''])), name: line.name, number: line.number };
    if (start.forward === 'none') start.forward = '';
    setOld(start);
    setNow(start);
  }, [data]);
  if (!now) return html`<${Trouble} problem=${problem} />${problem ? null : html`<p class="quiet">${t('loading')}</p>`}`;
  const changed = Object.fromEntries(KEYS.filter((key) => now[key] !== old[key]).map((key) => [key, now[key]]));
  const locked = !may('administrator') || busy !== '';
  const put = async (event) => {
    event.preventDefault();
    if (await run('put', () => patch(`/phones-config/${encodeURIComponent(line.number)}`, changed), t('forms.done'))) {
      setOld(now);
      reload(now.number);
    }
  };
  const field = (key) => {
    const known = keys.find((one) => one.place.includes('phone') && one.name === key);
    const options = choices(known?.kind);
    const input = (event) => setNow({ ...now, [key]: event.target.value });
    const all = options.includes(now[key]) ? options : [now[key], ...options];
    return html`<${Field} key=${key} label=${t(`forms.${key}`)} hint=${known?.help} value=${now[key]} onInput=${input} disabled=${locked}>
      ${options.length ? html`<select value=${now[key]} onChange=${input} disabled=${locked}>${all.map((word) => html`<option key=${word} value=${word}>${word || t('forms.default')}</option>`)}</select>` : null}</${Field}>`;
  };
  return html`<form class="card" onSubmit=${put}><h2>${t('forms.of', { number: line.number })}</h2><div class="fields">${KEYS.map(field)}</div>
    <${Trouble} problem=${failed} />${done ? html`<p class="note good">${done}</p>` : null}
    <div class="tools"><button class="main" disabled=${locked || !Object.keys(changed).length}>${t('forms.put')}</button>
      <button type="button" disabled=${!Object.keys(changed).length} onClick=${() => setNow(old)}>${t('config.discard')}</button></div></form>`;
}

function Batch() {
  const [file, setFile] = useState(null);
  const [changes, setChanges] = useState(null);
  const { run, busy, problem, done } = useAct();
  const send = async (dry) => {
    const answer = await raw('POST', `/batch${dry ? '?dry_run=true' : ''}`, { body: await file.text(), type: 'text/csv' });
    return answer.json();
  };
  const look = async (event) => {
    event.preventDefault();
    const answer = await run('look', () => send(true));
    if (answer) setChanges(answer.changes);
  };
  const apply = async () => { if (await run('apply', () => send(false), t('forms.done'))) setChanges(null); };
  return html`<form class="card" onSubmit=${look}><h2>${t('batch.title')}</h2><p class="quiet">${t('batch.hint')} <code>number,port,name,type,may_call</code>. ${t('batch.empty')} <a href=${address('/batch')} download>${t('batch.table')}</a></p>
    <${Field} label=${t('batch.file')} type="file" accept=".csv,text/csv" required onChange=${(event) => { setFile(event.target.files[0]); setChanges(null); }} />
    <${Trouble} problem=${problem} />${done ? html`<p class="note good">${done}</p>` : null}
    <div class="tools"><button disabled=${!file || busy !== ''}>${t('config.diff')}</button></div>
    ${changes ? html`<${Changes} changes=${changes} /><div class="tools"><button type="button" class="main" disabled=${busy !== ''} onClick=${apply}>${t('config.apply')}</button></div>` : null}</form>`;
}

const names = (lines) => JSON.stringify(lines?.map((line) => [line.number, line.name]));

export default function Forms() {
  const phones = useLive(({ status }) => status?.lines.filter((line) => !line.outside), (one, other) => names(one) === names(other));
  const batch = useHas('/batch');
  const [number, setNumber] = useState('');
  const [search, setSearch] = useState('');
  const { data: keys, problem } = useLoad(() => get('/configuration/keys'));
  const line = phones?.find((one) => one.number === number);
  const shown = (phones || []).filter((one) => `${one.number} ${one.name}`.toLowerCase().includes(search.trim().toLowerCase()));
  return html`<${Head} title=${t('nav.forms')} /><${Trouble} problem=${problem} />
    ${may('administrator') ? null : html`<p class="note">${t('config.reader')}</p>`}
    <div class="split even"><section aria-labelledby="choose"><h2 id="choose">${t('forms.choose')}</h2>
        <input type="search" aria-label=${t('ports.search')} placeholder=${t('ports.search')} value=${search} onInput=${(event) => setSearch(event.target.value)} />
        <ul class="choose">${shown.map((one) => html`<li key=${one.number}><button type="button" aria-pressed=${one.number === number ? 'true' : 'false'} onClick=${() => setNumber(one.number)}><b>${one.number}</b> ${one.name}</button></li>`)}</ul></section>
      <div>${line && keys ? html`<${Form} key=${number} line=${line} keys=${keys} reload=${setNumber} />` : html`<p class="quiet">${t('forms.none')}</p>`}
        ${batch && may('administrator') ? html`<${Batch} />` : null}</div></div>`;
}
