import { evaluate } from './arithmetic.ts';
import type { Condition } from './ast.ts';
import { compare, testBinary, testUnary } from './condition.ts';
import { expandPattern, expandText } from './expansion.ts';
import { compiled, matches } from './pattern.ts';
import type { Shell } from './shell.ts';

/** Evaluates the expression between `[[` and `]]`. @throws ConditionError */
export async function evaluateCondition(shell: Shell, condition: Condition): Promise<boolean> {
  switch (condition.type) {
    case 'not':
      return !(await evaluateCondition(shell, condition.operand));
    case 'and':
      return (await evaluateCondition(shell, condition.left)) && evaluateCondition(shell, condition.right);
    case 'or':
      return (await evaluateCondition(shell, condition.left)) || evaluateCondition(shell, condition.right);
    case 'word':
      return (await expandText(shell.expansion, condition.word)) !== '';
    case 'unary': {
      const operand = await expandText(shell.expansion, condition.operand);
      if (condition.operator === '-v') return shell.variables.get(operand) !== undefined;
      if (condition.operator === '-o') return shell.options.has(operand);
      return testUnary(shell.process, condition.operator, operand);
    }
    case 'binary':
      return binary(shell, condition);
  }
}

async function binary(shell: Shell, condition: Extract<Condition, { type: 'binary' }>): Promise<boolean> {
  const { operator } = condition;
  const left = await expandText(shell.expansion, condition.left);
  if (operator === '=' || operator === '==' || operator === '!=') {
    return matches(await expandPattern(shell.expansion, condition.right), left) === (operator !== '!=');
  }
  if (operator === '=~') return regularExpression(shell, left, await expandPattern(shell.expansion, condition.right));
  const right = await expandText(shell.expansion, condition.right);
  if (/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) {
    const scope = {
      get: (name: string) => shell.variables.get(name) ?? '',
      set: (name: string, _index: number | undefined, value: string) => shell.variables.set(name, value),
    };
    return compare(operator, evaluate(left, scope), evaluate(right, scope));
  }
  return testBinary(shell.process, left, operator, right);
}

function regularExpression(shell: Shell, text: string, pattern: string): boolean {
  // Escapes that only a shell pattern needs are taken back.
  const source = pattern
    .replace(/\\([^.*+?^${}()|[\]\\])/g, '$1')
    .replace(/\[\[:(\w+):\]\]/g, (_whole, name: string) => classes[name] ?? '.');
  const match = compiled(source).exec(text);
  shell.variables.setElements('BASH_REMATCH', new Map((match ?? []).map((group, at) => [String(at), group ?? ''])));
  return match !== null;
}

const classes: { readonly [name: string]: string } = {
  alpha: '[A-Za-z]',
  digit: '[0-9]',
  alnum: '[A-Za-z0-9]',
  space: '\\s',
  upper: '[A-Z]',
  lower: '[a-z]',
};
