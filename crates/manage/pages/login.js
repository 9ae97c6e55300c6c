// The door: a user and a password; for who comes first, a new one.
import { login, settle } from './api.js';
import { Field, Head, Trouble, useAct } from './parts.js';
import { t } from './texts.js';
import { html, useState } from './ui.js';

export function Login({ failed }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const { run, busy, problem } = useAct();
  const submit = (event) => {
    event.preventDefault();
    run('login', () => login({ user, password }));
  };
  return html`<form class="card" onSubmit=${submit}>
    <img src="/icon.svg" alt="" width="56" height="56" />
    <${Head} title=${t('login.title')} />
    <${Trouble} problem=${problem || failed} />
    <${Field} label=${t('login.user')} value=${user} required autocomplete="username" autofocus
      onInput=${(event) => setUser(event.target.value)} />
    <${Field} label=${t('login.password')} type="password" value=${password} required autocomplete="current-password"
      onInput=${(event) => setPassword(event.target.value)} />
    <button class="main" disabled=${busy !== ''}>${t('login.enter')}</button>
    <p class="quiet">${t('login.key')} <code>tipring web</code></p>
  </form>`;
}

/** Who came by the key of a gateway that has no users yet makes himself the first one. */
export function First() {
  const [one, setOne] = useState({ name: '', password: '', again: '' });
  const { run, busy, problem } = useAct();
  const input = (key) => (event) => {
    setOne({ ...one, [key]: event.target.value });
  };
  const same = one.password === one.again;
  const submit = (event) => {
    event.preventDefault();
    if (same) run('first', () => settle({ name: one.name, password: one.password }));
  };
  return html`<form class="card" onSubmit=${submit}>
    <img src="/icon.svg" alt="" width="56" height="56" />
    <${Head} title=${t('first.title')} />
    <p>${t('first.why')}</p>
    <${Trouble} problem=${problem} />
    <${Field} label=${t('login.user')} value=${one.name} required autocomplete="username" autofocus onInput=${input('name')} />
    <${Field} label=${t('login.password')} hint=${t('first.hint')} type="password" required minlength="10" value=${one.password}
      autocomplete="new-password" onInput=${input('password')} />
    <${Field} label=${t('first.again')} type="password" required value=${one.again} autocomplete="new-password"
      aria-invalid=${!same && one.again ? 'true' : null} onInput=${input('again')} />
    ${!same && one.again ? html`<p class="note bad" role="alert">${t('first.differ')}</p>` : null}
    <button class="main" disabled=${busy !== '' || !same}>${t('first.enter')}</button>
  </form>`;
}
