// What a person sees and does in the pages of a running demo, in Chromium. Prints each check; ends with 1 where one fails.
import { mkdirSync } from 'node:fs';
import { Chromium } from './chromium.mjs';
import { Gateway } from './gateway.mjs';
import { cost } from './cost.mjs';
import { sources } from './sources.mjs';
import { telephones } from './telephone.mjs';

const PICTURES = process.env.TIPRING_PICTURES || new URL('../../target/browser/', import.meta.url).pathname;
const only = process.argv[2] || '';
// Which parts a gateway has is asked by requests that may find nothing.
const ABSENT = /status of 40[45]/;
// What checks below do wrong on purpose.
const REFUSED = [/status of 422 .*\/restore/, /status of 409 .*\/ports\/104\/balance/, /status of 422 .*\/configuration\/diff/];
mkdirSync(PICTURES, { recursive: true });

let failed = 0;
async function check(name, act) {
  if (!name.includes(only)) return;
  const begun = Date.now();
  try {
    const note = await act();
    console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)${note ? `: ${note}` : ''}`);
  } catch (why) {
    failed += 1;
    console.log(`FAIL  ${name}: ${why.stack}`);
  }
}

function same(one, other, what) {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${what}: ${JSON.stringify(one)}, expected ${JSON.stringify(other)}`);
}

await check('every word that pages use is there, and all come from the gateway', sources);
const [gateway, chromium] = await Promise.all([Gateway.demo(), Chromium.start()]);
// However this ends, what it started ends.
process.on('exit', () => [gateway, chromium].forEach(({ child }) => child.kill()));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(1));
const page = await chromium.open();
page.expected.push(ABSENT, ...REFUSED);
const tile = (number) => `a[href="/ports/${number}"]`;
/** Gives a field a file that the page makes itself. */
const give = (field, file) => page.value(`(() => {
  const all = new DataTransfer();
  all.items.add(${file});
  const input = document.querySelector('${field}');
  input.files = all.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
})()`);
const nav = () => page.value('[...document.querySelectorAll("#pages a")].map((link) => link.getAttribute("href"))');

if (only) await page.go(await gateway.invite());

await check('the printed address lets one browser in, once', async () => {
  await page.go(gateway.address);
  await page.sees('Lift the receiver');
  same(await page.value('location.href'), `${gateway.origin}/telephones`, 'the address bar');
  await page.go(gateway.origin);
  await page.sees('Phone 101', tile('101'));
  const stored = await page.value('JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])');
  same(stored, '[0,0,""]', 'what scripts could read');
  await page.go(`${gateway.origin}/calls`);
  await page.sees('Nobody calls anybody now.');
  const stranger = await chromium.open();
  stranger.expected.push(/status of 401/);
  await stranger.go(gateway.address);
  await stranger.sees('Log in');
  await stranger.sees('That key was used before');
  same(await stranger.nameless(), [], 'without a name');
  await stranger.picture(`${PICTURES}login-1280.png`);
  same(stranger.complaints, [], 'complaints');
  await stranger.close();
});

await check('a call is followed on the panel, among the calls, in the log and in the records', async () => {
  await page.go(gateway.origin);
  await page.sees('idle', tile('101'));
  await gateway.ask('phone', '101', 'off-hook');
  await page.sees('dialling', tile('101'));
  await gateway.ask('phone', '101', 'dial', '102');
  await page.sees('ringing', tile('102'));
  await page.sees('← 101', tile('102'));
  await page.sees('calling', tile('101'));
  await gateway.ask('phone', '102', 'off-hook');
  await page.sees('talking', tile('101'));
  await page.sees('talking', tile('102'));
  await page.click('#pages a', 'Calls');
  await page.sees('101 → 102');
  await page.sees('No packets');
  await page.click('#pages a', 'Log');
  await page.sees('101 dialled 102', '.log');
  await page.click('#pages a', 'Overview');
  await page.click(tile('102'));
  await page.sees('talking', '.big');
  await gateway.ask('phone', '102', 'on-hook');
  await gateway.ask('phone', '101', 'on-hook');
  await page.sees('idle', '.big');
});

