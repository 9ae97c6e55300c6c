// What the files of the pages say without being run: words, addresses, sizes.
import { readFileSync, readdirSync } from 'node:fs';

const PAGES = new URL('../../crates/manage/pages/', import.meta.url).pathname;
const MAX_LINES = 400;

export function sources() {
  const files = readdirSync(PAGES, { recursive: true }).filter((name) => /\.(js|css|html)$/.test(name) && !name.startsWith('vendor/'));
  const text = (name) => readFileSync(PAGES + name, 'utf8');
  const defined = new Set([...text('texts.js').matchAll(/^ {2}'?([\w.-]+)'?: /gm)].map((match) => match[1]));
  const used = new Set();
  const begun = [];
  const problems = [];
  for (const name of files) {
    const body = text(name);
    if (name !== 'texts.js' && body.split('\n').length > MAX_LINES) problems.push(`${name} has more than ${MAX_LINES} lines`);
    for (const [, address] of body.matchAll(/["'`(](https?:\/\/[^"'`)\s]+)/g)) problems.push(`${name} names ${address}`);
    for (const [whole] of body.matchAll(/\sstyle=|innerHTML|\beval\(|<script>/g)) problems.push(`${name} has ${whole.trim()}, which the content policy refuses`);
    for (const [, key] of body.matchAll(/(?:\bt\(|word: )'([\w.-]+)'/g)) used.add(key);
    for (const [, start] of body.matchAll(/[`]((?:[\w-]+\.)+)\$\{/g)) begun.push(start);
  }
  for (const key of used) if (!defined.has(key)) problems.push(`texts.js has no ${key}`);
  for (const key of defined) if (!used.has(key) && !begun.some((start) => key.startsWith(start))) problems.push(`texts.js has ${key}, which nothing uses`);
  if (problems.length) throw new Error(problems.join('\n      '));
  return `${files.length} files, ${defined.size} words`;
}
