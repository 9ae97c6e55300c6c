// The dial plan, digit by digit: where a number goes that a telephone dials, without a call.
import { post } from './api.js';
import { useLive } from './live.js';
import { Field, Head, Trouble } from './parts.js';
import { t } from './texts.js';
import { html, useEffect, useState } from './ui.js';

const PAD = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const clean = (text) => text.replace(/[^0-9*#A-D]/gi, '').toUpperCase().slice(0, 40);

/** A line of the explanation: `5  <9:>,xx.; …` is what a digit does. */
function Line({ text }) {
  const digit = /^([0-9*#A-D])\s{2}(.*)$/.exec(text);
  if (!digit) return html`<li class="whole">${text}</li>`;
  const [first, ...rest] = digit[2].split('; ');
  return html`<li><b class="digit">${digit[1]}</b><div><code>${first}</code>${rest.map((part) => html`<span>${part}</span>`)}</div></li>`;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const dialers = ({ status }) => status && [...status.lines.filter((line) => !line.outside), ...status.users]
  .map(({ number, name }) => ({ number, name: name || t('explain.sip') }));

export default function Explain() {
  const numbers = useLive(dialers, same);
  const [number, setNumber] = useState('');
  const [digits, setDigits] = useState('');
  const [at, setAt] = useState('');
  const [offline, setOffline] = useState(false);
  const [answer, setAnswer] = useState({ lines: [], problem: null });
  const from = number || numbers?.[0]?.number || '';
  useEffect(() => {
    if (!from || !digits) {
      setAnswer({ lines: [], problem: null });
      return undefined;
    }
    let current = true;
    const ask = () => post('/explain', { number: from, digits, offline, ...(at ? { at } : {}) })
      .then(({ lines }) => current && setAnswer({ lines, problem: null }), (problem) => current && setAnswer({ lines: [], problem }));
    const timer = setTimeout(ask, 150);
    return () => { current = false; clearTimeout(timer); };
  }, [from, digits, at, offline]);
  const input = (event) => {
    event.target.value = clean(event.target.value);
    setDigits(event.target.value);
  };
  return html`<${Head} title=${t('nav.explain')} /><p class="quiet">${t('explain.hint')}</p>
    <div class="split even"><form class="card" onSubmit=${(event) => event.preventDefault()}><div class="fields">
        <${Field} label=${t('explain.from')}><select value=${from} onChange=${(event) => setNumber(event.target.value)}>${(numbers || []).map((one) => html`<option key=${one.number} value=${one.number}>${one.number} ${one.name}</option>`)}</select></${Field}>
        <${Field} label=${t('explain.digits')} inputmode="tel" autocomplete="off" value=${digits} onInput=${input} />
        <${Field} label=${t('explain.at')} hint=${t('explain.now')} type="time" value=${at} onInput=${(event) => setAt(event.target.value)} />
        <label class="check"><input type="checkbox" checked=${offline} onChange=${(event) => setOffline(event.target.checked)} /> ${t('explain.offline')}</label></div>
      <div class="pad" role="group" aria-label=${t('explain.pad')}>${PAD.map((key) => html`<button type="button" key=${key} onClick=${() => setDigits(clean(digits + key))}>${key}</button>`)}</div>
      <div class="tools"><button type="button" disabled=${!digits} onClick=${() => setDigits(digits.slice(0, -1))}>${t('explain.back')}</button>
        <button type="button" disabled=${!digits} onClick=${() => setDigits('')}>${t('explain.clear')}</button></div></form>
      <section aria-live="polite" aria-label=${t('explain.answer')}><${Trouble} problem=${answer.problem} />
        ${answer.lines.length ? html`<ol class="ladder">${answer.lines.map((text) => html`<${Line} text=${text} />`)}</ol>` : html`<p class="quiet">${t('explain.none')}</p>`}</section></div>`;
}
