// How a call sounds: figures, and a plot of the last minutes as this page saw them.
import { trail } from './live.js';
import { percent } from './parts.js';
import { t } from './texts.js';
import { html } from './ui.js';

const WIDTH = 300;
const HEIGHT = 64;

/** Where a moment is: the newest at the right, at least a minute in all. */
function across(points) {
  const last = points[points.length - 1].at;
  const span = Math.max(60000, last - points[0].at);
  return (point) => WIDTH * (1 - (last - point.at) / span);
}

function path(points, side, x) {
  const places = points.filter((point) => point[side]).map((point) => {
    const y = HEIGHT - 4 - (point[side].rating / 100) * (HEIGHT - 8);
    return `${x(point).toFixed(1)},${y.toFixed(1)}`;
  });
  return places.length ? `M${places.join('L')}` : '';
}

/** R in both directions as lines, loss as bars from below. */
export function Plot({ call }) {
  const points = trail(call);
  if (points.length < 2) return html`<p class="quiet">${t('plot.waits')}</p>`;
  const x = across(points);
  const seconds = Math.round((points[points.length - 1].at - points[0].at) / 1000);
  const worst = Math.min(...points.map((point) => Math.min(point.here?.rating ?? 100, point.there?.rating ?? 100)));
  const bars = points.filter((point) => point.here?.loss > 0).map((point) => {
    const length = Math.min(1, point.here.loss / 1000) * (HEIGHT - 8);
    return `M${x(point).toFixed(1)},${HEIGHT - 4}v-${length.toFixed(1)}`;
  });
  const step = HEIGHT - 4 - 0.7 * (HEIGHT - 8);
  return html`<figure class="plot"><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
      aria-label=${t('plot.said', { seconds, worst })}>
    <path class="grid" d=${`M0,4h${WIDTH}M0,${step}h${WIDTH}M0,${HEIGHT - 4}h${WIDTH}`} />
    <path class="loss" d=${bars.join('')} />
    <path class="there" d=${path(points, 'there', x)} /><path class="here" d=${path(points, 'here', x)} />
  </svg><figcaption><span class="key here">${t('plot.here')}</span> <span class="key there">${t('plot.there')}</span>
    <span class="key loss">${t('plot.loss')}</span> ${t('plot.span', { seconds })}</figcaption></figure>`;
}

/** Loss, jitter, R and MOS of one direction. */
export function Heard({ word, heard }) {
  return html`<dl class="heard"><dt>${word}</dt>${heard ? html`
    <dd><small>${t('quality.loss')}</small>${percent(heard.loss)}</dd><dd><small>${t('quality.jitter')}</small>${heard.jitter_ms} ms</dd>
    <dd><small>R</small>${heard.rating}</dd><dd><small>MOS</small>${(heard.score / 10).toFixed(1)}</dd>` : html`<dd class="quiet">${t('unmeasured')}</dd>`}</dl>`;
}
