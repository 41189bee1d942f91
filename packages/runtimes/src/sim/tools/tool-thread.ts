import type { IFileSystem } from 'just-bash';
import { absolutePath, resolvePath } from '../files/path.ts';
import { textOf } from '../files/tree.ts';
import { threadModule } from './threads.ts';
import { type FileMethod, type FromThread, fileMethods, type ToThread } from './tool-messages.ts';
import { runTool } from './tool-run.ts';

/** Runs in a thread of its own: one text tool after another, whose files are those of a process in the thread that asks. */

const port = threadModule()?.parentPort;
const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let lastCall = 0;

port?.on('message', (message: ToThread) => {
  if (message.type === 'run') {
    runTool(message.request, remoteFiles()).then(
      (result) => tell({ type: 'result', result }, [result.output.buffer]),
      (error: unknown) => tell({ type: 'failure', message: error instanceof Error ? error.message : String(error) }),
    );
    return;
  }
  const call = calls.get(message.call);
  calls.delete(message.call);
  if (message.type === 'answer') call?.resolve(message.value);
  else call?.reject(Object.assign(new Error(message.message), { code: message.code }));
});

function tell(message: FromThread, transfer: readonly ArrayBufferLike[] = []): void {
  port?.postMessage(message, transfer);
}

function ask(method: FileMethod, args: readonly unknown[]): Promise<unknown> {
  const call = ++lastCall;
  return new Promise((resolve, reject) => {
    calls.set(call, { resolve, reject });
    tell({ type: 'call', call, method, args });
  });
}

function remoteFiles(): IFileSystem {
  const remote = Object.fromEntries(
    fileMethods.map((method) => [method, (...args: unknown[]) => ask(method, args)]),
  ) as unknown as Pick<IFileSystem, FileMethod>;
  return {
    ...remote,
    readFile: async (path) => textOf(await remote.readFileBuffer(path)),
    resolvePath: (base, path) => resolvePath('/', absolutePath(base, path)),
    getAllPaths: () => [],
  };
}
