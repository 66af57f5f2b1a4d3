import { main } from './program.js';

const { stdout, stderr } = process;

/** Bars hide the cursor: however the process ends, it comes back. */
const showCursor = () => {
  if (stdout.isTTY) stdout.write('\x1b[?25h');
};
process.on('exit', showCursor);
process.on('SIGINT', () => {
  showCursor();
  // A command that stops in its own time has a listener of its own.
  if (process.listenerCount('SIGINT') === 1) process.exit(130);
});

/** Results that could not be written are a failure; a reader that has seen enough (`| head`) is none. */
let lost: Error | undefined;
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lost ??= error;
});
stderr.on('error', () => {});

const code = await main(process.argv.slice(2), process);
// Plugins may hold timers and sockets, which nobody waits for; what was written is waited for.
stdout.write('', () =>
  setImmediate(() => {
    if (lost) stderr.write(`tfjs-sam: the output could not be written: ${lost.message}\n`);
    stderr.write('', () => process.exit(lost ? code || 1 : code));
  }),
);
