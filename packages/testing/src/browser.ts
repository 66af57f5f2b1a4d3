/**
 * Runs a page in a real Chromium. An entry point of its own: it loads vite, and no TensorFlow.js.
 *
 * @packageDocumentation
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'vite';

/** Where Chromium is: CHROMIUM, or where Debian and Google put it. Undefined where there is none: skip, and say so. */
export const chromium: string | undefined = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));

/** A page in Chromium, with a fresh profile that all its loads share. */
export interface BrowserPage {
  /**
   * Loads the page anew with a query ('?part=2') and waits for what it posts to `/answer`, as JSON. From the second
   * time on the page itself goes there, so that the browser keeps what it has stored.
   */
  visit(query?: string): Promise<unknown>;
  /** Ends the browser and removes its profile. */
  close(): Promise<void>;
}

/** The names that the browser builds of TensorFlow.js give themselves. */
const globals = {
  '@tensorflow/tfjs': 'tf',
  '@tensorflow/tfjs-core': 'tf',
  '@tensorflow/tfjs-backend-wasm': 'tf.wasm',
};
/** Those builds, then the page's own code. The same runs in a worker that the page starts from `/worker.js`. */
const scripts = ['tf.min.js', 'tf-backend-wasm.min.js', 'page.js'];
const pages: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/': ['text/html', `<!doctype html>${scripts.map((name) => `<script src="/${name}"></script>`).join('')}`],
  '/worker.js': ['text/javascript', `importScripts(${scripts.map((name) => `'/${name}'`).join()})`],
};

/**
 * Bundles a module for the browser, serves it beside TensorFlow.js's own browser builds, and loads it in Chromium.
 *
 * @param entry - File of the module. It posts its answer to `/answer`; where the reply has a text, it goes there.
 */
export async function openInChromium(entry: string): Promise<BrowserPage> {
  if (chromium === undefined) throw new Error('openInChromium: expected Chromium, got none. Set CHROMIUM.');
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  await bundle(entry, folder);
  const server = await serve(folder);
  let browser: ChildProcess | undefined;
  return {
    visit: (query = '') => {
      const answer = server.answer();
      if (browser === undefined) browser = start(profile, `${server.url}${query}`);
      else server.send(`/${query}`);
      return answer;
    },
    close: async () => {
      if (browser) await stop(browser);
      server.close();
      for (const path of [folder, profile])
        rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function bundle(entry: string, outDir: string): Promise<unknown> {
  return build({
    configFile: false,
    logLevel: 'error',
    root: dirname(entry),
    resolve: { conditions: ['@tfjs-sam/source', 'browser', 'import', 'module', 'default'] },
    build: {
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { external: Object.keys(globals), output: { globals } },
      lib: { entry, formats: ['iife'], name: 'page', fileName: () => 'page.js' },
    },
  });
}

function start(profile: string, url: string): ChildProcess {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  // A group of its own: Chromium is a family of processes, which all end together.
  return spawn(chromium!, [...flags, `--user-data-dir=${profile}`, url], { stdio: 'ignore', detached: true });
}

async function stop(browser: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => browser.once('close', resolve));
  if (browser.exitCode === null && browser.signalCode === null) {
    browser.kill();
    await closed;
  }
  try {
    // Processes that outlive the first would write to the profile while it is removed.
    process.kill(-browser.pid!, 'SIGKILL');
  } catch {}
}

interface PageServer {
  readonly url: string;
  /** The next answer that the page posts. */
  answer(): Promise<unknown>;
  /** Sends the page on, which waits for the reply to its last answer. */
  send(path: string): void;
  close(): void;
}

/** Serves the page, its scripts and TensorFlow.js's binaries. */
function serve(folder: string): Promise<PageServer> {
  const require = createRequire(import.meta.url);
  const packages = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];
  const folders = [folder, ...packages.map((name) => dirname(require.resolve(name)))];
  let received: (answer: unknown) => void = () => {};
  let waiting: ServerResponse | undefined;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    const page = pages[pathname];
    const file = folders.map((from) => join(from, pathname)).find((candidate) => existsSync(candidate));
    if (pathname === '/answer') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      waiting = response;
      received(JSON.parse(Buffer.concat(chunks).toString()));
    } else if (page) response.setHeader('content-type', page[0]).end(page[1]);
    else if (file) {
      const type = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      response.setHeader('content-type', type).end(readFileSync(file));
    } else response.writeHead(404).end();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}/`,
        answer: () =>
          new Promise((answered) => {
            received = answered;
          }),
        send: (path) => waiting?.end(path),
        close: () => {
          waiting?.end();
          server.close();
        },
      });
    });
  });
}
