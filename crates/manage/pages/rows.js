// From the gateway's picture to what is shown of each port.

const WORDS = {
  idle: 'idle', ringing: 'ringing', dialling: 'dialling', waiting: 'waiting', talking: 'talking', told: 'told',
  parked: 'parked', 'out of service': 'off', 'in use': 'busy', releasing: 'busy',
};

/** What the drawing and the colour of a state are called. */
export const looks = (state) => WORDS[state] || 'busy';
/** The word of a state in texts. */
export const word = (state) => `state.${state.replaceAll(' ', '-')}`;
/** How calls name a line. */
export const label = (line) => (line.outside ? `line ${line.number}` : line.number);
/** How its page is addressed. */
export const key = (line) => (line.outside ? `line-${line.number}` : line.number);

function peers(calls) {
  const of = new Map();
  const put = (name, peer) => { if (name && !of.has(name)) of.set(name, peer); };
  for (const call of calls) {
    put(call.from, { arrow: '→', name: call.to, call });
    put(call.to, { arrow: '←', name: call.from, call });
    put(call.by, { arrow: '↔', name: call.by === call.from ? call.to : call.from, call });
  }
  return of;
}

function troubles(servers) {
  const of = new Map();
  for (const server of servers) {
    for (const text of server.trouble) of.set(text.split(':')[0], `${server.name}: ${text}`);
  }
  return of;
}

/** A row for each line, with `sign`: as long as that is the same, nothing of it has to be drawn again. */
export function rows(status) {
  const calls = peers(status.calls);
  const registrations = troubles(status.servers);
  return status.lines.map((line) => {
    const peer = calls.get(label(line));
    const trouble = line.outside ? '' : registrations.get(line.number) || '';
    const quality = peer?.call.quality || '';
    const waits = status.waiting.includes(line.number);
    // How long is told where it matters: a clock on each idle port would have everything drawn each second.
    const since = line.state === 'idle' ? 0 : line.for_seconds;
    const seen = peer && line.state !== 'idle' ? `${peer.arrow} ${peer.name}` : '';
    return {
      key: key(line), line, peer: seen, trouble, quality, since, waits,
      sign: [line.state, line.name, line.port, line.fault, line.messages, seen, trouble, quality, since, waits].join('\n'),
    };
  });
}

/** How many of each state: `[['idle', 35], …]`, the commonest first. */
export function counts(all) {
  const of = new Map();
  for (const row of all) of.set(row.line.state, (of.get(row.line.state) || 0) + 1);
  return [...of].sort((one, other) => other[1] - one[1]);
}

/** `good`, `fair`, `poor`, or nothing: the first word of the gateway's. */
export const grade = (quality) => quality.split(':')[0].toLowerCase();
