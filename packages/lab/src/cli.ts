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

const code = await main(process.argv.slice(2), process);
// Plugins may hold timers and sockets, which nobody waits for; what was written is waited for.
stdout.write('', () => stderr.write('', () => process.exit(code)));
