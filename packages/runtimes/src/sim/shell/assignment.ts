import { evaluate } from './arithmetic.ts';
import type { Assignment } from './ast.ts';
import { expandArithmetic, expandText, expandWords } from './expansion.ts';
import type { Shell } from './shell.ts';
import type { Variable } from './variables.ts';

/** How an assignment is taken back. */
export interface Assigned {
  restore(): void;
}

/** Carries out `name=value`. A temporary one is exported. @throws ReadonlyError */
export async function assign(shell: Shell, assignment: Assignment, temporary = false): Promise<Assigned> {
  const { variables } = shell;
  const before = variables.find(assignment.name);
  const old: Variable | undefined = before && {
    ...before,
    value: before.value instanceof Map ? new Map(before.value) : before.value,
  };
  if (assignment.elements === undefined) await assignOne(shell, assignment);
  else await assignElements(shell, assignment);
  if (temporary || shell.options.has('a')) variables.of(assignment.name).exported = true;
  return { restore: () => variables.restore(assignment.name, old) };
}

async function assignOne(shell: Shell, { name, index, append, value }: Assignment): Promise<void> {
  const { variables, expansion } = shell;
  const text = await expandText(expansion, value);
  const key = index === undefined ? undefined : await subscript(shell, name, index);
  const variable = variables.find(name);
  const before = append ? (variables.get(name, key) ?? '') : '';
  if (variable?.integer) {
    const scope = {
      get: (other: string) => variables.get(other) ?? '',
      set: (other: string, _index: number | undefined, set: string) => variables.set(other, set),
    };
    const sum = evaluate(text, scope) + (append ? Number(before) : 0);
    variables.set(name, String(sum), key);
  } else variables.set(name, before + text, key);
}

async function subscript(shell: Shell, name: string, index: NonNullable<Assignment['index']>): Promise<string> {
  if (shell.variables.find(name)?.associative) return expandText(shell.expansion, index);
  const number = await expandArithmetic(shell.expansion, index);
  return String(number < 0 ? number + shell.variables.elements(name).length : number);
}

async function assignElements(shell: Shell, assignment: Assignment): Promise<void> {
  const { variables, expansion } = shell;
  const { name, append, elements = [] } = assignment;
  const result = new Map(append ? variables.elements(name) : []);
  let next = [...result.keys()].reduce((highest, key) => Math.max(highest, Number(key) + 1), 0);
  for (const element of elements) {
    if (element.index !== undefined) {
      const key = await subscript(shell, name, element.index);
      result.set(key, await expandText(expansion, element.value));
      next = Number(key) + 1;
      continue;
    }
    for (const value of await expandWords(expansion, [element.value])) result.set(String(next++), value);
  }
  variables.setElements(name, result);
}
