import { baseName } from '../files/path.ts';
import { newFile } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { shellProgram } from '../shell/shell-program.ts';
import { curl } from './curl.ts';
import * as network from './network.ts';
import { stress } from './system.ts';
import { tool } from './toolbox.ts';

const netcat = { nc: network.nc };
const dns = { nslookup: network.nslookup, dig: network.nslookup };

/** What can be installed, and the programs that come with it. */
const packages: { readonly [name: string]: { readonly [program: string]: Program } } = {
  bash: { bash: shellProgram('bash') },
  'bind-tools': dns,
  'bind-utils': dns,
  'ca-certificates': {},
  coreutils: {},
  curl: { curl },
  dnsutils: dns,
  findutils: {},
  iproute2: { ip: network.ip, ss: network.netstat },
  iputils: { ping: network.ping },
  'iputils-ping': { ping: network.ping },
  jq: { jq: tool('jq') },
  'net-tools': { ifconfig: network.ifconfig, netstat: network.netstat },
  netcat: netcat,
  'netcat-openbsd': netcat,
  'netcat-traditional': netcat,
  nmap: netcat,
  'nmap-ncat': netcat,
  procps: {},
  'procps-ng': {},
  stress: { stress },
  tzdata: {},
  wget: { wget: network.wget },
};

function install(process: Process, names: readonly string[]): void {
  for (const name of names) {
    for (const [program, run] of Object.entries(packages[name] ?? {})) {
      const path = `/usr/bin/${program}`;
      if (process.files.exists(path)) continue;
      process.files.place(path, (layer) => {
        const file = newFile(layer, '\x7fELF', 0o755);
        file.program = run;
        return file;
      });
    }
  }
}

/** `apk`, `apt-get`, `apt`, `yum`, `dnf`: install the few tools that people add to look around. */
export const packageManager: Program = async (process) => {
  const own = baseName(process.argv[0] ?? '');
  const [command = '', ...rest] = process.args.filter((arg) => !arg.startsWith('-'));
  if (command === 'update' || command === 'clean' || command === 'upgrade' || command === 'makecache') {
    await process.stdout.write(
      own === 'apk' ? 'OK: 1 distinct packages available\n' : 'Reading package lists... Done\n',
    );
    return 0;
  }
  if (command !== 'add' && command !== 'install') {
    await process.stderr.write(
      `${own}: ${command === '' ? 'no command given' : `command ${command} is not supported`}\n`,
    );
    return 1;
  }
  const unknown = rest.filter((name) => packages[name.replace(/[=~<>].*/, '')] === undefined);
  if (unknown.length > 0) {
    const [first] = unknown;
    if (own === 'apk') {
      await process.stderr.write(
        `ERROR: unable to select packages:\n  ${first} (no such package):\n    required by: world[${first}]\n`,
      );
      return 1;
    }
    if (own.startsWith('apt')) {
      await process.stderr.write(`E: Unable to locate package ${first}\n`);
      return 100;
    }
    await process.stderr.write(`No match for argument: ${first}\nError: Unable to find a match: ${first}\n`);
    return 1;
  }
  install(
    process,
    rest.map((name) => name.replace(/[=~<>].*/, '')),
  );
  for (const [at, name] of rest.entries()) {
    await process.stdout.write(
      own === 'apk' ? `(${at + 1}/${rest.length}) Installing ${name}\n` : `Setting up ${name} ...\n`,
    );
  }
  if (own === 'apk') await process.stdout.write('OK\n');
  return 0;
};
