import { definePlugin } from '@orrery/core';
import { websiteController } from './controller.ts';
import { Website } from './website.ts';

/** Run it with `orrery up --plugin examples/controllers/website`. */
export default definePlugin({ name: 'website', kinds: [Website], controllers: [websiteController] });
