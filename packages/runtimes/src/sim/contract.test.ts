import { runtimeContract } from '../runtime-contract.fixture.ts';
import { createFixture } from './sim.fixture.ts';

runtimeContract('the simulated runtime', async () => {
  const { runtime, settled } = createFixture();
  return { runtime, settled, dispose: () => runtime.close() };
});
