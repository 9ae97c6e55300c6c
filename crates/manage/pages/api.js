// The REST API as the pages use it, and who is logged in.
// The token that a change carries lives in memory only.

const BASE = '/api/v1';
const ROLES = ['viewer', 'operator', 'administrator'];

let session = null;
const watchers = new Set();

/** An answer that is an error (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.field = body.field || '';
    this.remedy = body.remedy || '';
    this.findings = body.findings || [];
  }

  /** This gateway has no such part, as opposed to: no such telephone. */
  get absent() {
    return this.status === 404 || this.status === 405 || this.status === 501;
  }
}

export const who = () => session;
export const may = (role) => session !== null && ROLES.indexOf(session.role) >= ROLES.indexOf(role);

/** Calls `watcher` when somebody logs in or out; gives the way to stop that. */
export function watchSession(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function setSession(next) {
  session = next;
  watchers.forEach((watcher) => watcher(session));
}

async function send(method, path, { body, type, headers = {} } = {}) {
  const all = { Accept: 'application/json', ...headers };
  if (type) all['Content-Type'] = type;
  if (method !== 'GET' && method !== 'HEAD' && session?.csrf) all['X-Tipring-Csrf'] = session.csrf;
  let answer;
  try {
    answer = await fetch(BASE + path, { method, headers: all, body, credentials: 'same-origin' });
  } catch {
    throw new Problem(0, { detail: 'The gateway does not answer.' });
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let problem = { detail: text.slice(0, 400) };
  try {
    problem = JSON.parse(text);
  } catch {
    // Not every refusal is written by the API itself: what was said is shown.
  }
  if (answer.status === 401 && path !== '/session') setSession(null);
  throw new Problem(answer.status, problem);
}

async function json(answer) {
  const text = await answer.text();
  return text === '' ? null : JSON.parse(text);
}

const change = (method) => async (path, value) => {
  const sent = value === undefined ? {} : { body: JSON.stringify(value), type: 'application/json' };
  return json(await send(method, path, sent));
};

export const get = async (path) => json(await send('GET', path));
export const post = change('POST');
export const put = change('PUT');
export const patch = change('PATCH');
export const remove = change('DELETE');
/** The answer as it came, for files. */
export const raw = send;
export const address = (path) => BASE + path;

/** `{count: 3, search: ''}` as `?count=3`. */
export function query(values) {
  const filled = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined && value !== false);
  return filled.length ? `?${new URLSearchParams(filled)}` : '';
}

const found = new Map();

/** Whether this gateway has a resource at all; asked once. */
export function has(path) {
  if (!found.has(path)) {
    const asked = fetch(BASE + path, { method: 'HEAD', credentials: 'same-origin' })
      .then((answer) => answer.status !== 404)
      .catch(() => true);
    found.set(path, asked);
  }
  return found.get(path);
}

/** Who is logged in already, if anybody. */
export async function resume() {
  try {
    setSession(await get('/session'));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    setSession(null);
  }
}

/** Logs in by `{key}` or `{user, password}`. */
export async function login(proof) {
  const opened = await post('/session', proof);
  found.clear();
  setSession(opened);
}

/** Makes the first administrator `{name, password}`, and is logged in as that one. */
export async function settle(user) {
  const opened = await post('/first', user);
  found.clear();
  setSession(opened);
}

export async function logout() {
  await remove('/session');
  setSession(null);
}
