import { defineConfig } from 'vitest/config';

const shared = { environment: 'node', pool: 'threads' } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'examples/**/*.test.ts',
            'fuzz/**/*.test.ts',
            'conformance/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/*.e2e.test.ts', '**/node_modules/**'],
          // Only ends what hangs: how fast a machine is decides no test.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['packages/*/src/**/*.e2e.test.ts', 'examples/**/*.e2e.test.ts', '{bench,scripts}/**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Type tests: what must compile, and what must not.
        test: {
          ...shared,
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['packages/*/src/**/*.test-d.ts'] },
        },
      },
    ],
  },
});
