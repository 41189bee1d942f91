import { Pod } from '@orrery/api';
import { defineIndex } from '@orrery/core';

/** Pods by the node that they are bound to. */
export const podsByNode = defineIndex(Pod, ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
