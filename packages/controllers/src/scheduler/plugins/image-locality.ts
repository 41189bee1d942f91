import type { SchedulerPlugin } from '../plugin.ts';

const mebibyte = 1024 * 1024;
const least = 23 * mebibyte;
const mostPerContainer = 1000 * mebibyte;

/** Prefers nodes that have the Pod's images already; an image that few nodes have counts less, so that not all Pods go there. */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  score({ pod }, cluster, nodes) {
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const images = containers.map(({ image }) => withTag(image ?? ''));
    if (!images.some((image) => cluster.nodesWithImage(image) > 0)) return undefined;
    const all = cluster.nodes.length;
    const most = mostPerContainer * containers.length;
    return nodes.map((node) => {
      let sum = 0;
      for (const image of images) {
        const size = node.images.get(image);
        if (size !== undefined) sum += Math.floor((size * cluster.nodesWithImage(image)) / all);
      }
      const clamped = Math.min(most, Math.max(least, sum));
      return Math.floor((100 * (clamped - least)) / (most - least));
    });
  },
};

/** An image without a tag means `:latest`. */
function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
