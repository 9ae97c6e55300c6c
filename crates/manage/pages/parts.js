// What several pages are made of.
import { has } from './api.js';
import { Component, html, useEffect, useRef, useState } from './ui.js';
import { t } from './texts.js';

const PATHS = {
  idle: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
  ringing: 'M3 11h10l-1.2-1.8V7a3.8 3.8 0 0 0-7.6 0v2.2zM6.8 13h2.4M1.5 5.2 3 3.4M14.5 5.2 13 3.4',
  dialling: 'M4 4h.01M8 4h.01M12 4h.01M4 8h.01M8 8h.01M12 8h.01M4 12h.01M8 12h.01M12 12h.01',
  waiting: 'M2.5 8h8M7.5 5l3.2 3-3.2 3M13.5 3.5v9',
  talking: 'M3 3h10v7H8l-3 3v-3H3zM5.5 5.7h5M5.5 7.6h3.5',
  told: 'M3 6.2h2.2L8.5 3.5v9L5.2 9.8H3zM11 6a3 3 0 0 1 0 4M12.8 4.2a5.5 5.5 0 0 1 0 7.6',
  parked: 'M2.5 10c0-4 11-4 11 0M3 10.2h2.6M10.4 10.2H13M8 13.2v-2',
  busy: 'M4 7.5h8V13H4zM5.5 7.5V5.6a2.5 2.5 0 0 1 5 0v1.9',
  off: 'M4 4l8 8M12 4l-8 8',
  fault: 'M8 2.6 14 13H2zM8 6.6v3M8 11.3v.01',
  mail: 'M2.5 4.5h11v7.5h-11zM2.5 5l5.5 4 5.5-4',
  server: 'M3 3.5h10v3.4H3zM3 9h10v3.4H3zM5.2 5.2h.01M5.2 10.7h.01',
  play: 'M5 3.5v9l7.5-4.5z',
  stop: 'M4.5 4.5h7v7h-7z',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
};

