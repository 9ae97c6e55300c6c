// The door: a user and a password.
import { login } from './api.js';
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
