import { accessContract } from './access.fixture.ts';
import { type OpenClient, opener } from './client-under-test.fixture.ts';
import { deletesContract } from './deletes.fixture.ts';
import { patchesContract } from './patches.fixture.ts';
import { readsContract } from './reads.fixture.ts';
import { subresourcesContract } from './subresources.fixture.ts';
import { watchesContract } from './watches.fixture.ts';
import { writesContract } from './writes.fixture.ts';

/** What every {@link Client} must hold, whatever stands between it and the server. Run it in a test file of its own. */
export function clientContract(name: string, open: OpenClient): void {
  const opened = opener(open);
  readsContract(name, opened);
  watchesContract(name, opened);
  writesContract(name, opened);
  patchesContract(name, opened);
  deletesContract(name, opened);
  subresourcesContract(name, opened);
  accessContract(name, opened);
}
