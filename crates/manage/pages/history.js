// Earlier configurations: looked at, taken back.
import { get, may, post } from './api.js';
import { Sure, Table, Trouble, moment, useAct, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useState } from './ui.js';

export function History({ current, reload, edit }) {
  const { data, problem } = useLoad(() => get('/configuration/history'), [current]);
  const [shown, setShown] = useState(null);
  const { run, busy, problem: failed } = useAct();
  const show = (revision) => run('show', async () => setShown({ revision, ...(await get(`/configuration/history/${revision}`)) }));
  const back = async (revision) => {
    const answer = await run('back', () => post('/configuration/rollback', { revision }));
    if (answer) reload(t('history.back.done', { revision, now: answer.revision ?? '' }));
  };
  const acts = (row) => html`<div class="tools"><button type="button" disabled=${busy !== ''} onClick=${() => show(row.revision)}>${t('history.show')}</button>
    ${may('administrator') && row.revision !== current ? html`<${Sure} label=${t('history.back')} question=${t('history.sure', { revision: row.revision })} yes=${t('history.back')}
      disabled=${busy !== ''} act=${() => back(row.revision)} />` : null}</div>`;
  const rows = [...(data || [])].sort((one, other) => other.revision - one.revision);
  return html`<${Trouble} problem=${problem || failed} />
    ${data ? html`<${Table} caption=${t('history.caption')} rows=${rows} id=${(row) => row.revision} act=${acts} columns=${[
      ['revision', t('history.revision'), (row) => html`${row.revision}${row.revision === current ? html` <em>${t('history.current')}</em>` : null}`],
      ['at', t('history.at'), (row) => moment(row.at)], ['by', t('history.by')], ['summary', t('history.summary')]]} />` : null}
    ${shown ? html`<section><h2>${t('config.revision', { revision: shown.revision })}</h2><pre class="file" tabindex="0">${shown.text}</pre>
      <div class="tools"><button type="button" onClick=${() => edit(shown.text)}>${t('history.edit')}</button><button type="button" onClick=${() => setShown(null)}>${t('close')}</button></div></section>` : null}`;
}
