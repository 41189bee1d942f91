import type { Container } from './parts.ts';

/**
 * Whether an exit calls for a restart: the container's own rules first (KEP-5307 "Container Restart Rules"), then its own
 * policy, then the Pod's.
 */
export function restartsAfter(
  container: Pick<Container, 'restartPolicy' | 'restartPolicyRules'>,
  podPolicy: string | undefined,
  exitCode: number,
): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    if (rule.action === 'Restart' && matches(rule.exitCodes, exitCode)) return true;
  }
  switch (container.restartPolicy ?? podPolicy ?? 'Always') {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

function matches(
  rule: { readonly operator: string; readonly values?: readonly number[] } | undefined,
  exitCode: number,
): boolean {
  if (rule === undefined) return false;
  const listed = (rule.values ?? []).includes(exitCode);
  return rule.operator === 'In' ? listed : rule.operator === 'NotIn' ? !listed : false;
}
