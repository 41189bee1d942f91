/** A number, or a percentage of `of` that is rounded (Kubernetes `IntOrString`, GetScaledValueFromIntOrPercent). */
export function scaledValue(value: string | number, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return value.endsWith('%') ? round((Number(value.slice(0, -1)) * of) / 100) : Number(value);
}