await check('a port shows what was measured', async () => {
  await page.go(`${gateway.origin}/ports/103`);
  await page.sees('48 V');
  await page.go(`${gateway.origin}/ports/line-1`);
  await page.sees('outside line (FXO)');
  await page.go(`${gateway.origin}/ports/999`);
  await page.sees('no telephone or line 999');
});

await check('a port goes out of service and back', async () => {
  await page.go(`${gateway.origin}/ports/103`);
  await page.click('button', 'Take out of service');
  await page.click('dialog[open] button', 'Cancel');
  await page.click('button', 'Take out of service');
  await page.click('dialog[open] button', 'Take out of service');
  await page.sees('out of service', '.big');
  await page.click('button', 'Put in service');
  await page.sees('idle', '.big');
});

await check('the balance of a line that is lifted is measured', async () => {
  await page.go(`${gateway.origin}/ports/104`);
  await page.click('button', 'Find the balance network');
  await page.sees('on-hook', '[role=alert]');
  await gateway.ask('phone', '104', 'off-hook');
  await page.sees('dialling', '.big');
  await page.click('button', 'Find the balance network');
  await page.sees('dB', '.table', 20000);
  await gateway.ask('phone', '104', 'on-hook');
});

await check('the line of a telephone is tested', async () => {
  await page.go(`${gateway.origin}/ports/103`);
  await page.click('button', 'Test the line');
  await page.sees('receiver on the hook', '.table', 10000);
  await page.sees('REN', '.table');
});

