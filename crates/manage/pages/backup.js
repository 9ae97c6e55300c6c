// Everything in one encrypted file, and back.
import { raw } from './api.js';
import { Field, Head, Trouble, save, useAct, useHas } from './parts.js';
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
  const [sure, setSure] = useState(false);
  const { run, busy, problem, done } = useAct();
  const restore = (event) => {
    event.preventDefault();
    run('restore', async () => {
      await raw('POST', '/restore', { body: file, type: 'application/octet-stream', headers: { 'X-Tipring-Password': password } });
      setPassword('');
      setSure(false);
    }, t('restore.done'));
  };
  return html`<form class="card" onSubmit=${restore}><h2>${t('restore.title')}</h2><p class="quiet">${t('restore.hint')}</p>
    <${Field} label=${t('restore.file')} type="file" required onChange=${(event) => setFile(event.target.files[0])} />
    <${Field} label=${t('backup.password')} type="password" autocomplete="off" required value=${password} onInput=${(event) => setPassword(event.target.value)} />
    <label class="check"><input type="checkbox" checked=${sure} onChange=${(event) => setSure(event.target.checked)} /> ${t('restore.sure')}</label>
    <${Trouble} problem=${problem} />${done ? html`<p class="note good">${done}</p>` : null}
    <div class="tools"><button class="danger" disabled=${busy !== '' || !file || !sure}>${t('restore.do')}</button></div></form>`;
}

export default function BackupPage() {
  const restores = useHas('/restore');
  return html`<${Head} title=${t('nav.backup')} /><div class="cards"><${Backup} />${restores ? html`<${Restore} />` : null}</div>`;
}
