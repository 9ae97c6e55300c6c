// One telephone by itself, or an outside line that is only watched.
import { html } from '../ui.js';
import { Phone } from './telephones.js';

export default function Telephone({ number }) {
  return html`<h1 id="title" tabindex="-1">Telephone ${number}</h1><${Phone} number=${number} />`;
}
