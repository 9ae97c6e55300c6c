// The frame of all pages: who is logged in, which page the address names, the way to the others.
import { has, login, logout, may, resume, watchSession, who } from './api.js';
import { live, start, stop, useLive } from './live.js';
import { Icon } from './parts.js';
import { First, Login } from './login.js';
import { t } from './texts.js';
import { html, render, useEffect, useRef, useState } from './ui.js';

// Address, file, its page, the resource that it needs, who may open it.
const PAGES = [
  { path: '/', file: './overview.js', word: 'nav.overview' },
  { path: '/ports/:number', file: './port.js' },
  { path: '/calls', file: './calls.js', word: 'nav.calls' },
  { path: '/servers', file: './servers.js', word: 'nav.servers' },
  { path: '/telephones', file: './telephone/telephones.js', word: 'nav.telephones', needs: '/phones' },
  { path: '/telephones/:number', file: './telephone/telephone.js' },
  { path: '/exchange', file: './telephone/exchange.js', word: 'nav.exchange', needs: '/exchanges' },
  { path: '/forms', file: './forms.js', word: 'nav.forms', role: 'operator' },
  { path: '/configuration', file: './configuration.js', word: 'nav.configuration' },
  { path: '/explain', file: './explain.js', word: 'nav.explain' },
  { path: '/countries', file: './countries.js', word: 'nav.countries' },
  { path: '/countries/:code', file: './countries.js' },
  { path: '/records', file: './records.js', word: 'nav.records' },
  { path: '/log', file: './log.js', word: 'nav.log' },
  { path: '/users', file: './users.js', word: 'nav.users', role: 'administrator' },
  { path: '/backup', file: './backup.js', word: 'nav.backup', role: 'administrator' },
];

function find(path) {
  for (const page of PAGES) {
    const names = [];
    const pattern = page.path.replace(/:(\w+)/g, (_, name) => { names.push(name); return '([^/]+)'; });
    const match = new RegExp(`^${pattern}/?$`).exec(path);
    if (match) return { page, values: Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1])])) };
  }
  return null;
}

const turns = new Set();

/** Opens a page of ours without loading all again; false where the page on screen wants to stay. */
export function go(path) {
  if (window.unsaved && !window.confirm(t('unsaved'))) return;
  window.unsaved = false;
  history.pushState(null, '', path);
  turns.forEach((turn) => turn());
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  if (!link || link.hasAttribute('download') || link.target || event.defaultPrevented) return;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.getAttribute('href').startsWith('/api/')) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
window.addEventListener('popstate', () => turns.forEach((turn) => turn()));
window.addEventListener('beforeunload', (event) => { if (window.unsaved) event.preventDefault(); });

function useAddress() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const turn = () => setPath(location.pathname);
    turns.add(turn);
    return () => turns.delete(turn);
  }, []);
  return path;
}

/** Whether each page's resource is there. */
function useOpenPages(session) {
  const [open, setOpen] = useState(() => new Set());
  useEffect(() => {
    let current = true;
    if (!session || session.first) return undefined;
    const wanted = PAGES.filter((page) => page.word && may(page.role || 'viewer'));
    Promise.all(wanted.map(async (page) => (!page.needs || await has(page.needs) ? page.path : null)))
      .then((paths) => current && setOpen(new Set(paths)));
    return () => { current = false; };
  }, [session]);
  return open;
}

