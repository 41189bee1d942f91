import { createSimulation } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { machinesContract } from '../machines-contract.fixture.ts';
import { defineImage, type SimulatedMachinesOptions, simulatedMachines } from './index.ts';
import { machineAddress } from './machines.ts';

async function openMachines(options?: SimulatedMachinesOptions) {
  const simulation = createSimulation();
  const { environment } = simulation;
  const machines = await simulatedMachines(options)({ environment, plugins: [], clusterDns: ['10.96.0.10'] });
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    await simulation.run(() => done, { within: '1h' });
    return promise;
  };
  return { machines, settled };
}

machinesContract('simulated ones', async () => ({
  ...(await openMachines()),
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
