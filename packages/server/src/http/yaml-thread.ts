import { parentPort } from 'node:worker_threads';
import { readYamlBody } from '../rest/yaml-body.ts';

/** Runs in a thread of its own: reads one text after another. Values travel as JSON, which is read faster than it is copied. */

/** What a thread answers. */
export type YamlAnswer =
  | { readonly json: string; readonly duplicate?: string | undefined }
  | { readonly error: string };

parentPort?.on('message', (text: string) => parentPort?.postMessage(answer(text)));

function answer(text: string): YamlAnswer {
  try {
    const { value, duplicate } = readYamlBody(text);
    return { json: JSON.stringify(value), duplicate };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
