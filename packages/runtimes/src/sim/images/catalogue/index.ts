import type { Image } from '../image.ts';
import { agnhostImage } from './agnhost/image.ts';
import { databaseImages } from './databases.ts';
import { nginxImages } from './nginx.ts';
import { helloAppImages, helloWorld, httpEcho, nodeHelloImage, redisImage } from './services.ts';
import {
  alpine,
  bashImage,
  busybox,
  centos,
  curlImage,
  debian,
  netshoot,
  pause,
  stressImage,
  ubuntu,
} from './systems.ts';
import { sampleWar, seedTomcat, tomcatImage } from './tomcat.ts';

/** The images that every simulated node can pull. */
export const catalogue: readonly Image[] = [
  busybox,
  alpine,
  debian,
  ubuntu,
  centos,
  bashImage,
  curlImage,
  netshoot,
  stressImage,
  pause,
  ...nginxImages,
  tomcatImage,
  seedTomcat,
  sampleWar,
  nodeHelloImage,
  ...helloAppImages,
  httpEcho,
  helloWorld,
  agnhostImage,
  redisImage,
  ...databaseImages,
];
