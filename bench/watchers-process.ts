import { once } from 'node:events';
import { openConnection, requestOf } from './raw-connection.ts';
import type { Access } from './served-cluster.ts';

/** The process of a client that watches all Pods on several connections and counts the lines; see the row `watch-fan-out`. */
const [{ access, watchers }] = (await once(process, 'message')) as [
  { readonly access: Access; readonly watchers: number },
];
let lines = 0;
let waitedFor: number | undefined;
process.once('disconnect', () => process.exit(1));
process.on('message', ({ until }: { readonly until: number }) => {
  waitedFor = until;
  report();
});
for (let index = 0; index < watchers; index++) {
  const { socket } = await openConnection(access);
  socket.write(requestOf('GET', '/api/v1/pods?watch=1'));
  await once(socket, 'data');
  socket.on('data', count);
}
process.send?.('watching');

/** A line of JSON ends with a brace; the lines of the framing do not. */
function count(chunk: Buffer): void {
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
    if (at > 0 && chunk[at - 1] === brace) lines++;
  }
  report();
}

const newline = 0x0a;
const brace = 0x7d;

function report(): void {
  if (waitedFor === undefined || lines < waitedFor) return;
  waitedFor = undefined;
  process.send?.(lines);
}
