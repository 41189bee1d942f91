/** What an arithmetic expression can see of the shell. */
export interface ArithmeticScope {
  get(name: string, index: number | undefined): string;
  set(name: string, index: number | undefined, value: string): void;
}

/** The expression is wrong. */
export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError';
}

const tokens =
  /\s*(\d+#[0-9a-zA-Z]+|0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|&&|\|\||<<|>>|<=|>=|==|!=|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|[-+*/%<>=!~&|^?:,()[\]])/y;

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Evaluates an expression as `$(( ))` does. @throws ArithmeticError */
export function evaluate(text: string, scope: ArithmeticScope): number {
  return evaluateWithin(text, scope, 0, { left: mostWork });
}

/** Tokens that one evaluation may take, those of the variables in it included: some 20 ms. */
const mostWork = 100_000;
/** Variables in variables, and parts in parts. */
const deepest = 50;
const deepestNesting = 256;

function evaluateWithin(text: string, scope: ArithmeticScope, depth: number, work: { left: number }): number {
  if (depth > deepest) throw new ArithmeticError('expression recursion level exceeded');
  if (text.length > mostWork) throw new ArithmeticError('expression too long');
  if (text.trim() === '') return 0;
  return new Evaluation(text, scope, depth, work).run();
}

class Evaluation {
  readonly #tokens: string[] = [];
  readonly #scope: ArithmeticScope;
  readonly #depth: number;
  readonly #work: { left: number };
  #nesting = 0;
  #at = 0;
  /** Inside a branch that is not taken, nothing is assigned. */
  #idle = 0;

  constructor(text: string, scope: ArithmeticScope, depth: number, work: { left: number }) {
    this.#scope = scope;
    this.#depth = depth;
    this.#work = work;
    tokens.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (tokens.lastIndex < trimmed.length) {
      const match = tokens.exec(trimmed);
      if (match === null) throw new ArithmeticError('arithmetic syntax error');
      this.#tokens.push(match[1] as string);
      if (--work.left < 0) throw new ArithmeticError('expression recursion level exceeded');
    }
  }

  run(): number {
    const value = this.#comma();
    if (this.#at < this.#tokens.length) throw new ArithmeticError('arithmetic syntax error');
    return value;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new ArithmeticError('arithmetic syntax error');
  }

  #comma(): number {
    let value = this.#assignment();
    while (this.#take(',')) value = this.#assignment();
    return value;
  }

  #assignment(): number {
    const start = this.#at;
    const target = this.#target();
    if (target !== undefined) {
      const operator = this.#peek() ?? '';
      if (/^([-+*/%&|^]|<<|>>)?=$/.test(operator)) {
        this.#at++;
        if (++this.#nesting > deepestNesting) throw new ArithmeticError('expression recursion level exceeded');
        const right = this.#assignment();
        this.#nesting--;
        const value = operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#read(target), right);
        return this.#write(target, value);
      }
    }
    this.#at = start;
    return this.#ternary();
  }

  #target(): { name: string; index: number | undefined } | undefined {
    const name = this.#peek();
    if (name === undefined || !/^[A-Za-z_]/.test(name)) return undefined;
    this.#at++;
    if (!this.#take('[')) return { name, index: undefined };
    const index = this.#comma();
    this.#expect(']');
    return { name, index };
  }

  #read(target: { name: string; index: number | undefined }): number {
    const text = this.#scope.get(target.name, target.index).trim();
    if (text === '') return 0;
    if (/^-?\d+$/.test(text) && !/^-?0\d/.test(text)) return Number(text);
    return evaluateWithin(text, this.#scope, this.#depth + 1, this.#work);
  }

  #write(target: { name: string; index: number | undefined }, value: number): number {
    if (this.#idle === 0) this.#scope.set(target.name, target.index, String(value));
    return value;
  }

  #ternary(): number {
    const condition = this.#binary(0);
    if (!this.#take('?')) return condition;
    const yes = this.#branch(condition !== 0, () => this.#comma());
    this.#expect(':');
    const no = this.#branch(condition === 0, () => this.#assignment());
    return condition !== 0 ? yes : no;
  }

  #branch(taken: boolean, part: () => number): number {
    if (++this.#nesting > deepestNesting) throw new ArithmeticError('expression recursion level exceeded');
    if (!taken) this.#idle++;
    const value = part();
    if (!taken) this.#idle--;
    this.#nesting--;
    return value;
  }

  #binary(level: number): number {
    const operators = levels[level];
    if (operators === undefined) return this.#power();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#peek();
      if (operator === undefined || !operators.includes(operator)) return left;
      this.#at++;
      if (operator === '&&') left = this.#branch(left !== 0, () => this.#binary(level + 1)) !== 0 && left !== 0 ? 1 : 0;
      else if (operator === '||') {
        const right = this.#branch(left === 0, () => this.#binary(level + 1));
        left = left !== 0 || right !== 0 ? 1 : 0;
      } else left = this.#apply(operator, left, this.#binary(level + 1));
    }
  }

  #power(): number {
    const base = this.#unary();
    if (!this.#take('**')) return base;
    if (++this.#nesting > deepestNesting) throw new ArithmeticError('expression recursion level exceeded');
    const power = base ** this.#power();
    this.#nesting--;
    return power;
  }

  /** Every way to nest expressions leads through here. */
  #unary(): number {
    if (++this.#nesting > deepestNesting) throw new ArithmeticError('expression recursion level exceeded');
    const value = this.#signed();
    this.#nesting--;
    return value;
  }

  #signed(): number {
    if (this.#take('!')) return this.#unary() === 0 ? 1 : 0;
    if (this.#take('~')) return Number(~whole(this.#unary()));
    if (this.#take('-')) return -this.#unary();
    if (this.#take('+')) return this.#unary();
    for (const [operator, step] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (!this.#take(operator)) continue;
      const target = this.#target();
      if (target === undefined) throw new ArithmeticError('arithmetic syntax error');
      return this.#write(target, this.#read(target) + step);
    }
    return this.#postfix();
  }

  #postfix(): number {
    if (this.#take('(')) {
      const value = this.#comma();
      this.#expect(')');
      return value;
    }
    const target = this.#target();
    if (target !== undefined) {
      const value = this.#read(target);
      if (this.#take('++')) this.#write(target, value + 1);
      else if (this.#take('--')) this.#write(target, value - 1);
      return value;
    }
    const token = this.#peek();
    if (token === undefined || !/^\d/.test(token)) throw new ArithmeticError('arithmetic syntax error');
    this.#at++;
    return number(token);
  }

  #apply(operator: string, left: number, right: number): number {
    switch (operator) {
      case '+':
        return left + right;
      case '-':
        return left - right;
      case '*':
        return left * right;
      case '/':
      case '%':
        if (right === 0) {
          if (this.#idle > 0) return 0;
          throw new ArithmeticError('divide by zero');
        }
        return operator === '/' ? Math.trunc(left / right) : left % right;
      case '<':
        return left < right ? 1 : 0;
      case '>':
        return left > right ? 1 : 0;
      case '<=':
        return left <= right ? 1 : 0;
      case '>=':
        return left >= right ? 1 : 0;
      case '==':
        return left === right ? 1 : 0;
      case '!=':
        return left !== right ? 1 : 0;
      default:
        return bitwise(operator, whole(left), whole(right));
    }
  }
}

function whole(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

function bitwise(operator: string, left: bigint, right: bigint): number {
  switch (operator) {
    case '&':
      return Number(left & right);
    case '|':
      return Number(left | right);
    case '^':
      return Number(left ^ right);
    case '<<':
      return Number(BigInt.asIntN(64, left << (right & 63n)));
    default:
      return Number(BigInt.asIntN(64, left) >> (right & 63n));
  }
}

function number(token: string): number {
  const based = /^(\d+)#(.+)$/.exec(token);
  if (based) return Number.parseInt(based[2] as string, Number(based[1]));
  if (/^0[xX]/.test(token)) return Number.parseInt(token, 16);
  return /^0\d/.test(token) ? Number.parseInt(token, 8) : Number(token);
}
