import type { Taint, Toleration } from '@orrery/api';

const integer = /^(0|-?[1-9]\d*)$/;

/** Whether a toleration tolerates a taint (Kubernetes "Taints and Tolerations"). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = '', effect = '', value = '' } = toleration;
  const operator: string = toleration.operator ?? '';
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (key === '') return false;
  const taintValue = taint.value ?? '';
  if (operator === 'Lt' || operator === 'Gt') {
    if (!integer.test(value) || !integer.test(taintValue)) return false;
    return operator === 'Lt' ? BigInt(taintValue) < BigInt(value) : BigInt(taintValue) > BigInt(value);
  }
  return value === taintValue;
}

/** The first taint with one of these effects that nothing tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  for (const taint of taints) {
    if (effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint))) return taint;
  }
  return undefined;
}
