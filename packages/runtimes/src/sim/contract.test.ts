import { runtimeContract } from '../contract.ts';
import { createFixture } from './fixture.ts';

runtimeContract('the simulated runtime', async () => {
  const { runtime, settled } = createFixture();
  return { runtime, settled, dispose: () => runtime.close() };
});
