// The telephones in the browser: from start to dial tone in one click, a call between two of them, a connection that drops in
// mid-call, and the exchange. What is heard is measured in the audio worklet.

const box = (number) => `document.querySelector('[aria-label="Telephone ${number}"]')`;
const click = (page, expression) => page.send('Runtime.evaluate', { expression: `${expression}.click()`, userGesture: true });
const button = (number, name) => `[...${box(number)}.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') || one.textContent) === ${JSON.stringify(name)})`;
const hears = (number, peaks) => `(() => {
  const heard = (${box(number)}.dataset.hertz || '').split(' ').map(Number);
  const wanted = ${JSON.stringify(peaks)};
  return heard.length === wanted.length && wanted.every((hertz, at) => Math.abs(hertz - heard[at]) <= 10);
})()`;

/** `check(name, act)` runs and prints each; pictures go to the directory `pictures`. */
export async function telephones(check, chromium, gateway, pictures) {
  const page = await chromium.open();
  page.expected.push(/status of 40[14]/);
  await check('from the printed address to dial tone in one click', async () => {
    // That of the first check is used up; this one is like it.
    await page.go((await gateway.invite()).replace('/#', '/telephones#'));
    await page.until('the telephone', `${box('101')}?.dataset.hook === 'on'`);
    const begun = Date.now();
    await click(page, button('101', 'Lift the receiver'));
    await page.until('350 and 440 Hz in the worklet', hears('101', [350, 440]));
    return `${Date.now() - begun} ms, ${await page.value(`${box('101')}.dataset.level`)} dBm0`;
  });
  await check('two telephones in the page talk', async () => {
    for (const digit of ['1', '0', '2']) await click(page, button('101', digit));
    await page.until('ringing', `${box('102')}.classList.contains('rings')`);
    await page.until('who calls', `${box('102')}.querySelector('.display').textContent.includes('101')`);
    await page.picture(`${pictures}telephones-1280.png`);
    await click(page, button('102', 'Answer'));
    await page.until('off-hook', `${box('102')}.dataset.hook === 'off'`);
    await click(page, button('101', 'Test tone'));
    await page.until('1004 Hz at the other end', hears('102', [1005]));
  });
  await check('a connection that drops in mid-call comes back to it', async () => {
    await page.value(`${box('102')}.telephone.line.break()`);
    await page.until('it is gone', `${box('102')}.classList.contains('lost')`);
    await page.until('it is back', `!${box('102')}.classList.contains('lost') && ${box('102')}.dataset.hook === 'off'`);
    await page.until('the tone again', hears('102', [1005]));
    for (const number of ['101', '102']) await click(page, button(number, 'Hang up'));
    await page.until('on-hook', `${box('101')}.dataset.hook === 'on' && ${box('102')}.dataset.hook === 'on'`);
  });
  await check('the exchange calls in and its line is cut', async () => {
    await page.go(`${gateway.origin}/exchange`);
    const call = `[...document.querySelectorAll('.exchange button')].find((one) => one.textContent === 'Call in')`;
    await page.until('the exchange', `${call} !== undefined`);
    await click(page, call);
    await page.until('it calls', `document.querySelector('.exchange fieldset output').value.startsWith('calls the line')`);
    await page.picture(`${pictures}exchange-1280.png`);
    await click(page, `[...document.querySelectorAll('.exchange label')].find((one) => one.textContent === 'cut').querySelector('input')`);
    await page.until('it is cut', `document.querySelector('.exchange > output').value.startsWith('cut')`);
    await page.until('no voltage', `/^-?0\\.\\d V/.test(document.querySelector('.scope-told').value)`);
    if (page.complaints.length) throw new Error(page.complaints.join('\n'));
  });
  await page.size(390, 844);
  await check('a telephone at the width of a telephone', async () => {
    await page.go(`${gateway.origin}/telephones/103`);
    await page.until('the telephone', `${box('103')}?.dataset.hook === 'on'`);
    const wide = await page.value('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    if (wide > 0) throw new Error(`${wide} px too wide`);
    await page.picture(`${pictures}telephone-390.png`);
  });
  await page.close();
}
