// One port: what it does, what its card measures, its latest calls, its tests.
import { get, may, post } from './api.js';
import { useLive } from './live.js';
import { Head, Icon, Sure, Table, Trouble, duration, useAct, useHas, useLoad } from './parts.js';
import { newest, recordColumns } from './records.js';
import { grade, key, looks, rows, word } from './rows.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

const measured = ({ volts, milliamps }) => (volts === null ? null : { volts, milliamps });

/** All of a port, or its state alone where this gateway cannot tell more. */
async function load(number) {
  try {
    const answer = await get(`/ports/${encodeURIComponent(number)}`);
    return { measured: measured(answer.port), ...answer, whole: true };
  } catch (problem) {
    if (!problem.absent) throw problem;
    const port = (await get('/ports')).find((line) => key(line) === number);
    if (!port) throw problem;
    return { port, measured: measured(port), records: null, whole: false };
  }
}

const Fact = ({ word: what, children }) => html`<div><dt>${what}</dt><dd>${children}</dd></div>`;

function Measured({ found }) {
  const value = (number, unit) => (number === null || number === undefined ? t('unmeasured') : `${number} ${unit}`);
  return html`<${Fact} word=${t('port.volts')}>${value(found?.volts, 'V')}${found?.volts < 0 ? html` <small>${t('port.reversed')}</small>` : null}</${Fact}>
    <${Fact} word=${t('port.milliamps')}>${value(found?.milliamps, 'mA')}</${Fact}>`;
}

function Balance({ result }) {
  if (!result) return null;
  return html`<${Table} caption=${t('balance.caption', { own: result.own, best: result.best })} rows=${result.networks} columns=${[
    ['name', t('balance.network'), (row) => html`<code>${row.name}</code>${row.name === result.own ? ` ${t('balance.own')}` : ''}${row.name === result.best ? ` ${t('balance.best')}` : ''}`],
    ['loss_db', t('balance.loss'), (row) => `${Number(row.loss_db).toFixed(1)} dB`]]} />`;
}

function LineTest({ result }) {
  if (!result) return null;
  const verdict = (word) => t(`linetest.${word}`);
  return html`<${Table} caption=${t('linetest.caption', { verdict: verdict(result.verdict) })} rows=${result.items} id=${(row) => row.item} columns=${[
    ['verdict', t('linetest.verdict'), (row) => (row.verdict === 'failed' ? html`<strong>${verdict(row.verdict)}</strong>` : verdict(row.verdict))],
    ['found', t('linetest.found')],
    ['remedy', t('linetest.remedy')]]} />`;
}

function Counters({ counters }) {
  const all = Object.entries(counters || {});
  if (!all.length) return null;
  return html`<section><h2>${t('port.counters')}</h2><dl class="facts">${all.map(([name, value]) => html`<${Fact} key=${name} word=${name.replaceAll('_', ' ')}>${value ?? t('unmeasured')}</${Fact}>`)}</dl></section>`;
}

/** Which of its acts this gateway knows. */
function useKnown(path) {
  const known = { service: useHas(`${path}/service`), balance: useHas(`${path}/balance`), test: useHas(`${path}/test`), learn: useHas(`${path}/learn`), restart: useHas(`${path}/restart`) };
  return (act) => known[act];
}

/** How far an outside line is that learns, asked again while it waits. */
function Learning({ path, begun }) {
  const { data, problem, reload } = useLoad(() => get(`${path}/learn`), [begun]);
  const waits = data?.state === 'waiting';
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(reload, 2000);
    return () => clearInterval(timer);
  }, [waits]);
  if (!data || data.state === 'none') return html`<${Trouble} problem=${problem} />`;
  const word = waits ? t('learn.waiting') : data.learned ? t('learn.done') : t('learn.none');
  return html`<section class="card"><h3>${t('learn.title')}</h3><p class="note" role="status">${word}</p>
    <pre class="file" tabindex="0">${data.lines.join('\n')}</pre></section>`;
}

