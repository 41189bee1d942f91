import { createSimulation, definePlugin } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { machinesContract, machinesInSimulation } from '../machines-contract.fixture.ts';
import { defineImage, simulatedMachines } from './index.ts';
import { machineAddress } from './machines.ts';
import { containerConfig, sandboxConfig } from './sim.fixture.ts';

machinesContract('simulated machines', async () => ({
  ...(await machinesInSimulation(simulatedMachines())),
  server: (text) => ({
    image: 'nginx',
    command: ['sh', '-c', `echo ${text} > /usr/share/nginx/html/index.html; exec nginx -g 'daemon off;'`],
  }),
  idle: { image: 'curlimages/curl', command: ['sleep', '1000000'] },
  get: (url, files) => [
    'sh',
    '-c',
    files === undefined
      ? `curl -sf --max-time 5 ${url}`
      : `curl -sf --cacert ${files.authorityFile} -H "Authorization: Bearer $(cat ${files.tokenFile})" ${url}`,
  ],
}));

describe('simulated machines', () => {
  test.for([
    [0, '192.168.0.11'],
    [244, '192.168.0.255'],
    [245, '192.168.1.0'],
    [5000, '192.168.19.147'],
    [65_523, '192.168.255.254'],
  ] as const)('number %d has the address %s', ([index, ip]) => {
    expect(machineAddress(index)).toBe(ip);
  });

  test('are limited by the number of addresses', () => {
    expect(() => machineAddress(65_524)).toThrow(
      'no address is left for another machine: 192.168.0.0/16 has room for 65524',
    );
  });

  test('have the requested CPUs and memory', async () => {
    const { machines, settled } = await machinesInSimulation(simulatedMachines());
    const machine = machines.machine({ name: 'a', podCidr: '10.200.1.0/24', capacity: { cpu: '3', memory: '1Gi' } });
    expect(machines.runtime('a')).toBeUndefined();
    await settled(machine.powerOn());
    const runtime = machines.runtime('a');
    if (runtime === undefined) throw new Error('the machine is off');
    const sandbox = await settled(runtime.runPodSandbox(sandboxConfig('pod')));
    await settled(runtime.pullImage('busybox'));
    const id = await settled(
      runtime.createContainer(sandbox, containerConfig('busybox', { command: ['sleep', '1000'] })),
    );
    await settled(runtime.startContainer(id));
    expect(await settled(runtime.execSync(id, ['nproc'], 0))).toMatchObject({ stdout: '3\n' });
    expect((await settled(runtime.execSync(id, ['cat', '/proc/meminfo'], 0))).stdout).toMatch(/^MemTotal: +1048576 kB/);
    await settled(machine.powerOff());
    expect(machines.runtime('a')).toBeUndefined();
  });

  test('run images of plugins and of their own options', async () => {
    const image = (name: string) => defineImage({ name, command: ['/x'], programs: { '/x': async () => 0 } });
    const { environment } = createSimulation();
    const plugins = [definePlugin({ name: 'apps', images: [image('plugged')] }), definePlugin({ name: 'none' })];
    const open = simulatedMachines({ images: [image('given')] });
    const machines = await open({ environment, plugins, clusterDns: [] });
    const runtime = await machines.machine({ name: 'a', podCidr: '10.200.1.0/24' }).powerOn();
    for (const name of ['plugged', 'given', 'busybox']) await runtime.pullImage(name);
    await expect(runtime.pullImage('localhost/other')).rejects.toMatchObject({ code: 'ImageNotFound' });
    await machines.close();
  });
});
