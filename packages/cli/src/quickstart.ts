import { join } from 'node:path';
import { workspaceRoot } from './paths.ts';

/** The example that `orrery up` starts when it is given nothing else. */
export const quickstart = join(workspaceRoot, 'examples', 'clusters', 'quickstart');
