// A house of many ports as the pages see it: the pages' own files, and an API that tells of a changing house twice a second.
// It stands in for hardware that nobody has on the desk; what the gateway itself does is checked against the gateway.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

const PAGES = new URL('../../crates/manage/pages/', import.meta.url).pathname;
const KINDS = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'";

const hearing = (loss, jitter, rating, score) => ({ loss, jitter_ms: jitter, rating, score });

/** The picture of a house of `count` telephones and four outside lines, in its `turn`. */
export function picture(count, turn) {
  const seconds = Math.floor(turn / 2);
  const lines = [];
  const calls = [];
  const idle = { for_seconds: 4000 + seconds, fault: false, messages: false, outside: false, volts: null, milliamps: null };
  for (let at = 0; at < count; at += 1) {
    const number = String(1000 + at);
    const line = { ...idle, number, name: `Room ${number}`, port: `dahdi/${at + 1}`, state: 'idle' };
    // A tenth of the house is in calls, which begin and end as time goes on.
    const phase = (at * 7 + Math.floor(turn / 4)) % 40;
    if (phase < 4) {
      line.state = ['dialling', 'ringing', 'talking', 'talking'][phase];
      line.for_seconds = (seconds + at) % 90;
      const talks = line.state === 'talking';
      const poor = at % 3 === 0;
      const here = poor ? hearing(400 + (turn % 9) * 20, 22, 66, 34) : hearing(10, 4, 92, 43);
      calls.push({ call: at + 1, from: number, to: '15550177', via: 'pbx', by: '', state: talks ? 'talking' : 'ringing', for_seconds: line.for_seconds, codec: talks ? 'G.711u' : '',
        loss: talks ? here.loss : null, quality: talks ? (poor ? 'FAIR: network' : 'good') : '', here: talks ? here : null, there: talks ? hearing(20, 6, 90, 42) : null });
    }
    if (at === 18) Object.assign(line, { state: 'parked', fault: true, for_seconds: 2760 + seconds });
    if (at === 33) line.state = 'out of service';
    if (at % 41 === 5) line.messages = true;
    lines.push(line);
  }
  for (let at = 1; at <= 4; at += 1) lines.push({ ...idle, number: String(at), name: at === 1 ? 'Main number' : '', port: `dahdi/${count + at}`, state: at === 2 ? 'in use' : 'idle', outside: true });
  return {
    name: 'tower-a', up_seconds: 1051200 + seconds, revision: 17, waiting: ['1003'], next_start: [], refused_requests: 12,
    alarms: [
      { for_seconds: 2760 + seconds, subject: '1018 Room 1018 (dahdi/19)', text: 'off-hook', detail: 'no call', cause: 'Handset off, or a wet pair', next: 'hang up 1018, or look at its pair' },
      { for_seconds: 95 + seconds, subject: '1004', text: 'pbx refused the password (401 again after digest)', detail: 'The others registered, so server and network are fine', cause: '', next: "compare 1004's secret on the PBX with rooms.csv:5" },
    ],
    servers: [{ name: 'pbx', transport: 'UDP', address: '10.0.0.9:5060', registered: count - 1, accounts: count, trouble: ['1004: 401 again after digest; next try in 40 s'],
      addresses: [{ name: 'pbx1.hotel.example', address: '10.0.0.9:5060', in_use: true, reach: 'answers', latency_micros: 4100 },
        { name: 'pbx2.hotel.example', address: '10.0.0.10:5060', in_use: false, reach: { recovering: 12 }, latency_micros: null }] }],
    lines, calls, users: [{ number: '201', contact: '10.0.0.77:5060' }, { number: '202', contact: null }],
    media: [{ shard: 'shard 0', ticks: 100, late: 0, late_last_minute: 0, late_full_minute: 0, troubled_seconds: null, longest_micros: 900, unsent: 0 }],
  };
}

/** Serves such a house; gives its address and the way to end it. */
export async function house(count) {
  let turn = 0;
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://house').pathname;
    const give = (value) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
    response.setHeader('Content-Security-Policy', POLICY);
    if (path === '/api/v1/session') give({ name: 'anna', role: 'operator', csrf: 'x' });
    else if (path === '/api/v1/status') give(picture(count, turn));
    else if (path === '/api/v1/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      const tell = () => {
        turn += 1;
        response.write(`event: status\ndata: ${JSON.stringify(picture(count, turn))}\n\n`);
      };
      const timer = setInterval(tell, 500);
      request.on('close', () => clearInterval(timer));
      tell();
    } else if (path.startsWith('/api/')) response.writeHead(404, { 'Content-Type': 'application/problem+json' }).end('{"title":"Not Found","detail":"There is no such resource.","status":404}');
    else {
      const name = path.includes('.') ? path.slice(1) : 'index.html';
      try {
        const body = await readFile(PAGES + name);
        response.setHeader('Content-Type', KINDS[name.split('.').pop()] || 'text/plain').end(body);
      } catch {
        response.writeHead(404).end();
      }
    }
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}
