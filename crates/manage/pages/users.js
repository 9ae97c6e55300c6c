// Who may use this gateway's pages and its API, and what they did.
import { get, post, put, remove, who } from './api.js';
import { Field, Head, Sure, Table, Trouble, moment, useAct, useLoad } from './parts.js';
import { t } from './texts.js';
import { html, useState } from './ui.js';

const ROLES = ['viewer', 'operator', 'administrator'];

const Role = ({ value, onInput }) => html`<${Field} label=${t('user.role')} hint=${t(`role.${value}.may`)}><select value=${value} onChange=${onInput}>
  ${ROLES.map((role) => html`<option key=${role} value=${role}>${t(`role.${role}`)}</option>`)}</select></${Field}>`;

const columns = () => [['name', t('user.name')], ['role', t('user.role'), (row) => t(`role.${row.role}`)]];

function Password({ name, run }) {
  const [password, setPassword] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    if (await run('password', () => put(`/users/${encodeURIComponent(name)}/password`, { password }), t('user.password.done'))) setPassword('');
  };
  return html`<details><summary>${t('user.password.new')}</summary><form class="bar" onSubmit=${submit}>
    <input type="password" autocomplete="new-password" required value=${password} aria-label=${t('user.password.of', { name })} onInput=${(event) => setPassword(event.target.value)} />
    <button>${t('user.password.put')}</button></form></details>`;
}

function Users() {
  const { data, problem, reload } = useLoad(() => get('/users'));
  const { run, busy, problem: failed, done } = useAct();
  const [one, setOne] = useState({ name: '', role: 'viewer', password: '' });
  if (problem?.absent) return null;
  const input = (key) => (event) => setOne({ ...one, [key]: event.target.value });
  const add = async (event) => {
    event.preventDefault();
    if (!await run('add', () => post('/users', one), t('user.added', one))) return;
    setOne({ name: '', role: 'viewer', password: '' });
    reload();
  };
  const drop = async (row) => { if (await run('drop', () => remove(`/users/${encodeURIComponent(row.name)}`), t('user.dropped', row))) reload(); };
  const acts = (row) => html`<div class="tools"><${Password} name=${row.name} run=${run} />${row.name === who()?.name ? null : html`
    <${Sure} label=${t('user.drop')} question=${t('user.drop.sure', row)} yes=${t('user.drop')} act=${() => drop(row)} />`}</div>`;
  return html`<section><h2>${t('users.title')}</h2><${Trouble} problem=${problem || failed} />${done ? html`<p class="note good">${done}</p>` : null}
    ${data ? html`<${Table} caption=${t('users.caption')} rows=${data} id=${(row) => row.name} columns=${columns()} act=${acts} />
    <form class="card" onSubmit=${add}><h3>${t('user.add')}</h3><div class="fields"><${Field} label=${t('user.name')} required autocomplete="off" value=${one.name} onInput=${input('name')} />
      <${Role} value=${one.role} onInput=${input('role')} /><${Field} label=${t('login.password')} type="password" required autocomplete="new-password" value=${one.password} onInput=${input('password')} /></div>
      <div class="tools"><button class="main" disabled=${busy !== ''}>${t('user.add')}</button></div></form>` : null}</section>`;
}

function Tokens() {
  const { data, problem, reload } = useLoad(() => get('/tokens'));
  const { run, busy, problem: failed } = useAct();
  const [one, setOne] = useState({ name: '', role: 'viewer' });
  const [made, setMade] = useState('');
  if (problem?.absent) return null;
  const input = (key) => (event) => setOne({ ...one, [key]: event.target.value });
  const add = async (event) => {
    event.preventDefault();
    const answer = await run('add', () => post('/tokens', one));
    if (!answer) return;
    setMade(answer.token);
    setOne({ name: '', role: 'viewer' });
    reload();
  };
  const drop = async (row) => { if (await run('drop', () => remove(`/tokens/${encodeURIComponent(row.name)}`), t('user.dropped', row))) reload(); };
  const acts = (row) => html`<${Sure} label=${t('user.drop')} question=${t('user.drop.sure', row)} yes=${t('user.drop')} act=${() => drop(row)} />`;
  return html`<section><h2>${t('tokens.title')}</h2><p class="quiet">${t('tokens.hint')} <code>Authorization: Bearer …</code></p><${Trouble} problem=${problem || failed} />
    ${made ? html`<p class="note good" role="status">${t('token.once')} <code class="secret">${made}</code></p>` : null}
    ${data ? html`<${Table} caption=${t('tokens.caption')} rows=${data} id=${(row) => row.name} columns=${columns()} act=${acts} />
    <form class="card" onSubmit=${add}><h3>${t('token.add')}</h3><div class="fields"><${Field} label=${t('user.name')} required autocomplete="off" value=${one.name} onInput=${input('name')} />
      <${Role} value=${one.role} onInput=${input('role')} /></div><div class="tools"><button class="main" disabled=${busy !== ''}>${t('token.add')}</button></div></form>` : null}</section>`;
}

function cell(name, value) {
  if (name === 'at') return moment(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
}

function Audit() {
  const { data, problem } = useLoad(() => get('/audit'));
  if (problem?.absent) return null;
  const rows = data || [];
  const names = rows.length && typeof rows[0] === 'object' ? Object.keys(rows[0]) : [];
  const found = names.map((name) => [name, name.replaceAll('_', ' '), (row) => cell(name, row[name])]);
  return html`<section><h2>${t('audit.title')}</h2><${Trouble} problem=${problem} />
    ${rows.length && !names.length ? html`<pre class="file" tabindex="0">${rows.join('\n')}</pre>` : html`<${Table} caption=${t('audit.caption')} rows=${rows} columns=${found} />`}</section>`;
}

export default function UsersPage() {
  return html`<${Head} title=${t('nav.users')} /><${Users} /><${Tokens} /><${Audit} />`;
}