await check('a setting is edited, its mistake shown, its change seen, applied, rolled back', async () => {
  await page.go(`${gateway.origin}/configuration`);
  const area = '.editor textarea';
  await page.until('the file', `document.querySelector('${area}')?.value.includes('[phone.101')`);
  const was = await page.value(`document.querySelector('${area}').value`);
  await page.type(area, was.replace(/(\[phone\.101[^\n]*\n)/, '$1nmae = "x"\n'));
  await page.click('button', 'Check');
  await page.sees('Not accepted.');
  await page.until('a mark at the line', 'document.querySelector(".gutter .marked") !== null');
  await page.click('.note .link', 'Line');
  await page.sees('[phone.101', '.help h2');
  await page.click('button', 'Show what changes');
  await page.sees('nmae', '[role=alert]');
  await page.type(area, was.replace(/name = "[^"]*"/, 'name = "Front desk {number}"'));
  await page.click('button', 'Show what changes');
  await page.sees('Front desk', '.table');
  await page.picture(`${PICTURES}configuration-changes-1280.png`);
  await page.click('button', 'Apply');
  await page.sees('is in force');
  await page.click('#pages a', 'Overview');
  await page.sees('Front desk', tile('101'));
  await page.click('#pages a', 'Configuration');
  await page.click('[role=tab]', 'History');
  await page.click('td button', 'Roll back');
  await page.click('dialog[open] button', 'Roll back');
  await page.sees('is in force again');
  await page.click('#pages a', 'Overview');
  await page.sees('Phone 101', tile('101'));
});

await check('an edit of what somebody else changed meanwhile is refused, and nothing is lost', async () => {
  const area = '.editor textarea';
  const other = await chromium.open();
  other.expected.push(ABSENT, /status of 409/);
  await other.go(await gateway.invite());
  for (const one of [page, other]) {
    await one.go(`${gateway.origin}/configuration`);
    await one.until('the file', `document.querySelector('${area}')?.value.includes('[phone.101')`);
  }
  for (const [one, name] of [[page, 'First'], [other, 'Second']]) {
    const was = await one.value(`document.querySelector('${area}').value`);
    await one.type(area, was.replace(/name = "[^"]*"/, `name = "${name} {number}"`));
    await one.click('button', 'Show what changes');
    await one.sees(name, '.table');
    await one.click('button', 'Apply');
  }
  await page.sees('is in force');
  await other.sees('another one is in force since', '[role=alert]');
  same(await other.value(`document.querySelector('${area}').value.includes("Second")`), true, 'what was edited');
  await other.click('button', 'Load what is in force now');
  await other.until('the new text', `document.querySelector('${area}').value.includes("First")`);
  same(other.complaints, [], 'complaints');
  await other.close();
});

await check('a telephone is edited by its form, others by a table after a look at what changes', async () => {
  await page.go(`${gateway.origin}/forms`);
  await page.click('.choose button', '102');
  await page.sees('Telephone 102', 'form h2');
  await page.type('.card .fields label:nth-of-type(1) input', 'Kitchen');
  await page.click('button', 'Save');
  await page.sees('Saved and in force.');
  await give('input[type=file]', 'new File(["number,name\\n102,Bar\\n103,Cellar\\n"], "rooms.csv")');
  await page.click('button', 'Show what changes');
  await page.sees('phone.103.name', '.table');
  await page.click('button', 'Apply');
  await page.sees('Saved and in force.');
  await page.click('#pages a', 'Overview');
  await page.sees('Cellar', tile('103'));
});

await check('a backup is made, looked into and restored', async () => {
  await page.go(`${gateway.origin}/backup`);
  // What the page saves is kept, to be given back.
  await page.value('(() => { const made = URL.createObjectURL; URL.createObjectURL = (blob) => { window.made = blob; return made.call(URL, blob); }; })()');
  await page.type('form:nth-of-type(1) input[type=password]', 'lamo kuch 41');
  await page.click('button', 'Make and save');
  await page.sees('The backup was made.');
  await page.until('the file', 'window.made?.size > 500');
  const name = { method: 'PATCH', body: '{"name":"Attic"}' };
  await page.value(`fetch('/api/v1/session').then((answer) => answer.json()).then(({ csrf }) => fetch('/api/v1/phones-config/104', { ...${JSON.stringify(name)}, headers: { 'X-Tipring-Csrf': csrf, 'Content-Type': 'application/json' } })).then((answer) => answer.status)`);
  await give('input[type=file]', 'new File([window.made], "house.backup")');
  await page.type('form:nth-of-type(2) input[type=password]', 'lamo kuch 42');
  await page.click('button', 'Show what changes');
  await page.sees('the password is not the one', '[role=alert]');
  await page.type('form:nth-of-type(2) input[type=password]', 'lamo kuch 41');
  await page.click('button', 'Show what changes');
  await page.sees('phone.104.name', '.table');
  await page.picture(`${PICTURES}restore-1280.png`);
  await page.click('button', 'Restore');
  await page.click('dialog[open] button', 'Restore');
  await page.sees('Restored.');
  await page.click('#pages a', 'Overview');
  await page.until('the name that it had', `!document.querySelector('${tile('104').replaceAll("'", '"')}').innerText.includes('Attic')`);
});

await check('the dial plan is asked digit by digit', async () => {
  await page.go(`${gateway.origin}/explain`);
  for (const digit of '102') await page.click('.pad button', digit);
  await page.sees('goes to phone 102', '.ladder');
  same(await page.value('[...document.querySelectorAll(".digit")].map((one) => one.innerText).join("")'), '102', 'digits');
});

await check('a tone of a country is played', async () => {
  await page.go(`${gateway.origin}/countries`);
  await page.click('.choose a', 'Germany');
  await page.click('.tone button', 'Play');
  await page.sees('Stop', '.tone');
  await page.click('.tone button', 'Stop');
  await page.sees('Source:');
});

await check('records are searched, and given as CSV', async () => {
  await page.go(`${gateway.origin}/records`);
  await page.sees('102', '.table');
  await page.type('input[type=search]', 'nobody at all');
  await page.press('Enter', 'Enter', 13);
  await page.sees('No calls.');
  await page.type('input[type=search]', '102');
  await page.press('Enter', 'Enter', 13);
  await page.sees('normal clearing', '.table');
  const csv = await page.value('fetch("/api/v1/records.csv").then((answer) => answer.text())');
  if (!/^call,/.test(csv)) throw new Error(csv);
});

await check('each page by keyboard and screen reader, wide and narrow, light and dark', async () => {
  await page.go(gateway.origin);
  await page.press('Tab', 'Tab', 9);
  await page.sees('Skip to the page', ':focus');
  await page.press('Enter', 'Enter', 13);
  same(await page.value('location.hash'), '#main', 'where the skip link goes');
  await page.until('the pages', 'document.querySelectorAll("#pages a").length >= 4');
  const paths = [...await nav(), '/ports/101', '/ports/line-1', '/countries/de', '/nowhere'];
  for (const path of paths) {
    const name = path === '/' ? 'overview' : path.slice(1).replaceAll('/', '-');
    await page.size(1280, 800);
    await page.go(gateway.origin + path);
    await page.until(`a title on ${path}`, 'document.querySelector("h1")?.innerText');
    await page.until(`what ${path} loads`, '!document.querySelector("main").innerText.includes("Loading…")');
    await page.picture(`${PICTURES}${name}-1280.png`);
    same(await page.nameless(), [], `without a name on ${path}`);
    same(await page.value('[...document.querySelectorAll("main, nav, h1")].map((one) => one.tagName).sort().join()'), 'H1,MAIN,NAV', `landmarks on ${path}`);
    await page.size(390, 844);
    await page.picture(`${PICTURES}${name}-390.png`);
    same(await page.nameless(), [], `without a name on ${path}, narrow`);
    await page.size(360, 800);
    if (await page.overflow() > 0) throw new Error(`${path} is ${await page.overflow()} px too wide at 360`);
  }
  await page.size(1280, 800);
  await page.dark(true);
  await page.go(gateway.origin);
  await page.sees('Phone', '.panel').catch(() => page.sees('First', '.panel'));
  await page.picture(`${PICTURES}overview-dark-1280.png`);
  await page.dark(false);
  return `${paths.length} pages`;
});

await telephones(check, chromium, gateway, PICTURES);

await check('who comes first to a gateway of the network chooses name and password, by HTTPS', async () => {
  const there = await Gateway.network();
  const first = await chromium.open();
  try {
    first.expected.push(/status of 40[145]/);
    await first.send('Security.setIgnoreCertificateErrors', { ignore: true });
    await first.go(there.origin);
    await first.sees('Log in');
    await first.send('Page.navigate', { url: there.address });
    await first.sees('Your first user');
    same(await first.nameless(), [], 'without a name');
    await first.picture(`${PICTURES}first-1280.png`);
    await first.size(360, 800);
    if (await first.overflow() > 0) throw new Error('too wide at 360');
    await first.picture(`${PICTURES}first-360.png`);
    await first.size(1280, 800);
    await first.type('input[autocomplete="username"]', 'ann');
    await first.type('label:nth-of-type(2) input', 'correct horse');
    await first.type('label:nth-of-type(3) input', 'correct hors');
    await first.sees('are not the same');
    await first.type('label:nth-of-type(3) input', 'correct horse');
    await first.click('button', 'Begin');
    await first.sees('101', tile('101'));
    await first.click('.person button', 'Log out');
    await first.sees('Log in');
    await first.type('input[autocomplete="username"]', 'ann');
    await first.type('input[type="password"]', 'wrong horse');
    await first.click('button', 'Log in');
    await first.sees('The user or the password is wrong');
    await first.type('input[type="password"]', 'correct horse');
    await first.click('button', 'Log in');
    await first.sees('101', tile('101'));
    same(first.complaints, [], 'complaints');
  } finally {
    await first.close();
    await there.stop();
  }
});

await check('no request left the box, no page complained', async () => {
  const strange = page.requests.filter((url) => !url.startsWith(gateway.origin) && !/^(data|blob|about):/.test(url));
  same(strange, [], 'requests elsewhere');
  same(page.complaints, [], 'complaints');
});

await check('a page says that its gateway is gone, and when a session is over', async () => {
  page.expected.push(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 401/);
  await page.go(gateway.origin);
  await page.sees('idle', tile('103'));
  await page.click('.person button', 'Log out');
  await page.sees('Password');
  // In a tab where the door stands open already.
  await page.send('Page.navigate', { url: await gateway.invite() });
  await page.sees('idle', tile('103'));
  same(await page.value('location.href'), `${gateway.origin}/`, 'the address bar');
  await gateway.stop();
  await page.sees('does not answer', '[role=status]');
});

await check('500 ports at two updates a second are cheap to look at', () => cost(chromium, PICTURES));
await gateway.stop();
await chromium.stop();
console.log(failed ? `${failed} failed` : `all passed; pictures in ${PICTURES}`);
process.exit(failed ? 1 : 0);
