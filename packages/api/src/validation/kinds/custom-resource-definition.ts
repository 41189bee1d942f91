import { fieldErrors } from '../../field-error.ts';
import type { CustomResourceDefinition } from '../../kinds.ts';
import { dns1035Label, dns1123Subdomain } from '../../names.ts';
import { checkChoice, checkName, checkRequired, type Errors, isEmpty } from '../checks.ts';
import { checkImmutable } from '../metadata.ts';

/** The rules of a CustomResourceDefinition (`apiextensions.k8s.io/v1`). */
export function validateCustomResourceDefinition(errors: Errors, definition: CustomResourceDefinition): void {
  const { group = '', names, scope, versions = [] } = definition.spec ?? {};
  const expected = `${names?.plural ?? ''}.${group}`;
  if (definition.metadata?.name !== expected) {
    errors.push(
      fieldErrors.invalid('metadata.name', definition.metadata?.name ?? '', 'must be spec.names.plural+"."+spec.group'),
    );
  }
  if (checkRequired(errors, 'spec.group', group)) {
    checkName(errors, 'spec.group', group, dns1123Subdomain);
    if (!group.includes('.')) {
      errors.push(fieldErrors.invalid('spec.group', group, 'should be a domain with at least one dot'));
    }
  }
  checkChoice(errors, 'spec.scope', scope, ['Cluster', 'Namespaced']);
  validateVersions(errors, versions);
  validateNames(errors, names);
}

function validateVersions(errors: Errors, versions: CustomResourceDefinition['spec']['versions']): void {
  if (versions.length === 0) {
    errors.push(
      fieldErrors.invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    const at = `spec.versions[${i}]`;
    if (seen.has(version.name)) {
      errors.push(fieldErrors.invalid('spec.versions', versions, 'must contain unique version names'));
    }
    seen.add(version.name);
    checkName(errors, `${at}.name`, version.name ?? '', dns1035Label);
    const schema = version.schema?.openAPIV3Schema as { readonly type?: string } | undefined;
    if (schema === undefined) errors.push(fieldErrors.required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    else if (schema.type !== 'object') {
      errors.push(
        isEmpty(schema.type)
          ? fieldErrors.required(`${at}.schema.openAPIV3Schema.type`, 'must not be empty at the root')
          : fieldErrors.invalid(`${at}.schema.openAPIV3Schema.type`, schema.type, 'must be object at the root'),
      );
    }
    for (const [j, column] of (version.additionalPrinterColumns ?? []).entries()) {
      const each = `${at}.additionalPrinterColumns[${j}]`;
      checkRequired(errors, `${each}.name`, column.name);
      checkChoice(errors, `${each}.type`, column.type, ['integer', 'number', 'string', 'boolean', 'date']);
      checkRequired(errors, `${each}.jsonPath`, column.jsonPath);
    }
  }
  if (versions.filter((version) => version.storage === true).length !== 1) {
    errors.push(
      fieldErrors.invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  }
}

function validateNames(errors: Errors, names: CustomResourceDefinition['spec']['names'] | undefined): void {
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const path = `spec.names.${field}`;
    const value = names?.[field];
    // Kinds are written in capitals, but must be names when they are not.
    if (checkRequired(errors, path, value)) {
      const checked = field === 'kind' || field === 'listKind' ? (value ?? '').toLowerCase() : (value ?? '');
      for (const fault of dns1035Label(checked)) errors.push(fieldErrors.invalid(path, value, fault));
    }
  }
  for (const [i, name] of (names?.shortNames ?? []).entries()) {
    checkName(errors, `spec.names.shortNames[${i}]`, name, dns1035Label);
  }
  for (const [i, name] of (names?.categories ?? []).entries()) {
    checkName(errors, `spec.names.categories[${i}]`, name, dns1035Label);
  }
}

/** What identifies the kind never changes. */
export function validateCustomResourceDefinitionUpdate(
  errors: Errors,
  next: CustomResourceDefinition,
  old: CustomResourceDefinition,
): void {
  checkImmutable(errors, 'spec.group', next.spec.group, old.spec.group);
  checkImmutable(errors, 'spec.names.plural', next.spec.names?.plural, old.spec.names?.plural);
  checkImmutable(errors, 'spec.scope', next.spec.scope, old.spec.scope);
  checkImmutable(errors, 'spec.names.kind', next.spec.names?.kind, old.spec.names?.kind);
}
