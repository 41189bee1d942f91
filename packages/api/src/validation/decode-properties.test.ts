import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textFromBase64, textToBase64 } from '../base64.ts';
import { applyDefaults } from '../defaults/index.ts';
import { builtinKinds } from '../kind.ts';
import { Deployment, Pod } from '../kinds.ts';
import { deepFreeze, type KubernetesObject } from '../object.ts';
import { StatusError } from '../status.ts';
import { decodeObject } from './decode.ts';
import { base64Form, base64Length, timeForm } from './scalar-forms.ts';
import { validateCreate } from './validate.ts';

const names = [
  'spec',
  'template',
  'metadata',
  'labels',
  'containers',
  'name',
  'image',
  'ports',
  'containerPort',
  'resources',
  'limits',
  'cpu',
  'volumes',
  'secret',
  'env',
  'replicas',
  'livenessProbe',
  'httpGet',
  'port',
  'tolerations',
  'operator',
  '__proto__',
  'constructor',
  'toString',
  'x',
];

/** JSON that looks like objects of Kubernetes more often than chance would have it. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', maxDepth: 8 },
    fc.constantFrom(null, true, 0, 1, -1, 1.5, '', 'a', '1Gi', 'Exists', '2026-01-01T00:00:00Z'),
    fc.integer(),
    fc.string(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
  ),
})).value;

/** The outcome of a fallible step: its result, or nothing if it was refused as the API refuses. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof StatusError && (error.code === 400 || error.code === 422)) return undefined;
    throw error;
  }
}

it.each([Pod, Deployment].map((kind) => [kind.kind, kind] as const))(
  'whatever is sent as a %s is refused with 400 or 422, or has a form that stays as it is',
  (_name, kind) => {
    fc.assert(
      fc.property(json, fc.dictionary(fc.constantFrom(...names), json), (body, spec) => {
        for (const sent of [
          body,
          { metadata: { name: 'x', namespace: 'n' }, spec },
          { spec: { template: { spec } } },
        ]) {
          const once = attempt(() => decodeObject(kind, deepFreeze(sent), 'Ignore').object);
          if (once === undefined) continue;
          expect(decodeObject(kind, deepFreeze(once), 'Strict').object).toBe(once);
          const complete = applyDefaults(kind, once);
          expect(applyDefaults(kind, deepFreeze(complete))).toBe(complete);
          expect(decodeObject(kind, complete, 'Strict').object).toBe(complete);
          validateCreate(kind, complete);
        }
      }),
      { numRuns: 300 },
    );
  },
);

it.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
  'the type of %s can be decoded',
  (_name, kind) => {
    const object: KubernetesObject = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: 'x' } };
    expect(decodeObject(kind, object, 'Strict').object).toBe(object);
    attempt(() => decodeObject(kind, { ...object, spec: { x: [] }, status: { x: {} }, items: 1 }, 'Ignore'));
  },
);

it('text survives base64, whose form is canonical', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const wellFormed = text.toWellFormed();
      const encoded = textToBase64(wellFormed);
      expect(base64Form(encoded)).toEqual({ value: encoded });
      expect(base64Length(encoded)).toBe(new TextEncoder().encode(wellFormed).length);
      expect(textFromBase64(encoded)).toBe(wellFormed);
    }),
  );
});

it('accepts as base64 what the platform accepts', () => {
  const nearly = fc.string({ unit: fc.constantFrom('A', 'Q', 'z', '9', '+', '/', '=', '\n', '-', 'ä'), maxLength: 9 });
  fc.assert(
    fc.property(nearly, (text) => {
      const form = base64Form(text);
      if ('fault' in form) return;
      expect(atob(form.value)).toBe(atob(text.replaceAll('\n', '')));
      expect(btoa(atob(form.value))).toBe(form.value);
    }),
  );
});

it('a time keeps its instant', () => {
  const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (value) => {
      const text = value.toISOString();
      expect(timeForm(text, 0)).toEqual({ value: `${text.slice(0, 19)}Z` });
      expect(timeForm(text, 6)).toEqual({ value: `${text.slice(0, -1)}000Z` });
    }),
  );
});
