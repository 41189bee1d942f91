import {
  type FieldError,
  failures,
  fieldErrors,
  fieldErrorText,
  type StatusError,
  textFromBase64url,
  textToBase64url,
} from '@orrery/api';
import type { ListOptions } from '@orrery/core';

/** The position of a paged list: a revision (−1: the latest) and the key to start after. */
export interface ContinueToken {
  readonly revision: number;
  readonly start: string;
}

/** The opaque text of a token: base64url of the JSON that Kubernetes uses. */
export function encodeContinue(token: ContinueToken): string {
  return textToBase64url(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start }));
}

/** @throws StatusError BadRequest for a text that is not a token */
export function decodeContinue(text: string): ContinueToken {
  const invalid = (why: string) => failures.badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(textFromBase64url(text));
  } catch {
    throw invalid('it is not encoded as a token');
  }
  if (typeof parsed !== 'object' || parsed === null) throw invalid('it does not contain a token');
  const { v, rv, start } = parsed as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1') throw invalid('server does not recognize this encoded version');
  if (typeof start !== 'string' || start === '') throw invalid('encoded start key is empty');
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0)
    throw invalid('incorrect encoded start resourceVersion');
  return { revision: rv, start };
}

/**
 * A resourceVersion as a number; unset and `0` are 0.
 * @throws StatusError BadRequest for a text that is not a revision
 */
export function parseRevision(text: string | undefined): number {
  if (text === undefined || text === '' || text === '0') return 0;
  if (!/^[0-9]{1,16}$/.test(text))
    throw failures.badRequest(
      `invalid resource version: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/** Checks that list and watch options are compatible. @throws StatusError Invalid or BadRequest */
export function checkListOptions(
  options: Pick<ListOptions, 'resourceVersion' | 'continue'> & {
    readonly sendInitialEvents?: boolean;
    readonly resourceVersionMatch?: string;
  },
  watching: boolean,
): void {
  const errors: FieldError[] = [];
  const { resourceVersion = '', resourceVersionMatch: match, sendInitialEvents } = options;
  if (watching) {
    if (sendInitialEvents === undefined && match !== undefined) {
      errors.push(
        fieldErrors.forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      );
    }
    if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      errors.push(
        fieldErrors.forbidden(
          'resourceVersionMatch',
          'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
        ),
      );
    }
  } else {
    if (sendInitialEvents !== undefined)
      errors.push(fieldErrors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
    if (match !== undefined && match !== null) {
      if (resourceVersion === '')
        errors.push(
          fieldErrors.forbidden(
            'resourceVersionMatch',
            'resourceVersionMatch is forbidden unless resourceVersion is provided',
          ),
        );
      if (options.continue !== undefined && options.continue !== '') {
        errors.push(
          fieldErrors.forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
        );
      }
      if (match !== 'Exact' && match !== 'NotOlderThan')
        errors.push(fieldErrors.notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
      if (match === 'Exact' && resourceVersion === '0') {
        errors.push(
          fieldErrors.forbidden(
            'resourceVersionMatch',
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
          ),
        );
      }
    }
    if (
      options.continue !== undefined &&
      options.continue !== '' &&
      resourceVersion !== '' &&
      resourceVersion !== '0'
    ) {
      throw failures.badRequest('specifying resource version is not allowed when using continue');
    }
  }
  if (errors.length > 0) throw invalidListOptions(errors);
}

function invalidListOptions(errors: readonly FieldError[]): StatusError {
  const texts = errors.map(fieldErrorText);
  return failures.unprocessable(
    `ListOptions.meta.k8s.io "" is invalid: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`,
    {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: errors.map((e) => ({ reason: e.type, message: e.body, field: e.field })),
    },
  );
}