function Acts({ number, line, reload }) {
  const { run, busy, problem, done } = useAct();
  const [balance, setBalance] = useState(null);
  const [lessons, setLessons] = useState(0);
  const [tested, setTested] = useState(null);
  const path = `/ports/${encodeURIComponent(number)}`;
  const known = useKnown(path);
  const off = line.state === 'out of service';
  const act = (name, text, what) => html`<button type="button" key=${name} disabled=${busy !== ''}
    onClick=${async () => { if (await run(name, what, t(`port.${name}.done`))) reload(); }}>${busy === name ? t('port.busy') : text}</button>`;
  return html`<section><h2>${t('port.acts')}</h2><${Trouble} problem=${problem} />${done ? html`<p class="note">${done}</p>` : null}
    <div class="tools">${act('measure', t('port.measure'), () => true)}
      ${may('operator') ? html`
        ${known('balance') ? act('balance', t('port.balance'), async () => setBalance(await post(`${path}/balance`))) : null}
        ${!line.outside && known('test') ? act('test', t('port.test'), async () => setTested(await post(`${path}/test`))) : null}
        ${line.outside && known('learn') ? act('learn', t('port.learn'), async () => { await post(`${path}/learn`); setLessons(lessons + 1); }) : null}
        ${!known('service') ? null : off ? act('in', t('port.in'), () => post(`${path}/service`, { in_service: true })) : html`
          <${Sure} label=${t('port.out')} question=${t('port.out.sure', { number })} yes=${t('port.out')} disabled=${busy !== ''}
            act=${async () => { if (await run('out', () => post(`${path}/service`, { in_service: false }), t('port.out.done'))) reload(); }} />`}
        ${known('restart') ? html`<${Sure} label=${t('port.restart')} question=${t('port.restart.sure', { number })} yes=${t('port.restart')} kind="danger" disabled=${busy !== ''}
          act=${async () => { if (await run('restart', () => post(`${path}/restart`), t('port.restart.done'))) reload(); }} />` : null}` : null}
    </div><${LineTest} result=${tested} /><${Balance} result=${balance} />${line.outside && known('learn') ? html`<${Learning} path=${path} begun=${lessons} />` : null}</section>`;
}

export default function Port({ number }) {
  const { data, problem, reload } = useLoad(() => load(number), [number]);
  const row = useLive(({ status }) => status && rows(status).find((one) => one.key === number), (one, other) => one?.sign === other?.sign);
  const line = row?.line || data?.port;
  const telephones = useHas('/phones');
  if (!line) return html`<${Head} title=${number} /><${Trouble} problem=${problem} />${problem ? null : html`<p class="quiet">${t('loading')}</p>`}`;
  const title = `${line.outside ? t('line', { number: line.number }) : line.number} ${line.name}`.trim();
  return html`<${Head} title=${title}>${data?.simulated && !line.outside && telephones ? html`<a class="button main" href=${`/telephones/${encodeURIComponent(number)}`}>${t('port.telephone')}</a>` : null}</${Head}>
    <${Trouble} problem=${problem} />
    <p class=${`big tile is-${looks(line.state)}${line.fault ? ' has-fault' : ''}`}><span class="state"><${Icon} name=${line.fault ? 'fault' : looks(line.state)} /> ${t(word(line.state))}
      ${line.fault ? html` <em>${t('port.fault')}</em>` : null} <time>${duration(line.for_seconds)}</time></span> <span>${row?.peer || ''}</span>
      ${row?.waits ? html` <em>${t('port.waits')}</em>` : null}
      ${row?.quality ? html` <span class=${`grade ${grade(row.quality)}`}>${row.quality}</span>` : null}</p>
    <dl class="facts"><${Fact} word=${t('port.port')}><code>${line.port}</code></${Fact}>
      <${Fact} word=${t('port.kind')}>${line.outside ? t('port.fxo') : t('port.fxs')}</${Fact}>
      <${Measured} found=${data?.measured} />
      <${Fact} word=${t('port.registration')}>${row?.trouble || (line.outside ? t('port.none') : t('port.untroubled'))}</${Fact}>
      ${line.outside ? null : html`<${Fact} word=${t('port.lamp')}>${line.messages ? t('port.messages') : t('port.nomessages')}</${Fact}>`}</dl>
    ${data?.whole ? html`<${Acts} number=${number} line=${line} reload=${reload} />` : html`<p><button type="button" onClick=${reload}>${t('port.measure')}</button></p>`}
    <${Counters} counters=${data?.counters} />
    ${data?.records ? html`<section><h2>${t('port.records')}</h2><${Table} caption=${t('port.records.caption')} rows=${newest(data.records)} id=${(one) => `${one.started}-${one.call}`}
      empty=${t('records.none')} columns=${recordColumns()} /></section>` : null}`;
}
