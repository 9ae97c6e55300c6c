// The program itself: started, asked by its own command line, stopped.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = process.env.TIPRING || new URL('../../target/debug/tipring', import.meta.url).pathname;

export class Gateway {
  static demo() {
    const dir = mkdtempSync(join(tmpdir(), 'tipring-demo-'));
    return Gateway.start(dir, ['demo', '--sip', '127.0.0.1:0', '--web', '127.0.0.1:0']);
  }

  /** A gateway of two telephones that others reach, by HTTPS; its address is that of the loopback. */
  static async network() {
    const dir = mkdtempSync(join(tmpdir(), 'tipring-network-'));
    const file = join(dir, 'tipring.toml');
    writeFileSync(file, 'country = "us"\nlisten = "127.0.0.1:0"\nmedia = "29400-29449"\n[phone.101-102]\nport = "sim/1-2"\n[web]\nlisten = "0.0.0.0:0"\n');
    const gateway = await Gateway.start(dir, ['run', '--config', file]);
    const here = (address) => { const url = new URL(address); url.hostname = '127.0.0.1'; return url; };
    gateway.address = here(gateway.address).href;
    gateway.origin = here(gateway.address).origin;
    return gateway;
  }

  static async start(dir, args) {
    const child = spawn(PROGRAM, ['--dir', dir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gateway = new Gateway(dir, child);
    let said = '';
    gateway.address = await new Promise((done, fail) => {
      child.on('error', fail);
      child.on('exit', (code) => fail(new Error(`${PROGRAM} ended with ${code}: ${said}`)));
      child.stdout.on('data', (data) => {
        said += data;
        const found = /(https?:\S+#key=\w+)/.exec(said);
        if (found) done(found[1]);
      });
    });
    gateway.origin = new URL(gateway.address).origin;
    return gateway;
  }

  constructor(dir, child) {
    this.dir = dir;
    this.child = child;
  }

  /** A command to it: its lines. */
  ask(...args) {
    return new Promise((done, fail) => {
      execFile(PROGRAM, ['--dir', this.dir, ...args], (why, out, err) => {
        if (why) fail(new Error(`tipring ${args.join(' ')}: ${err || out}`));
        else done(out);
      });
    });
  }

  /** Another address with a key. */
  async invite() {
    return /(http:\S+#key=\w+)/.exec(await this.ask('web'))[1];
  }

  /** Whether its API has a resource. */
  async has(page, path) {
    return page.value(`fetch('/api/v1${path}', { method: 'HEAD' }).then((answer) => answer.status !== 404)`);
  }

  async stop() {
    if (this.child.exitCode === null) {
      const ended = new Promise((done) => { this.child.once('exit', done); });
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
