/** Start-up times, in milliseconds since the process began. */
export interface Figures {
  controlPlane: number | undefined;
  firstPod: number | undefined;
}

/** One line: `control plane after 312 ms, first Pod ready after 480 ms, 98 MB`. `rss` is in bytes. */
export function formatFigures({ controlPlane, firstPod }: Figures, rss: number): string {
  const parts = [
    ...(controlPlane === undefined ? [] : [`control plane after ${Math.round(controlPlane)} ms`]),
    ...(firstPod === undefined ? [] : [`first Pod ready after ${Math.round(firstPod)} ms`]),
    `${Math.round(rss / 1e6)} MB of memory`,
  ];
  return parts.join(', ');
}
