import { textOf } from '../../../files/tree.ts';
import type { Process } from '../../../process/process.ts';
import type { Program } from '../../../process/program.ts';
import { goDuration, goFlags } from './go-flags.ts';

/** `agnhost entrypoint-tester`: prints all that it was called with, as Go prints a list. */
export const entrypointTester: Program = async (process) => {
  await process.stdout.write(`[${process.argv.join(' ')}]\n`);
  return 0;
};

/** `agnhost etc-hosts`. */
export const etcHosts: Program = async (process) => {
  await process.stdout.write(`${textOf(process.files.readFile('/etc/hosts'))}\n`);
  return 0;
};

/** `agnhost dns-suffix`: the search list. */
export const dnsSuffix: Program = (process) => printResolver(process, 'search');

/** `agnhost dns-server-list`: the first line of name servers. */
export const dnsServerList: Program = (process) => printResolver(process, 'nameserver');

async function printResolver(process: Process, key: string): Promise<number> {
  const line = textOf(process.files.readFile('/etc/resolv.conf'))
    .split('\n')
    .find((candidate) => candidate.startsWith(`${key} `));
  if (line === undefined) {
    await process.stderr.write(`panic: no ${key} in /etc/resolv.conf\n`);
    return 2;
  }
  await process.stdout.write(`${line.split(' ').slice(1).join(',')}\n`);
  return 0;
}

/** `agnhost pause`: says which signal ended it, also in the Pod's termination message. */
export const pause: Program = async (process) => {
  await process.stdout.write('Paused\nSignals registered\n');
  const signal = await process.untilSignal('SIGTERM', 'SIGINT');
  const message = `exiting because of signal "${signal === 'SIGINT' ? 'interrupt' : 'terminated'}"\n`;
  const path = process.environment.get('TERMINATION_MESSAGE_PATH') || '/dev/termination-log';
  if (process.files.exists(path)) process.files.writeFile(path, message);
  await process.stdout.write(message);
  return signal === 'SIGINT' ? 1 : 2;
};

const methods = ['GET', 'POST', 'PUT'];
const namespaces = ['kube-system', 'default', 'ns'];

/** `agnhost logs-generator`: so many lines, evenly over so much time, like an API server's log. */
export const logsGenerator: Program = async (process) => {
  const flags = goFlags(process.args.slice(1));
  const total = Number(flags.get('log-lines-total') ?? flags.get('t') ?? 0);
  const duration = goDuration(flags.get('run-duration') ?? flags.get('d') ?? '') ?? 0;
  if (!(total > 0 && duration > 0)) {
    await process.stderr.write('F logs_generator.go: --log-lines-total and --run-duration must be above 0\n');
    return 255;
  }
  for (let line = 0; line < total; line++) {
    const pick = <T>(of: readonly T[]): T => of[process.random.integer(of.length)] as T;
    const name = Array.from({ length: 4 }, () => pick([...'bcdfghjklmnpqrstvwxz'])).join('');
    const url = `/api/v1/namespaces/${pick(namespaces)}/pods/${name}`;
    const text = `${line} ${pick(methods)} ${url} ${200 + process.random.integer(400)}`;
    await process.stderr.write(`${klogHead(process)} logs_generator.go:76] ${text}\n`);
    await process.sleep(duration / total);
  }
  return 0;
};

/** `I1201 14:05:09.123000       1` */
function klogHead(process: Process): string {
  const time = new Date(process.clock.now()).toISOString();
  return `I${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000 ${String(process.pid).padStart(7)}`;
}
