import type { Program } from '../../../process/program.ts';
import { curl } from '../../../programs/curl.ts';
import { defineImage, type Image } from '../../image.ts';
import { alpine } from '../systems.ts';
import { mountTest } from './mount-test.ts';
import { netExec } from './net-exec.ts';
import { connect, grpcHealthChecking, liveness, porter, serveHostname } from './servers.ts';
import { dnsServerList, dnsSuffix, entrypointTester, etcHosts, logsGenerator, pause } from './texts.ts';

const commands: { readonly [name: string]: Program } = {
  connect,
  'dns-server-list': dnsServerList,
  'dns-suffix': dnsSuffix,
  'entrypoint-tester': entrypointTester,
  'etc-hosts': etcHosts,
  'grpc-health-checking': grpcHealthChecking,
  liveness,
  'logs-generator': logsGenerator,
  mounttest: mountTest,
  netexec: netExec,
  pause,
  porter,
  'serve-hostname': serveHostname(9376),
  'test-webserver': serveHostname(80),
};

/** The Swiss army knife of Kubernetes' own tests. */
const agnhost: Program = async (process) => {
  const [name = 'pause'] = process.args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(process);
  await process.stderr.write(`Error: unknown command "${name}" for "app"\n`);
  return 1;
};

export const agnhostImage: Image = defineImage({
  name: ['agnhost', 'liveness', 'e2e-test-images/agnhost'],
  base: alpine,
  entrypoint: ['/agnhost'],
  command: ['pause'],
  sizeBytes: 52_000_000,
  programs: { '/agnhost': agnhost, '/agnhost-2': agnhost, '/usr/bin/curl': curl },
});
