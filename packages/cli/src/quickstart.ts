import { join } from 'node:path';
import { workspaceRoot } from './paths.ts';

/** The example that `orrery up` starts by default. */
export const quickstart = join(workspaceRoot, 'examples', 'clusters', 'quickstart');