function Nav({ path, open }) {
  const [shown, setShown] = useState(false);
  const needed = useLive(({ status }) => status?.alarms.length || 0);
  useEffect(() => setShown(false), [path]);
  const isHere = (page) => (page.path === '/' ? path === '/' || path.startsWith('/ports/') : path.startsWith(page.path));
  return html`<nav class="nav" aria-label=${t('nav.label')}>
    <div class="brand"><a href="/"><img src="/icon.svg" alt="" width="28" height="28" />Tipring</a>
      <button type="button" class="menu" aria-expanded=${shown ? 'true' : 'false'} aria-controls="pages" onClick=${() => setShown(!shown)}>
        <${Icon} name="menu" />${t('nav.menu')}</button></div>
    <ul id="pages" class=${shown ? 'shown' : ''}>${PAGES.filter((page) => open.has(page.path)).map((page) => html`
      <li key=${page.path}><a href=${page.path} aria-current=${isHere(page) ? 'page' : null}>${t(page.word)}
        ${page.path === '/' && needed ? html` <span class="count">${needed}<span class="unseen"> ${t('alarms.title')}</span></span>` : null}</a></li>`)}
    </ul>
    <div class=${shown ? 'person shown' : 'person'}><span>${who()?.name} <small>${t(`role.${who()?.role}`)}</small></span>
      <button type="button" onClick=${() => logout()}>${t('logout')}</button></div></nav>`;
}

/** Alarms are said on every page, once each. */
function Alarms() {
  const said = useRef(new Map());
  const text = useLive(({ status }) => (status?.alarms || []).map((alarm) => `${alarm.subject}: ${alarm.text}`).join('\n'));
  const lines = text ? text.split('\n') : [];
  const fresh = lines.filter((line) => !said.current.has(line));
  said.current = new Map(lines.map((line) => [line, true]));
  return html`<div class="unseen" aria-live="assertive">${fresh.map((line) => html`<p key=${line}>${t('alarms.said', { line })}</p>`)}</div>`;
}

function Connection() {
  const connected = useLive((now) => now.connected);
  if (connected) return null;
  const since = live.at ? new Date(live.at).toLocaleTimeString() : '';
  return html`<p class="note bad" role="status">${since ? t('lost.since', { since }) : t('lost')}</p>`;
}

function Page({ path }) {
  const [shown, setShown] = useState(null);
  useEffect(() => {
    let current = true;
    const there = find(path);
    const fail = (why) => current && setShown({ path, why });
    if (!there) fail(t('page.unknown', { path }));
    else {
      import(there.page.file).then((module) => {
        if (!current) return;
        setShown({ path, View: module.default, values: there.values });
      }, () => fail(t('page.missing')));
    }
    return () => { current = false; };
  }, [path]);
  const turned = useRef(path);
  useEffect(() => {
    if (!shown || turned.current === shown.path) return;
    turned.current = shown.path;
    window.scrollTo(0, 0);
    document.getElementById('title')?.focus();
  }, [shown]);
  if (!shown) return html`<p class="quiet">${t('loading')}</p>`;
  if (shown.why) return html`<h1 id="title" tabindex="-1">${t('page.none')}</h1><p>${shown.why}</p><p><a href="/">${t('nav.overview')}</a></p>`;
  return html`<${shown.View} key=${shown.path} ...${shown.values} />`;
}

function App({ entered }) {
  const [session, setSession] = useState(who());
  const path = useAddress();
  const open = useOpenPages(session);
  useEffect(() => watchSession(setSession), []);
  useEffect(() => {
    if (session && !session.first) start();
    else stop();
  }, [session]);
  if (!session) return html`<main class="door" id="main"><${Login} failed=${entered} /></main>`;
  if (session.first) return html`<main class="door" id="main"><${First} /></main>`;
  return html`<a class="skip" href="#main">${t('skip')}</a>
    <${Nav} path=${path} open=${open} />
    <main id="main"><${Connection} /><${Page} path=${path} /></main>
    <${Alarms} /><div id="said" class="unseen" role="status"></div>`;
}

/** A one-time key in the address is used and taken out of it. */
async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return resume().then(() => null, (problem) => problem);
  history.replaceState(null, '', location.pathname + location.search);
  try {
    await login({ key });
    return null;
  } catch (problem) {
    // Used before; but this browser may be the one that used it.
    return resume().then(() => (who() ? null : problem), () => problem);
  }
}

// The address with a key, opened where a page of ours is open already.
window.addEventListener('hashchange', () => { if (location.hash.startsWith('#key=')) enter(); });

document.documentElement.lang = t('language');
enter().then((entered) => render(html`<${App} entered=${entered} />`, document.getElementById('app')));
