// One telephone by itself, or an outside line that is only watched.
import { t } from '../texts.js';
import { html } from '../ui.js';
import { Phone } from './telephones.js';

export default function Telephone({ number }) {
  return html`<h1 id="title" tabindex="-1">${t('telephone.title', { number })}</h1><${Phone} number=${number} />`;
}
