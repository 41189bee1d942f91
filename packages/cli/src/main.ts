#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept between runs: the sources are TypeScript, and a start would else spend most of its time on reading them.
enableCompileCache(join(import.meta.dirname, '../../../.orrery/cache'));
const { main } = await import('./program.ts');
process.exitCode = await main(process.argv.slice(2));
