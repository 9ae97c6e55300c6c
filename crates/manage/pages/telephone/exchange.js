// The exchange behind each simulated outside line.
import { t } from '../texts.js';
import { html, useEffect, useRef } from '../ui.js';
import { mount } from './board.js';

export default function Exchange() {
  const box = useRef();
  useEffect(() => mount(box.current), []);
  return html`<h1 id="title" tabindex="-1">${t('nav.exchange')}</h1><p class="quiet">${t('exchange.hint')}</p><div ref=${box}></div>`;
}