/** A small drawing; words beside it say the same. */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name] || PATHS.idle} /></svg>`;

/** `7` as `0:07`, `3725` as `1:02:05`, days as `2 d 04 h`. */
export function duration(seconds) {
  const two = (value) => String(value).padStart(2, '0');
  const [d, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (d > 0) return t('duration.days', { days: d, hours: two(hours % 24) });
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** A moment, however it is written: micro- or milliseconds or seconds since 1970, or a text. */
export function moment(at) {
  if (at === null || at === undefined || at === '') return '';
  let date = new Date(at);
  if (typeof at === 'number') {
    const milliseconds = at > 1e14 ? at / 1000 : at > 1e11 ? at : at * 1000;
    date = new Date(milliseconds);
  }
  if (Number.isNaN(date.getTime())) return String(at);
  const two = (value) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Hundredths of a percent. */
export const percent = (hundredths) => (hundredths === null || hundredths === undefined ? '' : `${(hundredths / 100).toFixed(1)} %`);

/** Something that went wrong, with what to do. */
export function Trouble({ problem }) {
  if (!problem) return null;
  const shown = problem.findings || [];
  return html`<div class="note bad" role="alert">
    <p><strong>${problem.message}</strong>${problem.field ? html` <code>${problem.field}</code>` : null}</p>
    ${problem.remedy ? html`<p>${problem.remedy}</p>` : null}
    ${shown.length ? html`<ul>${shown.map((finding) => html`<li>${typeof finding === 'string' ? finding : finding.message}</li>`)}</ul>` : null}
  </div>`;
}

/** Loads by `load`, again when `inputs` change or at `reload()`. */
export function useLoad(load, inputs = []) {
  const [state, setState] = useState({ data: null, problem: null, loading: true });
  const asked = useRef(0);
  const reload = async () => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const data = await load();
      if (mine === asked.current) setState({ data, problem: null, loading: false });
    } catch (problem) {
      if (mine === asked.current) setState((old) => ({ data: old.data, problem, loading: false }));
    }
  };
  useEffect(() => {
    reload();
    return () => { asked.current += 1; };
  }, inputs);
  return { ...state, reload };
}

/** Whether this gateway has a resource; false until that is known. */
export function useHas(path) {
  const [there, setThere] = useState(false);
  useEffect(() => {
    let current = true;
    has(path).then((found) => current && setThere(found));
    return () => { current = false; };
  }, [path]);
  return there;
}

/** What an act is doing: its button waits, its failure is shown, its success is said. */
export function useAct() {
  const [state, setState] = useState({ busy: '', problem: null, done: '' });
  const run = async (name, act, done = '') => {
    setState({ busy: name, problem: null, done: '' });
    try {
      const answer = await act();
      setState({ busy: '', problem: null, done });
      if (done) say(done);
      return answer ?? true;
    } catch (problem) {
      setState({ busy: '', problem, done: '' });
      return null;
    }
  };
  return { ...state, run, clear: () => setState({ busy: '', problem: null, done: '' }) };
}

/** Says something to a screen reader without moving the focus. */
export function say(text) {
  const place = document.getElementById('said');
  if (place) place.textContent = text;
}

/** The head of a page: title, and what stands beside it. */
export function Head({ title, children }) {
  useEffect(() => { document.title = `${title} · Tipring`; }, [title]);
  return html`<header class="head"><h1 id="title" tabindex="-1">${title}</h1><div class="tools">${children}</div></header>`;
}

/** A table that becomes a list of cards on a narrow screen. Columns: `[key, word, cell?]`. */
export function Table({ caption, columns, rows, id, empty, act }) {
  if (!rows.length) return html`<p class="quiet">${empty || t('none')}</p>`;
  return html`<table class="table"><caption>${caption}</caption>
    <thead><tr>${columns.map(([key, word]) => html`<th scope="col" key=${key}>${word}</th>`)}${act ? html`<th><span class="unseen">${t('actions')}</span></th>` : null}</tr></thead>
    <tbody>${rows.map((row, at) => html`<tr key=${id ? id(row) : at}>
      ${columns.map(([key, word, cell]) => html`<td key=${key} data-label=${word}><span>${cell ? cell(row) : row[key]}</span></td>`)}
      ${act ? html`<td class="acts">${act(row)}</td>` : null}
    </tr>`)}</tbody></table>`;
}

/** A text field with its label. */
export function Field({ label, hint, wide, children, ...input }) {
  return html`<label class=${wide ? 'field wide' : 'field'}><span>${label}</span>
    ${children || html`<input ...${input} />`}${hint ? html`<small>${hint}</small>` : null}</label>`;
}

/** Asks before something that cannot be taken back. */
export class Sure extends Component {
  constructor() {
    super();
    this.dialog = null;
  }

  open() {
    this.dialog.showModal();
  }

  render({ label, question, yes, act, kind = '', disabled = false }) {
    return html`<button type="button" class=${kind} disabled=${disabled} onClick=${() => this.open()}>${label}</button>
      <dialog ref=${(dialog) => { this.dialog = dialog; }}><form method="dialog" onSubmit=${(event) => event.submitter?.value === 'yes' && act()}>
        <p>${question}</p><div class="tools"><button value="no">${t('cancel')}</button><button value="yes" class="danger">${yes}</button></div>
      </form></dialog>`;
  }
}

/** What changes between two configurations. */
export function Changes({ changes }) {
  if (!changes.length) return html`<p class="quiet">${t('changes.none')}</p>`;
  return html`<${Table} caption=${t('changes.caption', { count: changes.length })} rows=${changes} columns=${[
    ['path', t('changes.path'), (row) => html`<code>${row.path}</code>`],
    ['old', t('changes.old'), (row) => html`<del>${row.old ?? ''}</del>`],
    ['new', t('changes.new'), (row) => html`<ins>${row.new ?? ''}</ins>`],
    ['when', t('changes.when')],
  ]} />`;
}

/** Saves `blob` as a file. */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
