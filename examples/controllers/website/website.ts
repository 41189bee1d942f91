import { defineKind, type ObjectOf, schema } from '@orrery/api';

/** A page that is served by as many web servers as it needs. */
export const Website = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Website',
  shortNames: ['site'],
  schema: schema.object({
    spec: schema.object(
      {
        html: schema.string({ minLength: 1, description: 'The page that is served at /.' }),
        replicas: schema.integer({ minimum: 0, default: 1, description: 'How many web servers serve the page.' }),
        image: schema.string({
          default: 'nginx:1.27',
          description: 'A web server that serves /usr/share/nginx/html on port 80.',
        }),
      },
      { description: 'What the website should be.' },
    ),
    status: schema.object(
      {
        readyReplicas: schema.integer({ default: 0, description: 'How many web servers answer.' }),
        url: schema.string({ description: 'Where the page is found inside the cluster.' }).optional(),
        observedGeneration: schema.integer({ description: 'The generation that this status is about.' }).optional(),
        conditions: schema.conditions().optional(),
      },
      { description: 'What the website is.' },
    ),
  }),
  subresources: {
    status: true,
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.readyReplicas' },
  },
  printerColumns: [
    { name: 'Wanted', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas' },
    { name: 'URL', type: 'string', jsonPath: '.status.url' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
export type Website = ObjectOf<typeof Website>;
