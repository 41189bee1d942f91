import { machinesContract, machinesInSimulation } from '../machines-contract.fixture.ts';
import { smallMachines } from './machines.fixture.ts';
import { smallImage } from './runtime.fixture.ts';

machinesContract('small machines', async () => ({
  ...(await machinesInSimulation(smallMachines())),
  server: (text) => ({ image: smallImage, command: ['serve', '80', text] }),
  idle: { image: smallImage, command: ['rest'] },
  get: (url, files) => ['get', url, ...(files === undefined ? [] : [files.tokenFile, files.authorityFile])],
}));
