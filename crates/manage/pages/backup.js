// Everything in one encrypted file, and back.
import { raw } from './api.js';
import { Changes, Field, Head, Sure, Trouble, save, useAct, useHas } from './parts.js';
import { t } from './texts.js';
import { html, useState } from './ui.js';

function Backup() {
  const [password, setPassword] = useState('');
  const { run, busy, problem, done } = useAct();
  const make = (event) => {
    event.preventDefault();
    run('backup', async () => {
      const answer = await raw('POST', '/backup', { body: JSON.stringify({ password }), type: 'application/json' });
      const name = /filename="?([^";]+)/.exec(answer.headers.get('Content-Disposition') || '')?.[1];
      save(await answer.blob(), name || `tipring-${new Date().toISOString().slice(0, 10)}.backup`);
      setPassword('');
    }, t('backup.done'));
  };
  return html`<form class="card" onSubmit=${make}><h2>${t('backup.make')}</h2><p class="quiet">${t('backup.hint')}</p>
    <${Field} label=${t('backup.password')} type="password" autocomplete="new-password" required value=${password} onInput=${(event) => setPassword(event.target.value)} />
    <${Trouble} problem=${problem} />${done ? html`<p class="note good">${done}</p>` : null}
    <div class="tools"><button class="main" disabled=${busy !== ''}>${t('backup.save')}</button></div></form>`;
}

function Restore() {
  const [password, setPassword] = useState('');
  const [file, setFile] = useState(null);
  const [found, setFound] = useState(null);
  const { run, busy, problem, done } = useAct();
  const send = async (dry) => {
    // A header holds bytes: what is not ASCII goes as it is in UTF-8.
    const secret = String.fromCharCode(...new TextEncoder().encode(password));
    const answer = await raw('POST', `/restore${dry ? '?dry_run=true' : ''}`, { body: file, type: 'application/octet-stream', headers: { 'X-Tipring-Password': secret } });
    return answer.json();
  };
  const look = async (event) => {
    event.preventDefault();
    setFound(null);
    const answer = await run('look', () => send(true));
    if (answer) setFound(answer);
  };
  const restore = async () => {
    if (!await run('restore', () => send(false), t('restore.done'))) return;
    setPassword('');
    setFound(null);
  };
  return html`<form class="card" onSubmit=${look}><h2>${t('restore.title')}</h2><p class="quiet">${t('restore.hint')}</p>
    <${Field} label=${t('restore.file')} type="file" required onChange=${(event) => { setFile(event.target.files[0]); setFound(null); }} />
    <${Field} label=${t('backup.password')} type="password" autocomplete="off" required value=${password} onInput=${(event) => { setPassword(event.target.value); setFound(null); }} />
    <${Trouble} problem=${problem} />${done ? html`<p class="note good">${done}</p>` : null}
    <div class="tools"><button class="main" disabled=${busy !== '' || !file}>${t('restore.look')}</button></div>
    ${found ? html`<p>${t('restore.of', { of: found.of })}</p><${Changes} changes=${found.changes} />
      <div class="tools"><${Sure} label=${t('restore.do')} question=${t('restore.sure')} yes=${t('restore.do')} kind="danger" disabled=${busy !== ''} act=${restore} /></div>` : null}</form>`;
}

export default function BackupPage() {
  const restores = useHas('/restore');
  return html`<${Head} title=${t('nav.backup')} /><div class="cards"><${Backup} />${restores ? html`<${Restore} />` : null}</div>`;
}
