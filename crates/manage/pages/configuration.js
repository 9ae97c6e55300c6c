// The configuration as the file that it is: edited, checked, compared, applied, rolled back.
import { get, may, post, put } from './api.js';
import { Editor, findings, helpAt, keyAt } from './editor.js';
import { History } from './history.js';
import { Changes, Field, Head, Trouble, useAct, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

function Help({ keys, at }) {
  if (!keys?.length) return null;
  const { here, one } = helpAt(keys, at);
  return html`<aside class="help" aria-label=${t('help.label')} aria-live="polite">
    <h2>${t('help.title')} <code>${at.table ? `[${at.table}]` : t('help.top')}${one ? ` ${at.name}` : ''}</code></h2>
    ${one ? html`<p>${one.help}</p><dl class="facts"><div><dt>${t('help.takes')}</dt><dd>${one.kind}</dd></div><div><dt>${t('help.default')}</dt><dd>${one.default}</dd></div>
        <div><dt>${t('help.applies')}</dt><dd>${one.apply}</dd></div></dl>${one.later ? html`<p class="note">${t('help.later')} ${one.later}</p>` : null}`
      : html`<p class="quiet">${here.length ? t('help.keys') : t('help.none')}</p><p class="words">${here.map((key) => html`<code key=${key.name} title=${key.help}>${key.name}</code> `)}</p>`}</aside>`;
}

function Findings({ list, accepted, go }) {
  if (list === null) return null;
  return html`<div class=${accepted ? 'note good' : 'note bad'} role="status"><p><strong>${accepted ? t('check.accepted') : t('check.refused')}</strong></p>
    <ul>${list.map((finding) => html`<li>${finding.line ? html`<button type="button" class="link" onClick=${() => go(finding.line)}>${t('check.line', { line: finding.line })}</button> ` : null}${finding.message}</li>`)}</ul></div>`;
}

function Edit({ known, reload, restored }) {
  const [text, setText] = useState(restored || known.text);
  const [cursor, setCursor] = useState(0);
  const [place, setPlace] = useState(null);
  const [checked, setChecked] = useState(null);
  const [changes, setChanges] = useState(null);
  const { data: keys } = useLoad(() => get('/configuration/keys'));
  const { run, busy, problem, clear } = useAct();
  const dirty = text !== known.text;
  const locked = known.locked === true || !may('administrator');
  useEffect(() => {
    window.unsaved = dirty;
    return () => { window.unsaved = false; };
  }, [dirty]);
  useEffect(() => { if (restored) edit(restored); }, [restored]);
  const edit = (next) => { setText(next); setChanges(null); setChecked(null); clear(); };
  const check = () => run('check', async () => {
    const answer = await post('/configuration/check', { text });
    setChecked({ accepted: answer.accepted, list: findings(answer.findings) });
  });
  const compare = (event) => {
    event.preventDefault();
    run('diff', async () => setChanges((await post('/configuration/diff', { text })).changes));
  };
  const apply = async () => {
    const answer = await run('apply', () => put('/configuration', { base_revision: known.revision, text }));
    if (!answer) return;
    setChanges(null);
    reload(t('config.applied', { revision: answer.revision }));
  };
  const marks = [...(checked?.list || []), ...findings(problem?.findings)];
  return html`<form onSubmit=${compare}>
    <p>${t('config.file')} <code>${known.file}</code> · ${t('config.revision', { revision: known.revision })}${dirty ? html` · <strong>${t('config.dirty')}</strong>` : null}</p>
    ${locked ? html`<p class="note">${known.locked ? t('config.locked') : t('config.reader')}</p>` : null}
    <div class="split"><${Editor} text=${text} marks=${marks} locked=${locked} place=${place} onText=${edit} onCursor=${setCursor} />
      <${Help} keys=${keys} at=${keyAt(text, cursor)} /></div>
    ${(known.drop_ins || []).map((one) => html`<details key=${one.file}><summary>${t('config.dropin')} <code>${one.file}</code>${one.locked ? html` · ${t('config.dropin.locked')}` : null}</summary>
      <pre class="file" tabindex="0">${one.text}</pre></details>`)}
    <div class="tools"><button type="button" disabled=${busy !== ''} onClick=${check}>${t('config.check')}</button>
      <button class="main" disabled=${busy !== '' || !dirty || locked}>${t('config.diff')}</button>
      <button type="button" disabled=${!dirty} onClick=${() => edit(known.text)}>${t('config.discard')}</button></div>
    <${Trouble} problem=${problem} />
    ${problem?.status === 409 ? html`<p><button type="button" onClick=${() => reload('')}>${t('config.theirs')}</button></p>` : null}
    <${Findings} list=${checked?.list ?? null} accepted=${checked?.accepted} go=${(line) => setPlace({ line })} />
    ${changes ? html`<section class="card" aria-labelledby="changes"><h2 id="changes">${t('config.changes')}</h2><${Changes} changes=${changes} />
      <div class="tools"><button type="button" class="main" disabled=${busy !== ''} onClick=${apply}>${t('config.apply')}</button>
        <button type="button" onClick=${() => setChanges(null)}>${t('cancel')}</button></div></section>` : null}
  </form>`;
}

function Effective() {
  const [name, setName] = useState('');
  const [asked, setAsked] = useState('');
  const { data, problem } = useLoad(() => get(`/configuration/effective${asked ? `?name=${encodeURIComponent(asked)}` : ''}`), [asked]);
  return html`<form class="bar" onSubmit=${(event) => { event.preventDefault(); setAsked(name.trim()); }}>
      <${Field} label=${t('effective.name')} value=${name} placeholder="101" onInput=${(event) => setName(event.target.value)} /><button>${t('effective.show')}</button></form>
    <${Trouble} problem=${problem} />
    ${data ? html`<pre class="file" tabindex="0" aria-label=${t('effective.title')}>${data.lines.join('\n')}</pre>` : null}`;
}

export default function Configuration() {
  const [tab, setTab] = useState('edit');
  const [told, setTold] = useState('');
  const [restored, setRestored] = useState('');
  const [turns, setTurns] = useState(0);
  const { data, problem, reload } = useLoad(() => get('/configuration'));
  // What is edited begins anew with what is in force now.
  const again = async (text) => {
    setTold(text);
    setRestored('');
    await reload();
    setTurns((count) => count + 1);
  };
  const tabs = ['edit', 'effective', 'history'];
  const turn = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<${Head} title=${t('nav.configuration')} />
    <div class="tabs" role="tablist" onKeyDown=${turn}>${tabs.map((name) => html`<button type="button" role="tab" key=${name} id=${`tab-${name}`} aria-selected=${tab === name ? 'true' : 'false'}
      aria-controls="tab" tabindex=${tab === name ? 0 : -1} onClick=${() => setTab(name)}>${t(`config.tab.${name}`)}</button>`)}</div>
    <div id="tab" role="tabpanel" aria-labelledby=${`tab-${tab}`}>
      ${told ? html`<p class="note good" role="status">${told}</p>` : null}
      <${Trouble} problem=${problem} />
      <div hidden=${tab !== 'edit'}>${data ? html`<${Edit} key=${turns} known=${data} reload=${again} restored=${restored} />` : null}</div>
      ${tab === 'effective' ? html`<${Effective} />` : null}
      ${tab === 'history' ? html`<${History} current=${data?.revision} reload=${again} edit=${(text) => { setRestored(text); setTab('edit'); }} />` : null}
    </div>`;
}
