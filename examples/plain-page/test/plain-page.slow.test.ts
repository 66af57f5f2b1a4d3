import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@tfjs-sam/testing/browser';
import { afterAll, expect, it } from 'vitest';
import { bundlePage } from '../../../scripts/bundle-page.mjs';

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'plain-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

const CDN = 'https://cdn.jsdelivr.net/npm';
const html = readFileSync(fileURLToPath(new URL('../index.html', import.meta.url)), 'utf8');
/** Posts what the page shows in the end, or the first error. */
const reporter = `<script type="module">
  const post = (body) => fetch('/answer', { method: 'POST', body });
  window.addEventListener('error', ({ message }) => post('error: ' + message));
  window.addEventListener('unhandledrejection', ({ reason }) => post('error: ' + reason));
  const timer = setInterval(() => {
    const { value } = document.querySelector('output');
    if (value !== '') post(value).then(() => clearInterval(timer));
  }, 100);
</script>`;

/** Files that the page's addresses stand for. */
function fileOf(pathname: string, bundle: string): string {
  if (pathname === '/npm/tfjs-sam@0.1.0/dist/page.js') return bundle;
  const [, name, rest] = /^\/npm\/(@tensorflow\/[^@]+)@4\.22\.0\/dist\/(.*)$/.exec(pathname) ?? [];
  if (name === undefined) throw new Error(`expected an address of the import map, got ${pathname}`);
  return join(dirname(require.resolve(`${name}/package.json`)), 'dist', rest!);
}

const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

it.skipIf(!chromium)('trains in Chromium from an import map and two files', async () => {
  const bundle = join(folder, 'page.js');
  await bundlePage(bundle);
  let answered: (text: string) => void = () => {};
  const answer = new Promise<string>((resolve) => {
    answered = resolve;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    if (pathname === '/answer') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      answered(Buffer.concat(chunks).toString());
      response.end();
    } else if (pathname === '/') {
      response.setHeader('content-type', 'text/html').end(html.replaceAll(CDN, '/npm') + reporter);
    } else if (pathname.startsWith('/npm/')) {
      const type = types[extname(pathname)] ?? 'application/octet-stream';
      response.setHeader('content-type', type).end(readFileSync(fileOf(pathname, bundle)));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  const browser = spawn(
    chromium!,
    [...flags, `--user-data-dir=${join(folder, 'profile')}`, `http://127.0.0.1:${port}/`],
    {
      stdio: 'ignore',
      detached: true,
    },
  );
  try {
    const [, backend, right] = /^(\w+): ([\d.]+) % of the points are right$/.exec(await answer) ?? [
      '',
      await answer,
      '0',
    ];
    expect(backend).toBe('wasm');
    expect(Number(right)).toBeGreaterThan(90);
  } finally {
    process.kill(-browser.pid!, 'SIGKILL');
    server.close();
  }
});
