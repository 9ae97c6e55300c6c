// What a big house costs the browser that looks at it.
import { house } from './large.mjs';

const PORTS = 496;
const SECONDS = 10;
// Without a graphics card, beside whatever else the machine does; about half of it is drawing.
const MOST = 0.15;

/** Seconds of processor time so far: of the processes of pages, and of the one that draws. */
async function used(chromium) {
  const { processInfo } = await chromium.send('SystemInfo.getProcessInfo');
  const of = (type) => processInfo.filter((one) => one.type === type).reduce((sum, one) => sum + one.cpuTime, 0);
  return { renderer: of('renderer'), gpu: of('GPU') };
}

/** Looks at a big house for a while; the share of a core that its page takes. */
export async function cost(chromium, pictures) {
  const large = await house(PORTS);
  const page = await chromium.open();
  page.expected.push(/status of 404/);
  try {
    await page.go(large.address);
    await page.sees('500 ports');
    await page.until('a second picture', 'performance.now() > 3000');
    await page.picture(`${pictures}overview-500-1280.png`);
    const before = await used(chromium);
    const drawn = await page.metrics();
    await page.value(`new Promise((done) => { setTimeout(done, ${SECONDS * 1000}); })`);
    const after = await used(chromium);
    const now = await page.metrics();
    if (page.complaints.length) throw new Error(page.complaints.join('\n'));
    const percent = (share) => `${(share * 100).toFixed(1)} %`;
    const part = (name) => percent((now[name] - drawn[name]) / SECONDS);
    const share = (after.renderer - before.renderer) / SECONDS;
    const told = `the page's process ${percent(share)} (scripts ${part('ScriptDuration')}, styles ${part('RecalcStyleDuration')}, layout ${part('LayoutDuration')}; drawing without a graphics card beside it ${percent((after.gpu - before.gpu) / SECONDS)})`;
    if (share > MOST) throw new Error(`it costs ${told}`);
    for (const [path, name] of [['/calls', 'calls-500'], ['/servers', 'servers-500']]) {
      await page.go(large.address + path);
      await page.sees('pbx');
      if (path === '/calls') await page.until('a plot', 'document.querySelector(".plot") !== null');
      for (const width of [1280, 390]) {
        await page.size(width, 844);
        await page.picture(`${pictures}${name}-${width}.png`);
      }
    }
    return told;
  } finally {
    await page.close();
    await large.stop();
  }
}
