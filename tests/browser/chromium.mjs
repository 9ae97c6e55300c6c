// Drives Debian's Chromium over a pipe: the DevTools protocol as JSON with a zero byte behind each message.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 20000;

/** Waits until `ask` gives something; `what` is told when it never does. */
export async function until(what, ask, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s in vain: ${what}`);
    await new Promise((done) => { setTimeout(done, 40); });
  }
}

export class Chromium {
  static async start() {
    const home = mkdtempSync(join(tmpdir(), 'tipring-browser-'));
    const flags = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${home}`, '--no-first-run', '--disable-gpu', '--mute-audio',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions', '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream', '--force-color-profile=srgb', '--lang=en', '--disable-dev-shm-usage'];
    // Its sandbox refuses to run for root, as in a container.
    if (process.getuid() === 0) flags.push('--no-sandbox');
    const child = spawn('chromium', [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const chromium = new Chromium(child, home);
    await chromium.send('Browser.getVersion');
    return chromium;
  }

  constructor(child, home) {
    this.child = child;
    this.home = home;
    this.asked = new Map();
    this.sessions = new Map();
    this.next = 1;
    let rest = Buffer.alloc(0);
    child.stdio[4].on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.take(JSON.parse(rest.subarray(0, end).toString()));
        rest = rest.subarray(end + 1);
      }
    });
    child.on('exit', () => this.asked.forEach(({ fail }) => fail(new Error('Chromium ended'))));
  }

  take(message) {
    if (message.id) {
      const asked = this.asked.get(message.id);
      this.asked.delete(message.id);
      if (message.error) asked?.fail(new Error(`${asked.method}: ${message.error.message}`));
      else asked?.done(message.result);
    } else this.sessions.get(message.sessionId)?.event(message.method, message.params);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.next;
    this.next += 1;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, fail) => { this.asked.set(id, { done, fail, method }); });
  }

  /** A page in a browser profile of its own: it has no cookie of another one. */
  async open(width = 1280, height = 800) {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId, browserContextId);
    this.sessions.set(sessionId, page);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'Performance', 'Accessibility']) await page.send(`${domain}.enable`);
    await page.size(width, height);
    return page;
  }

  async stop() {
    const ended = new Promise((done) => { this.child.once('exit', done); });
    await this.send('Browser.close').catch(() => this.child.kill());
    await ended;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(chromium, session, context) {
    this.chromium = chromium;
    this.session = session;
    this.context = context;
    /** What the console complained of. */
    this.complaints = [];
    this.requests = [];
    /** Complaints that a check expects, as patterns. */
    this.expected = [];
  }

  event(method, params) {
    const complain = (text) => { if (!this.expected.some((pattern) => pattern.test(text))) this.complaints.push(text); };
    if (method === 'Runtime.exceptionThrown') {
      const { exception, text } = params.exceptionDetails;
      complain(`${text} ${exception?.description || exception?.value || ''}`);
    } else if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
      complain(params.args.map((arg) => arg.value ?? arg.description).join(' '));
    } else if (method === 'Log.entryAdded' && params.entry.level === 'error') {
      complain(`${params.entry.text} ${params.entry.url || ''}`);
    } else if (method === 'Page.javascriptDialogOpening') {
      // A page with unsaved text asks before it is left.
      this.send('Page.handleJavaScriptDialog', { accept: true });
    } else if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
  }

  send(method, params) {
    return this.chromium.send(method, params, this.session);
  }

  size(width, height) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }

  dark(is) {
    return this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: is ? 'dark' : 'light' }] });
  }

  async go(url) {
    await this.send('Page.navigate', { url });
    await this.until('the page is loaded', 'document.readyState === "complete" && document.querySelector("main") !== null');
  }

  /** The value of an expression in the page; promises are awaited. */
  async value(expression) {
    const answer = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (answer.exceptionDetails) throw new Error(`${expression}: ${answer.exceptionDetails.exception?.description}`);
    return answer.result.value;
  }

  until(what, expression, patience) {
    return until(what, () => this.value(expression).catch(() => false), patience);
  }

  text(selector = 'body') {
    return this.value(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.innerText).join("\\n")`);
  }

  sees(words, selector = 'body', patience = PATIENCE_MS) {
    return until(`"${words}" in ${selector}`, async () => (await this.text(selector)).includes(words), patience)
      .catch(async (why) => { throw new Error(`${why.message}; there is: ${(await this.text(selector)).slice(0, 400)}`); });
  }

  /** Clicks with the mouse on the first that fits: a selector, and words in it. */
  async click(selector, words = '') {
    const find = `[...document.querySelectorAll(${JSON.stringify(selector)})].find((one) => one.innerText.includes(${JSON.stringify(words)}) && one.getClientRects().length)`;
    await this.until(`something to click: ${selector} ${words}`, `!!(${find}) && !${find}.disabled`);
    // Where it stands still, and nothing lies on it.
    const place = await until(`${selector} ${words} stands still`, () => this.value(`(async () => {
      const one = ${find};
      if (!one) return null;
      const frame = () => new Promise((done) => { requestAnimationFrame(done); });
      one.scrollIntoView({ block: 'center', behavior: 'instant' });
      await frame();
      const was = one.getBoundingClientRect();
      await frame();
      const { x, y, width, height } = one.getBoundingClientRect();
      const middle = { x: x + width / 2, y: y + height / 2 };
      const hit = document.elementFromPoint(middle.x, middle.y);
      return was.x === x && was.y === y && hit && (one.contains(hit) || hit.contains(one)) ? middle : null;
    })()`));
    for (const type of ['mousePressed', 'mouseReleased']) await this.send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
  }

  async press(key, code = key, number = 0, modifiers = 0) {
    const text = key === 'Enter' ? '\r' : undefined;
    for (const type of [text ? 'keyDown' : 'rawKeyDown', 'keyUp']) {
      await this.send('Input.dispatchKeyEvent', { type, key, code, windowsVirtualKeyCode: number, text: type === 'keyUp' ? undefined : text, modifiers });
    }
  }

  async type(selector, words) {
    await this.until(`a field ${selector}`, `!!document.querySelector(${JSON.stringify(selector)})`);
    await this.value(`(() => { const one = document.querySelector(${JSON.stringify(selector)}); one.focus(); one.select?.(); })()`);
    await this.send('Input.insertText', { text: words });
  }

  async picture(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: false });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  /** Everything that a screen reader can act on, and has no name. */
  async nameless() {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    const acts = new Set(['button', 'link', 'textbox', 'searchbox', 'combobox', 'checkbox', 'tab', 'spinbutton', 'slider']);
    return nodes.filter((node) => !node.ignored && acts.has(node.role?.value) && !node.name?.value?.trim()).map((node) => node.role.value);
  }

  /** By how much the page is wider than its window. */
  overflow() {
    return this.value('document.documentElement.scrollWidth - innerWidth');
  }

  async metrics() {
    const { metrics } = await this.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  close() {
    return this.chromium.send('Target.disposeBrowserContext', { browserContextId: this.context });
  }
}
