import type { Program } from '../../process/program.ts';
import { curl } from '../../programs/curl.ts';
import { httpd } from '../../programs/httpd.ts';
import * as network from '../../programs/network.ts';
import { packageManager } from '../../programs/packages.ts';
import { stress } from '../../programs/system.ts';
import { tool } from '../../programs/toolbox.ts';
import { coreTools } from '../../programs/toolkit.ts';
import { shellProgram } from '../../shell/shell-program.ts';
import { defineImage, type Image, type ImageFile } from '../image.ts';
import { plausibleTag } from '../reference.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Directories and files that every Linux image has. */
const common: { readonly [path: string]: ImageFile } = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  '/home': { directory: true },
  '/root': { directory: true, mode: 0o700 },
  '/run': { directory: true },
  '/sys': { directory: true, mode: 0o555 },
  '/tmp': { directory: true, mode: 0o1777 },
  '/usr/bin': { directory: true },
  '/usr/local/bin': { directory: true },
  '/usr/sbin': { directory: true },
  '/usr/share': { directory: true },
  '/var/log': { directory: true },
  '/var/run': { link: '/run' },
  '/var/tmp': { directory: true, mode: 0o1777 },
};

const busyboxNetwork: { readonly [name: string]: Program } = {
  httpd,
  ifconfig: network.ifconfig,
  ip: network.ip,
  nc: network.nc,
  netstat: network.netstat,
  nslookup: network.nslookup,
  ping: network.ping,
  wget: network.wget,
};

function at(directory: string, programs: { readonly [name: string]: Program }): { [path: string]: Program } {
  return Object.fromEntries(Object.entries(programs).map(([name, program]) => [`${directory}/${name}`, program]));
}

const ash = shellProgram('ash');
const dash = shellProgram('dash');
const bash = shellProgram('bash');

/** The multi-call binary: `busybox ls`. */
const multiCall: Program = async (process) => {
  const [name] = process.args;
  const programs: { readonly [name: string]: Program } = { ...coreTools, ...busyboxNetwork, sh: ash, ash };
  const program = name === undefined ? undefined : programs[name];
  if (program !== undefined) return process.become(process.args, program, process.environment);
  if (name !== undefined && !name.startsWith('-')) {
    await process.stderr.write(`${name}: applet not found\n`);
    return 127;
  }
  await process.stdout.write(
    `BusyBox v1.37.0 multi-call binary.\n\nCurrently defined functions:\n\t${Object.keys(programs).sort().join(', ')}\n`,
  );
  return 0;
};

export const busybox: Image = defineImage({
  name: 'busybox',
  tags: plausibleTag,
  command: ['sh'],
  env: { PATH: path },
  flavor: 'busybox',
  sizeBytes: 2_156_519,
  files: { ...common },
  programs: { ...at('/bin', { ...coreTools, ...busyboxNetwork, sh: ash, ash, busybox: multiCall }) },
});

export const alpine: Image = defineImage({
  name: 'alpine',
  tags: plausibleTag,
  command: ['/bin/sh'],
  env: { PATH: path },
  flavor: 'busybox',
  sizeBytes: 3_797_310,
  files: {
    ...common,
    '/etc/alpine-release': '3.22.0\n',
    '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.0\nPRETTY_NAME="Alpine Linux v3.22"\n',
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\nguest:x:405:100:guest:/dev/null:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
  },
  programs: {
    ...at('/bin', { ...coreTools, ...busyboxNetwork, sh: ash, ash, busybox: multiCall }),
    '/sbin/apk': packageManager,
  },
});

/** Tools of the larger distributions. */
const gnuTools: { readonly [name: string]: Program } = {
  ...coreTools,
  getent: network.getent,
  sh: dash,
  bash,
  dash,
};

function distribution(name: string, id: string, version: string, pretty: string, sizeBytes: number): Image {
  return defineImage({
    name,
    tags: plausibleTag,
    command: ['bash'],
    env: { PATH: path },
    flavor: 'gnu',
    sizeBytes,
    files: {
      ...common,
      '/bin': { link: 'usr/bin' },
      '/sbin': { link: 'usr/sbin' },
      '/etc/os-release': `PRETTY_NAME="${pretty}"\nNAME="${pretty.split(' ')[0]}"\nVERSION_ID="${version}"\nID=${id}\n`,
      '/etc/debian_version': `${version}\n`,
      '/etc/passwd':
        'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    },
    programs: at('/usr/bin', { ...gnuTools, 'apt-get': packageManager, apt: packageManager }),
  });
}

export const debian: Image = distribution('debian', 'debian', '13', 'Debian GNU/Linux 13 (trixie)', 49_279_870);
export const ubuntu: Image = distribution('ubuntu', 'ubuntu', '24.04', 'Ubuntu 24.04 LTS', 29_727_061);
export const centos: Image = defineImage({
  name: ['centos', 'fedora', 'rockylinux', 'almalinux', 'amazonlinux'],
  base: debian,
  programs: { '/usr/bin/yum': packageManager, '/usr/bin/dnf': packageManager },
  files: { '/etc/os-release': 'NAME="CentOS Stream"\nID=centos\nVERSION_ID="9"\n' },
});

/** A shell with `bash` as its entry, on Alpine's tools. */
export const bashImage: Image = defineImage({
  name: 'bash',
  tags: plausibleTag,
  base: alpine,
  command: ['bash'],
  programs: { '/usr/local/bin/bash': bash },
});

export const curlImage: Image = defineImage({
  name: ['curlimages/curl', 'radial/busyboxplus', 'radial/busyboxplus:curl', 'yauritux/busybox-curl'],
  base: alpine,
  entrypoint: ['/entrypoint.sh'],
  command: ['curl'],
  files: {
    '/entrypoint.sh': {
      content: '#!/bin/sh\ncase "$1" in -*) set -- curl "$@" ;; esac\nexec "$@"\n',
      mode: 0o755,
    },
  },
  programs: { '/usr/bin/curl': curl },
});

export const netshoot: Image = defineImage({
  name: ['nicolaka/netshoot', 'praqma/network-multitool', 'wbitt/network-multitool'],
  base: alpine,
  command: ['bash'],
  programs: { '/usr/bin/curl': curl, '/bin/bash': bash, '/usr/bin/dig': network.nslookup, '/usr/bin/jq': tool('jq') },
});

export const stressImage: Image = defineImage({
  name: ['polinux/stress', 'vish/stress', 'progrium/stress'],
  base: alpine,
  command: ['stress'],
  programs: { '/usr/local/bin/stress': stress },
});

/** The infra container of every Pod: waits for the signal to end. */
export const pauseProgram: Program = async (process) => {
  await process.untilSignal('SIGTERM', 'SIGINT');
  await process.stdout.write('Shutting down, got signal: Terminated\n');
  return 0;
};

export const pause: Image = defineImage({
  name: 'pause',
  tags: plausibleTag,
  entrypoint: ['/pause'],
  user: '65535:65535',
  sizeBytes: 320_448,
  programs: { '/pause': pauseProgram },
});
