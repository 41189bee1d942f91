export { serviceAccountController } from './controller.ts';
export { type TokensControllerOptions, tokensController } from './tokens-controller.ts';
