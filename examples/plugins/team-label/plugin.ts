import { failures, Namespace, Pod } from '@orrery/api';
import { definePlugin } from '@orrery/core';
import type { AdmissionPlugin } from '@orrery/server/admission';

/** Every Pod belongs to a team: it says so itself with the label `team`, or its namespace's label says so for it. */
const teamLabel: AdmissionPlugin = {
  name: 'TeamLabel',
  matches: ({ kind, operation, subresource }) => kind === Pod && operation === 'CREATE' && subresource === '',
  async mutate({ object, namespace }, { client }) {
    const { metadata } = object as Pod;
    if (metadata.labels?.team !== undefined) return undefined;
    const team = (await client.get(Namespace, namespace)).metadata.labels?.team;
    return team === undefined
      ? undefined
      : { ...object, metadata: { ...metadata, labels: { ...metadata.labels, team } } };
  },
  validate({ object, namespace, name }) {
    if (object?.metadata?.labels?.team !== undefined) return;
    throw failures.forbidden(Pod, name, `no team: give the Pod, or the namespace ${namespace}, a label "team"`);
  },
};

/** Run it with `orrery up --plugin examples/plugins/team-label`. */
export default definePlugin({ name: 'team-label', admission: [teamLabel] });
