import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@tfjs-sam/testing/browser';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const site = fileURLToPath(new URL('../.vitepress/dist', import.meta.url));
/** Where the site lies on its server: what it was built for. */
const base = process.env.DOCS_BASE ?? '/';
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};
const built = existsSync(join(site, 'playground', 'index.html'));
const why = !chromium ? 'no Chromium' : 'npm run docs first: there is no site';

describe.skipIf(!chromium || !built)(
  `the site in Chromium${chromium && built ? '' : ` (skipped: ${why})`}`,
  () => {
    let [server, browser]: [Server, Browser] = [] as never;
    let url = '';
    const problems: string[] = [];

    beforeAll(async () => {
      server = createServer(({ url: path = '/' }, response) => {
        // Browsers ask for it where a page names no icon.
        if (path === '/favicon.ico') return void response.writeHead(204).end();
        const inside = `/${decodeURIComponent(path.split('?')[0]!).slice(base.length)}`;
        const file = join(site, inside.replace(/\/$/, '/index.html'));
        if (!path.startsWith(base) || !file.startsWith(site) || !existsSync(file) || !statSync(file).isFile())
          response.writeHead(404).end();
        else
          response
            .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
            .end(readFileSync(file));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${base.replace(/\/$/, '')}`;
      browser = await puppeteer.launch({
        executablePath: chromium!,
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      });
    });
    afterAll(async () => {
      await browser?.close();
      server?.close();
    });

    async function open(path: string, width = 1280, reducedMotion = false): Promise<Page> {
      const page = await browser.newPage();
      if (reducedMotion)
        await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
      await page.setViewport({ width, height: 900 });
      page.on(
        'console',
        (message) => message.type() === 'error' && problems.push(`${path}: ${message.text()}`),
      );
      page.on('pageerror', (error) => problems.push(`${path}: ${String(error)}`));
      page.on('requestfailed', (request) => problems.push(`${path}: ${request.url()} failed`));
      await page.goto(url + path, { waitUntil: 'load' });
      return page;
    }
    const results = (page: Page) =>
      page.$$eval('.results li', (items) => items.map((item) => item.textContent ?? ''));
    const walked = (page: Page) =>
      page.waitForFunction(
        () =>
          Array.from(document.querySelectorAll('.results li')).every((item) =>
            /loss/.test(item.textContent ?? ''),
          ),
        { timeout: 120_000 },
      );

    it('walks on a surface: walks move, and a slider, the keyboard and a formula act', async () => {
      const page = await open('/playground/');
      await walked(page);
      const early = await results(page);
      expect(early).toHaveLength(3);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const late = await results(page);
      expect(late).not.toEqual(early);
      const set = (selector: string, value: string) =>
        page.$eval(
          selector,
          (element, to) => {
            (element as HTMLInputElement).value = to;
            element.dispatchEvent(new Event('input', { bubbles: true }));
          },
          value,
        );
      await set('input[aria-label="radius rho"]', '0.6');
      await page.waitForFunction(() => location.search.includes('rho=0.6'), { timeout: 20_000 });
      await page.focus('canvas');
      const before = new URL(page.url()).searchParams.get('x');
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(
        (old) => new URLSearchParams(location.search).get('x') !== old,
        { timeout: 20_000 },
        before,
      );
      await set('.playground input[type="text"]', 'x^2 + alert(1)');
      await page.waitForSelector('.failure', { timeout: 20_000 });
      expect(await page.$eval('.failure', (element) => element.textContent)).toContain('expected one of');
      await set('.playground input[type="text"]', 'x^2 + 3 * y^2');
      await page.waitForFunction(() => !document.querySelector('.failure'), { timeout: 20_000 });
      await walked(page);
      await page.close();
      expect(problems).toEqual([]);
    });

    it('shows whole walks at once to those who want no motion', async () => {
      const page = await open('/playground/', 1280, true);
      await walked(page);
      const shown = () =>
        page.$eval('input[aria-label="step"]', (slider) => {
          const { value, max } = slider as HTMLInputElement;
          return Number(value) / Number(max);
        });
      expect(await shown()).toBe(1);
      await page.$eval('input[aria-label="radius rho"]', (slider) => {
        (slider as HTMLInputElement).value = '0.6';
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      });
      await page.waitForFunction(() => location.search.includes('rho=0.6'), { timeout: 20_000 });
      expect(await shown()).toBe(1);
      await page.close();
    });

    it('finds pages by the local search, by keyboard alone', async () => {
      const page = await open('/guide/quick-start.html');
      // The page hears keys once Vue has taken it over.
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!, { timeout: 20_000 });
      await page.waitForSelector('.DocSearch-Button', { timeout: 20_000 });
      await page.keyboard.down('Control');
      await page.keyboard.press('KeyK');
      await page.keyboard.up('Control');
      await page.waitForSelector('#localsearch-input', { timeout: 20_000 });
      await page.type('#localsearch-input', 'fisher');
      await page.waitForSelector('.VPLocalSearchBox a.result', { timeout: 20_000 });
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => !location.pathname.includes('quick-start'), { timeout: 20_000 });
      expect((await page.$eval('main', (main) => main.textContent ?? '')).toLowerCase()).toContain('fisher');
      await page.close();
      expect(problems).toEqual([]);
    });

    it('trains the digits side by side, and the page goes on drawing meanwhile', async () => {
      const page = await open('/playground/', 390);
      await page.waitForFunction(
        () => document.querySelectorAll('select[aria-label="second optimizer"] option').length > 5,
        { timeout: 120_000 },
      );
      const frames = () =>
        page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              let count = 0;
              const end = performance.now() + 2_000;
              const next = () => {
                count += 1;
                if (performance.now() < end) requestAnimationFrame(next);
                else resolve(count / 2);
              };
              requestAnimationFrame(next);
            }),
        );
      const atRest = await frames();
      await page.$eval('button[type="submit"]', (button) => (button as HTMLButtonElement).click());
      const training = await frames();
      console.log(`playground: ${atRest} frames a second at rest, ${training} while two networks train`);
      // A training in the page itself would leave a frame between two epochs.
      expect(training).toBeGreaterThan(10);
      await page.waitForFunction(
        () =>
          (document.querySelector('polyline.side-1')?.getAttribute('points') ?? '').split(' ').length >= 3,
        { timeout: 240_000 },
      );
      // A phone's page does not scroll sideways.
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      await page.close();
      expect(problems).toEqual([]);
    });

    it.each(['/', '/guide/quick-start.html', '/variants/', '/guide/metrics.html', '/api/index.html'])(
      '%s opens without an error',
      async (path) => {
        const page = await open(path);
        expect(await page.title()).not.toBe('');
        await page.close();
        expect(problems).toEqual([]);
      },
    );
  },
);
