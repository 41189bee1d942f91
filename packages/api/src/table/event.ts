import type { KubernetesObject } from '../object.ts';
import { ageSince } from './age.ts';
import { column, nameColumn, nameOf, printer, wideColumn } from './printer.ts';

interface Regarding {
  readonly kind?: string;
  readonly name?: string;
  readonly fieldPath?: string;
}

interface Source {
  readonly component?: string;
  readonly host?: string;
}

/** An Event of either API: `v1` and `events.k8s.io/v1` are two spellings of one object. */
interface AnyEvent extends KubernetesObject {
  readonly type?: string;
  readonly reason?: string;
  readonly eventTime?: string | null;
  readonly reportingInstance?: string;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null };

  readonly involvedObject?: Regarding;
  readonly message?: string;
  readonly source?: Source;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly count?: number;
  readonly reportingComponent?: string;

  readonly regarding?: Regarding;
  readonly note?: string;
  readonly deprecatedSource?: Source;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly deprecatedCount?: number;
  readonly reportingController?: string;
}

export const eventPrinter = printer<AnyEvent>(
  [
    column('Last Seen', 'string', 'Time since it last happened.'),
    column('Type', 'string', 'Normal, or Warning.'),
    column('Reason', 'string', 'Why it happened, in one word.'),
    column('Object', 'string', 'Object that it happened to.'),
    wideColumn('Subobject', 'Part of the object that it happened to.'),
    wideColumn('Source', 'Component that reported it.'),
    column('Message', 'string', 'What happened.'),
    wideColumn('First Seen', 'Time since it first happened.'),
    wideColumn('Count', 'How often it happened.'),
    { ...nameColumn, priority: 1 },
  ],
  (event, now) => {
    const first = event.firstTimestamp ?? event.deprecatedFirstTimestamp ?? event.eventTime;
    const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? event.deprecatedLastTimestamp ?? first;
    const object = event.involvedObject ?? event.regarding ?? {};
    const kind = (object.kind ?? '').toLowerCase();
    const count = event.series?.count ?? event.count ?? event.deprecatedCount ?? 0;
    return [
      ageSince(last, now),
      event.type ?? '',
      event.reason ?? '',
      object.name === undefined || object.name === '' ? kind : `${kind}/${object.name}`,
      object.fieldPath ?? '',
      sourceText(event),
      (event.message ?? event.note ?? '').trim(),
      ageSince(first, now),
      Math.max(count, 1),
      nameOf(event),
    ];
  },
);

function sourceText(event: AnyEvent): string {
  const source = event.source ?? event.deprecatedSource;
  const component = source?.component || event.reportingComponent || event.reportingController || '';
  const instance = source?.host || event.reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}
