import { once } from 'node:events';
import { openConnection } from './raw-connection.ts';
import type { Access } from './served-cluster.ts';

/** The process of a client that lists the ConfigMaps of a namespace, whole or in pages; see the row `https-lists`. */
const [{ access }] = (await once(process, 'message')) as [{ readonly access: Access }];
const path = '/api/v1/namespaces/default/configmaps';
const { ask } = await openConnection(access);
process.once('disconnect', () => process.exit(1));
process.on('message', async ({ limit }: { readonly limit: number }) => {
  const began = performance.now();
  const pages = limit === 0 ? [await list('')] : await listInPages(limit);
  process.send?.({ milliseconds: performance.now() - began, pages: pages.length });
});

async function listInPages(limit: number): Promise<readonly string[]> {
  const pages: string[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const page: string = await list(`?limit=${limit}${next === '' ? '' : `&continue=${next}`}`);
    pages.push(page);
    next = /"continue":"([^"]+)"/.exec(page)?.[1];
  }
  return pages;
}

async function list(query: string): Promise<string> {
  const { status, beginning } = await ask('GET', path + query);
  if (status !== 200) throw new Error(`a list answered ${status}`);
  return beginning;
}
