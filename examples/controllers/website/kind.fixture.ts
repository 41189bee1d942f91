import { definePlugin } from '@orrery/core';
import { Website } from './website.ts';

/** The kind without its controller: what a cluster has once the kind is installed. */
export default definePlugin({ name: 'website-kind', kinds: [Website] });
