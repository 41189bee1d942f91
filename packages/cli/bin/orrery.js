#!/usr/bin/env node
// JavaScript, and before everything else, for one reason: compiled code is kept between runs only for modules that are loaded
// after this call, and a start that finds all of it kept does without Node's TypeScript compiler: half the time and memory.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../../../.orrery/cache'));
const { main } = await import('@orrery/cli');
process.exitCode = await main(process.argv.slice(2));
