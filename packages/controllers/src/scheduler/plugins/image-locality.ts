import type { Pod } from '@orrery/api';
import type { SchedulerPlugin } from '../plugin.ts';

const mebibyte = 1024 * 1024;
const least = 23 * mebibyte;
const mostPerContainer = 1000 * mebibyte;

/** Prefers nodes that have the Pod's images already; an image that few nodes have counts less, so that not all Pods go there. */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  score({ pod }, cluster, nodes) {
    const images = imagesOf(pod);
    if (!images.some((image) => cluster.nodesWithImage(image) > 0)) return undefined;
    const all = cluster.nodes.length;
    return nodes.map((node) => {
      let sum = 0;
      for (const image of images) {
        const size = node.images.get(image);
        if (size !== undefined) sum += Math.floor((size * cluster.nodesWithImage(image)) / all);
      }
      return imageScore(sum, images.length);
    });
  },
};

/** The images of all containers, as nodes name them. */
export function imagesOf({ spec }: Pod): readonly string[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].map(({ image }) => withTag(image ?? ''));
}

/** 0 to 100, from the bytes that are there, shared among nodes, and the number of containers. */
export function imageScore(bytes: number, containers: number): number {
  const most = mostPerContainer * containers;
  const clamped = Math.min(most, Math.max(least, bytes));
  return Math.floor((100 * (clamped - least)) / (most - least));
}

/** An image without a tag means `:latest`. */
function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
