// The exchanges: call in with a caller ID of choice, be busy, answer, hang up; cut a line, add noise, lengthen its loop.
import { get, post } from '../api.js';
import { Connection } from './connection.js';
import { t } from '../texts.js';
import { dress, make } from './parts.js';
import { mountScope } from './scope.js';

const BREAK = 600; // ms

/** Shows the exchanges in `element`; gives the way to take them away. */
export function mount(element) {
  dress();
  const boards = new Map();
  const news = make('p', { class: 'news', role: 'status' });
  const list = make('div', { class: 'exchanges' });
  element.replaceChildren(news, list);
  let ended = false;
  async function look() {
    try {
      const all = await get('/exchanges');
      if (ended) return;
      if (all.length === 0) news.textContent = t('exchange.none');
      for (const one of all) {
        if (!boards.has(one.line)) {
          boards.set(one.line, board(one, news));
          list.append(boards.get(one.line).root);
        }
        boards.get(one.line).show(one);
      }
    } catch (why) {
      news.textContent = why.message;
    }
    if (!ended) timer = setTimeout(look, 700);
  }
  let timer = setTimeout(look, 0);
  return () => {
    ended = true;
    clearTimeout(timer);
    boards.forEach((one) => one.end());
    element.replaceChildren();
  };
}

function board(first, news) {
  const button = (text, act) => make('button', { type: 'button', onclick: act }, text);
  const order = async (what) => {
    try {
      show(await post(`/exchanges/${encodeURIComponent(first.line)}`, what));
      news.textContent = '';
    } catch (why) {
      news.textContent = why.message;
    }
  };
  const field = (name, value, size) => make('input', { value, size, 'aria-label': name, placeholder: name });
  const people = new Map(first.subscribers.map((one) => {
    const doing = make('output', { 'aria-live': 'polite' });
    const number = field(t('exchange.number'), one.number, 14);
    const name = field(t('exchange.name'), one.name ?? '', 14);
    const hidden = make('input', { type: 'checkbox' });
    const busy = make('input', { type: 'checkbox', onchange: () => order(busy.checked ? { busy: one.number } : { waits: one.number }) });
    const root = make('fieldset', {}, make('legend', {}, `${one.name ?? ''} ${one.number}`), doing,
      make('div', { class: 'row' }, number, name, make('label', {}, hidden, t('exchange.withheld')),
        button(t('exchange.call'), () => order({ call: { subscriber: one.number, number: number.value, name: name.value, private: hidden.checked } }))),
      make('div', { class: 'row' }, button(t('telephone.answer'), () => order({ answer: one.number })), button(t('telephone.hang-up'), () => order({ 'hang-up': one.number })),
        button(t('exchange.speak'), () => order({ say: { subscriber: one.number, say: { voice: 60 } } })), button(t('exchange.hush'), () => order({ hush: one.number })),
        make('label', {}, busy, t('exchange.busy'))));
    return [one.number, { root, doing, busy }];
  }));
  const cut = make('input', { type: 'checkbox', onchange: () => order({ cut: cut.checked }) });
  const noise = make('input', { type: 'range', min: -91, max: -20, value: -91, 'aria-label': t('exchange.noise'), onchange: disturb });
  const hum = make('input', { type: 'range', min: -91, max: -20, value: -91, 'aria-label': t('exchange.hum'), onchange: disturb });
  const loop = make('input', { type: 'range', min: 0, max: 3000, step: 50, value: first.ohms, 'aria-label': t('exchange.loop'), onchange: () => order({ loop: Number(loop.value) }) });
  const told = make('output', {});
  const picture = make('div', {});
  const root = make('section', { class: 'exchange', 'aria-label': t('exchange.line', { number: first.line }) }, make('h2', {}, `${t('exchange.line', { number: first.line })} (${first.port})`), told,
    ...[...people.values()].map((one) => one.root),
    make('fieldset', {}, make('legend', {}, t('exchange.wire')), make('label', { class: 'row' }, cut, t('exchange.cut')),
      button(t('exchange.break', { ms: BREAK }), () => order({ break: BREAK })), make('label', { class: 'row' }, t('exchange.noise'), noise), make('label', { class: 'row' }, t('exchange.hum'), hum),
      make('label', { class: 'row' }, t('exchange.loop'), loop)), picture);
  const scope = mountScope(picture);
  const line = new Connection(first.port, { scope: true }, { scope: (seen) => scope.picture(seen), mark: (mark) => scope.mark(mark) });

  function disturb() {
    const level = (range) => (Number(range.value) < -90 ? null : Number(range.value));
    order({ noise: { noise: level(noise), hum: level(hum) } });
  }

  function show(now) {
    const level = (value, name) => `${name}: ${value === null ? t('exchange.nothing') : `${value} dBm0`}`;
    told.value = [now.cut ? t('exchange.cut') : now.seized ? t('exchange.seized') : t('exchange.rest'), t('exchange.ohms', { ohms: now.ohms }), level(now.noise, t('exchange.noise')), level(now.hum, t('exchange.hum'))].join(', ');
    cut.checked = now.cut;
    for (const one of now.subscribers) {
      const shown = people.get(one.number);
      shown.doing.value = [t(`exchange.doing.${one.doing}`), ...one.hears.filter((what) => what !== 'silence').map((what) => t('exchange.hears', { what }))].join('; ');
      shown.busy.checked = one.manner === 'busy';
    }
  }

  return {
    root,
    show,
    end() {
      line.end();
      scope.unmount();
    },
  };
}
