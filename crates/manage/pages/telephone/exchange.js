// The exchange behind each simulated outside line.
import { html, useEffect, useRef } from '../ui.js';
import { mount } from './board.js';

export default function Exchange() {
  const box = useRef();
  useEffect(() => mount(box.current), []);
  return html`<h1 id="title" tabindex="-1">Exchange</h1><p class="quiet">What the far side of each simulated outside line does.</p><div ref=${box}></div>`;
}
