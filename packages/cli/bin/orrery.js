#!/usr/bin/env node
// JavaScript, and before everything else, for one reason: compiled code is kept between runs only for modules that are loaded
// after this call, and a start that finds all of it kept does without Node's TypeScript compiler: half the time and memory.
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

// An older Node would end in a syntax error somewhere in the middle. pnpm brings the right one.
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const oldest = Number.parseInt(engines.node.replace('>=', ''), 10);
if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(
    `orrery: needs Node ${oldest} or newer, and this is ${process.version}; pnpm orrery brings its own\n`,
  );
  process.exit(1);
}
module.enableCompileCache(join(import.meta.dirname, '../../../.orrery/cache'));
const { main } = await import('@orrery/cli');
process.exitCode = await main(process.argv.slice(2));
