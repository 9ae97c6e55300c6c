// What happens, as it happens: one stream of events for all pages, and what was seen of each call.
import { address, get, resume } from './api.js';
import { useEffect, useState } from './ui.js';

/** Points of a call's quality that are kept: at one each second, five minutes. */
export const KEPT_POINTS = 300;
/** Lines of the log that are kept. */
const KEPT_LINES = 500;

export const live = { status: null, at: 0, connected: true };
export const lines = [];
const trails = new Map();
const readers = new Set();
const listeners = new Set();
let source = null;
let wanted = false;
let drawn = false;
let counted = 0;

function tell() {
  if (drawn) return;
  drawn = true;
  // One drawing for all that came since the last; none while the page is not seen.
  requestAnimationFrame(() => {
    drawn = false;
    readers.forEach((reader) => reader());
  });
}

function remember(status, now) {
  const gone = new Set(trails.keys());
  for (const call of status.calls) {
    gone.delete(call.call);
    if (!call.here && !call.there) continue;
    const trail = trails.get(call.call) || [];
    const last = trail[trail.length - 1];
    if (last && now - last.at < 900) continue;
    trail.push({ at: now, here: call.here, there: call.there });
    if (trail.length > KEPT_POINTS) trail.shift();
    trails.set(call.call, trail);
  }
  gone.forEach((call) => trails.delete(call));
}

/** What was seen of a call, the oldest first. */
export const trail = (call) => trails.get(call) || [];

function keep(text) {
  counted += 1;
  lines.push({ id: counted, text });
  if (lines.length > KEPT_LINES) lines.shift();
  listeners.forEach((listener) => listener(text));
  tell();
}

function take(status) {
  live.status = status;
  live.at = Date.now();
  live.connected = true;
  remember(status, live.at);
  tell();
}

// A browser has six connections to a gateway at the most, for all its tabs: one that nobody sees gives its own back.
document.addEventListener('visibilitychange', () => (document.hidden ? close() : wanted && open()));
window.addEventListener('pagehide', close);
window.addEventListener('pageshow', () => wanted && open());

export function start() {
  wanted = true;
  if (!document.hidden) open();
}

export function stop() {
  wanted = false;
  close();
}

function open() {
  if (source) return;
  source = new EventSource(address('/events'));
  source.addEventListener('status', (event) => take(JSON.parse(event.data)));
  source.addEventListener('log', (event) => keep(event.data));
  source.addEventListener('lost', (event) => keep(`… ${event.data}`));
  source.addEventListener('error', () => {
    live.connected = false;
    tell();
    if (source?.readyState !== EventSource.CLOSED) return;
    // Refused, not merely interrupted: the session may be over.
    close();
    setTimeout(() => resume().catch(() => {}).finally(() => wanted && open()), 2000);
  });
  if (!live.status) get('/status').then(take, () => {});
}

function close() {
  source?.close();
  source = null;
}

/** Calls `listener` with each line of the log. */
export function onLine(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A part of the picture; the component is drawn again when `select` gives something else. */
export function useLive(select, same = Object.is) {
  const [value, setValue] = useState(() => select(live));
  useEffect(() => {
    let last = value;
    const reader = () => {
      const next = select(live);
      if (same(last, next)) return;
      last = next;
      setValue(() => next);
    };
    readers.add(reader);
    reader();
    return () => readers.delete(reader);
  }, []);
  return value;
}
