// The simulated telephones: one to use, or two side by side to talk between them.
import { get } from '../api.js';
import { t } from '../texts.js';
import { html, useEffect, useRef, useState } from '../ui.js';
import { mount } from './phone.js';

export function Phone({ number, scope = true }) {
  const box = useRef();
  useEffect(() => mount(box.current, { number, scope }), [number]);
  return html`<div ref=${box}></div>`;
}

export default function Telephones() {
  const [phones, setPhones] = useState(null);
  const [open, setOpen] = useState([]);
  useEffect(() => {
    get('/phones').then((all) => {
      const usable = all.filter((phone) => phone.simulated);
      setPhones(usable);
      setOpen(usable.slice(0, 2).map((phone) => phone.number));
    }, (why) => setPhones(why));
  }, []);
  if (phones instanceof Error) return html`<h1 id="title" tabindex="-1">${t('nav.telephones')}</h1><p>${phones.message}</p>`;
  if (!phones) return html`<p class="quiet">…</p>`;
  const turn = (number) => setOpen(open.includes(number) ? open.filter((other) => other !== number) : [...open, number].slice(-4));
  return html`<h1 id="title" tabindex="-1">${t('nav.telephones')}</h1>
    <p class="quiet">${t('telephones.hint')}</p>
    <p class="row" role="group" aria-label=${t('telephones.shown')}>${phones.map((phone) => html`<button type="button" key=${phone.number} aria-pressed=${open.includes(phone.number) ? 'true' : 'false'} onClick=${() => turn(phone.number)}>${phone.number}</button> `)}</p>
    ${phones.length ? null : html`<p>${t('telephones.none')}</p>`}
    <div class="telephones">${open.map((number) => html`<div key=${number}><h2><a href=${`/telephones/${encodeURIComponent(number)}`}>${number}</a></h2><${Phone} number=${number} /></div>`)}</div>`;
}
