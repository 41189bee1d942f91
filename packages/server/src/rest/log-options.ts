import { type FieldError, fieldErrors, invalid } from '@orrery/api';
import type { LogOptions } from '../node-api.ts';
import { boolean, integer } from './query.ts';

/**
 * Query parameters of a log request (`v1.PodLogOptions`).
 * @throws StatusError BadRequest, Invalid
 */
export function logOptions(query: URLSearchParams): LogOptions {
  const sinceSeconds = integer(query, 'sinceSeconds');
  const tailLines = integer(query, 'tailLines');
  const limitBytes = integer(query, 'limitBytes');
  const sinceTime = query.get('sinceTime') ?? '';
  const stream = query.get('stream') ?? '';
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(fieldErrors.invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(fieldErrors.invalid('limitBytes', limitBytes, 'must be greater than 0'));
  }
  if (sinceSeconds !== undefined && sinceTime !== '') {
    errors.push(fieldErrors.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(fieldErrors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  }
  if (sinceTime !== '' && Number.isNaN(Date.parse(sinceTime))) {
    errors.push(fieldErrors.invalid('sinceTime', sinceTime, 'must be a time in RFC 3339'));
  }
  if (stream !== '' && stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') {
    errors.push(fieldErrors.notSupported('stream', stream, ['All', 'Stdout', 'Stderr']));
  } else if (stream !== '' && stream !== 'All' && tailLines !== undefined) {
    errors.push(fieldErrors.forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', errors);
  return {
    follow: boolean(query, 'follow') ?? false,
    previous: boolean(query, 'previous') ?? false,
    timestamps: boolean(query, 'timestamps') ?? false,
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === '' ? {} : { sinceTime }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(stream === '' ? {} : { stream: stream as NonNullable<LogOptions['stream']> }),
  };
}
