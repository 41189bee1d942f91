export { createLaggingEngine, type LaggingView, type SharedEngine } from './lagging-engine.fixture.ts';
