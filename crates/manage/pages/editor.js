// An editor of a configuration: line numbers, marks at lines with a mistake, and which key the cursor is at.
import { t } from './texts.js';
import { html, useEffect, useRef } from './ui.js';

/** The table and key at a place of the text: `{place: 'phone', table: 'phone.101', name: 'may_call', line: 12}`. */
export function keyAt(text, offset) {
  const before = text.slice(0, offset).split('\n');
  const line = text.split('\n')[before.length - 1];
  let table = '';
  for (const earlier of [...before.slice(0, -1), line].reverse()) {
    const match = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(earlier);
    if (match) {
      table = match[1];
      break;
    }
  }
  const name = /^\s*(?:"([^"]*)"|([\w.-]+))\s*=/.exec(line);
  return { place: table.split('.')[0], table, name: name ? name[1] ?? name[2] : '', line: before.length };
}

const plain = (place) => String(place ?? '').replace(/[[\]]/g, '').split('.')[0].toLowerCase().replace(/^(at the )?top$/, '');
const ANY = new Set(['PATTERN', 'CODE']);

/** The keys of the place that the cursor is in, and the one that it is at. */
export function helpAt(keys, at) {
  const here = keys.filter((key) => plain(key.place) === at.place);
  const one = at.name && (here.find((key) => key.name === at.name) || here.find((key) => ANY.has(key.name)));
  return { here, one: one || null };
}

/** What a check found, however it is written: `{level, line, message}` or a sentence with `:LINE:` in it. */
export function findings(list) {
  return (list || []).map((finding) => {
    if (typeof finding !== 'string') return finding;
    const line = /:(\d+):/.exec(finding);
    return { level: 'error', line: line ? Number(line[1]) : null, message: finding };
  });
}

/** The editor. `onCursor` gets the offset; `place` is a line to go to. */
export function Editor({ text, marks, locked, place, onText, onCursor }) {
  const area = useRef(null);
  const gutter = useRef(null);
  const count = text.split('\n').length;
  const bad = new Map(marks.filter((mark) => mark.line).map((mark) => [mark.line, mark]));
  const scroll = () => { gutter.current.scrollTop = area.current.scrollTop; };
  const moved = () => onCursor(area.current.selectionStart);
  useEffect(() => {
    if (!place?.line) return;
    const offset = text.split('\n').slice(0, place.line - 1).join('\n').length + (place.line > 1 ? 1 : 0);
    area.current.focus();
    area.current.setSelectionRange(offset, offset);
    area.current.scrollTop = Math.max(0, (place.line - 6) * (area.current.scrollHeight / count));
    moved();
  }, [place]);
  return html`<div class="editor"><pre class="gutter" ref=${gutter} aria-hidden="true">${Array.from({ length: count }, (_, at) => html`<span
      class=${bad.has(at + 1) ? `marked is-${bad.get(at + 1).level}` : ''} title=${bad.get(at + 1)?.message || ''}>${at + 1}</span>`)}</pre>
    <textarea ref=${area} aria-label=${t('editor.label')} spellcheck=${false} wrap="off" autocapitalize="off" autocomplete="off" readonly=${locked}
      value=${text} onInput=${(event) => { onText(event.target.value); moved(); }} onScroll=${scroll} onKeyUp=${moved} onClick=${moved}></textarea></div>`;
}
