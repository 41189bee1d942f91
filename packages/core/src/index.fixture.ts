export { clientContract } from './client/contract/client-contract.fixture.ts';
export {
  type ClientUnderTest,
  contractKinds,
  nobody,
  type OpenClient,
} from './client/contract/client-under-test.fixture.ts';
export { evenTurns } from './clock/even-turns.fixture.ts';
export { openTestServer, type TestServer, type TestServerOptions } from './server.fixture.ts';
