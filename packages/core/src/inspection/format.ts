import { causeText } from '../clock/livelock.ts';
import type { Cause, Inspection, LogFields } from '../inspection.ts';

/**
 * An inspection as a line of a log: time, level, actor, what happened, and structured fields as `name=value`.
 * `2026-01-01T00:00:05.000Z WARN  deployment failed default/web attempt=2 error="no quota"`
 */
export function formatInspection(event: Inspection): string {
  const { level, message, fields } = describe(event);
  const time = new Date(event.time).toISOString();
  return [time, level.toUpperCase().padEnd(5), event.actor, message, ...fieldTexts(fields)].join(' ');
}

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

function describe(event: Inspection): Line {
  switch (event.type) {
    case 'queued':
    case 'merged':
      return { level: 'debug', message: `${event.type} ${event.key}`, fields: { cause: causeText(event.cause) } };
    case 'started':
    case 'finished':
      return { level: 'debug', message: `${event.type} ${event.key}`, fields: causes(event.causes) };
    case 'requeued': {
      const { after, reason } = event;
      return { level: 'debug', message: `requeued ${event.key}`, fields: { after: `${after}ms`, reason } };
    }
    case 'failed': {
      const { attempt, error } = event;
      return { level: 'warn', message: `failed ${event.key}`, fields: { attempt, error, ...causes(event.causes) } };
    }
    case 'read':
      return { level: 'debug', message: event.verb, fields: { kind: event.kind, key: event.key } };
    case 'wrote': {
      const { verb, kind, key, subresource, resourceVersion, error } = event;
      const fields = { kind, key, subresource: subresource === '' ? undefined : subresource, resourceVersion, error };
      return { level: error === undefined ? 'info' : 'warn', message: verb, fields };
    }
    case 'log':
      return event;
  }
}

function causes(all: readonly Cause[]): LogFields {
  return all.length === 0 ? {} : { causes: all.map(causeText).join(', ') };
}

function fieldTexts(fields: LogFields): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) return JSON.stringify(value.message);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Cycles and big integers have no JSON; a log line must not fail because of them.
    return String(value);
  }
}
