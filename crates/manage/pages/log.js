// What happened, in words, as it happens.
import { address, get, query } from './api.js';
import { lines as seen, onLine } from './live.js';
import { Head, Trouble } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useRef, useState } from './ui.js';

const KEPT = 1000;
const plain = (text) => ({ text, detail: false });

export default function Log() {
  const [number, setNumber] = useState('');
  const [verbose, setVerbose] = useState(false);
  const [rows, setRows] = useState([]);
  const [problem, setProblem] = useState(null);
  const [paused, setPaused] = useState(false);
  const [there, setThere] = useState(true);
  const list = useRef(null);
  const wanted = { number: number.trim(), verbose };
  useEffect(() => {
    let current = true;
    let waits = null;
    const read = async () => {
      try {
        const all = await get(`/log${query({ count: 300, ...wanted })}`);
        if (!current) return;
        setRows(all);
        setProblem(null);
        setThere(true);
      } catch (why) {
        if (!current) return;
        // Without a log to ask for there is what this page has seen itself.
        setThere(!why.absent);
        setRows(why.absent ? seen.map(({ text }) => plain(text)) : []);
        setProblem(why.absent ? null : why);
      }
    };
    // A line came: where a filter decides it is read again, else it is put at the end.
    const off = onLine((text) => {
      if (paused || !current) return;
      if (!wanted.number && !verbose) setRows((old) => [...old.slice(1 - KEPT), plain(text)]);
      else waits ??= setTimeout(() => { waits = null; read(); }, 500);
    });
    // Nothing is told to a page that is not seen.
    const seenAgain = () => { if (!document.hidden && !paused) read(); };
    document.addEventListener('visibilitychange', seenAgain);
    if (!paused) read();
    return () => {
      current = false;
      clearTimeout(waits);
      off();
      document.removeEventListener('visibilitychange', seenAgain);
    };
  }, [wanted.number, verbose, paused]);
  useEffect(() => { if (!paused && list.current) list.current.scrollTop = list.current.scrollHeight; }, [rows, paused]);
  return html`<${Head} title=${t('nav.log')}>${there ? html`<a class="button" download href=${address(`/log.txt${query(wanted)}`)}>${t('log.file')}</a>` : null}</${Head}>
    <div class="bar">${there ? html`<input type="search" aria-label=${t('log.number')} placeholder=${t('log.number')} value=${number} onInput=${(event) => setNumber(event.target.value)} />
      <label class="check"><input type="checkbox" checked=${verbose} onChange=${(event) => setVerbose(event.target.checked)} /> ${t('log.verbose')}</label>` : null}
      <button type="button" aria-pressed=${paused ? 'true' : 'false'} onClick=${() => setPaused(!paused)}>${t('log.pause')}</button></div>
    <${Trouble} problem=${problem} />
    <ol class="log" role="log" aria-live="off" tabindex="0" aria-label=${t('nav.log')} ref=${list}>${rows.map((row, at) => html`<li key=${at} class=${row.detail ? 'detail' : ''}>${row.text}</li>`)}</ol>
    ${rows.length ? null : html`<p class="quiet">${t('log.none')}</p>`}`;
}
