export { adminUser, refusal, type TestApi, type TestApiOptions, testApi } from './api.fixture.ts';
export { type ClientServer, clientServer } from './client-server.fixture.ts';
export { delegatingRequestPath } from './request-path.fixture.ts';
