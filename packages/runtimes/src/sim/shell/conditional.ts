import { evaluate } from './arithmetic.ts';
import type { Condition } from './ast.ts';
import { ConditionError, compare, testBinary, testUnary } from './condition.ts';
import { expandPattern, expandText } from './expansion.ts';
import { matching } from './pattern.ts';
import { matchExtended, RegularExpressionError } from './regular-expression.ts';
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
    const pattern = await expandPattern(shell.expansion, condition.right);
    return (await shell.expansion.paced(matching(pattern, left))) === (operator !== '!=');
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
  const source = pattern.replace(/\\([^\w.*+?^${}()|[\]\\])/g, '$1');
  try {
    const groups = matchExtended(source, text);
    const elements = (groups ?? []).map((group, at): [string, string] => [String(at), group ?? '']);
    shell.variables.setElements('BASH_REMATCH', new Map(elements));
    return groups !== undefined;
  } catch (error) {
    if (!(error instanceof RegularExpressionError)) throw error;
    throw new ConditionError(`[[: ${error.message}`);
  }
}
