import { quote } from '../field-error.ts';
import { qualifiedName } from '../names.ts';
import { failures } from '../status.ts';
import {
  type LabelMatcher,
  type LabelOperator,
  type LabelRequirement,
  matcherOf,
  requirementFault,
} from './label-matcher.ts';

const parsed = new Map<string, LabelMatcher>();
const maxParsed = 1024;
/** Longer selectors are read each time: what is kept is bounded in bytes. */
const maxKeptLength = 512;

/**
 * Reads a label selector as a URL carries it: `app=web,tier in (front,back),!legacy,size>3`. The empty text matches
 * everything. Selectors read before are shared.
 * @throws StatusError BadRequest with Kubernetes' reason.
 */
export function parseLabelSelector(text: string): LabelMatcher {
  let matcher = parsed.get(text);
  if (matcher === undefined) {
    matcher = matcherOf(new Parser(text).parse());
    if (text.length > maxKeptLength) return matcher;
    if (parsed.size >= maxParsed) parsed.clear();
    parsed.set(text, matcher);
  }
  return matcher;
}

type TokenKind = 'end' | 'identifier' | 'in' | 'notin' | ')' | '(' | ',' | '!' | '=' | '==' | '!=' | '>' | '<';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const end: Token = { kind: 'end', text: '' };

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [lexeme] of text.matchAll(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g)) {
    const keyword = lexeme === 'in' || lexeme === 'notin' || /^[=!(),<>]/.test(lexeme);
    tokens.push({ kind: keyword ? (lexeme as TokenKind) : 'identifier', text: lexeme });
  }
  return tokens;
}

/** The grammar of `apimachinery/pkg/labels`, with its error texts. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().kind === 'end') return requirements;
    for (;;) {
      const start = this.#peek();
      if (start.kind !== 'identifier' && start.kind !== '!') {
        throw failures.badRequest(
          requirements.length === 0
            ? `found '${start.text}', expected: !, identifier, or 'end of string'`
            : `found '${start.text}', expected: identifier after ','`,
        );
      }
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === 'end') return requirements;
      if (next.kind !== ',') throw failures.badRequest(`found '${next.text}', expected: ',' or 'end of string'`);
    }
  }

  #requirement(): LabelRequirement {
    const negated = this.#peek().kind === '!';
    if (negated) this.#take();
    const key = this.#take();
    if (key.kind !== 'identifier') throw unable(`found '${key.text}', expected: identifier`);
    const keyFaults = qualifiedName(key.text);
    if (keyFaults.length > 0) throw unable(`<nil>: Invalid value: ${quote(key.text)}: ${keyFaults.join('; ')}`);

    const following = this.#peek().kind;
    const alone = negated || following === 'end' || following === ',';
    const requirement: LabelRequirement = alone
      ? { key: key.text, operator: negated ? '!' : 'exists', values: [] }
      : this.#comparison(key.text);
    const fault = requirementFault(requirement);
    if (fault !== undefined) throw unable(fault);
    return requirement;
  }

  #comparison(key: string): LabelRequirement {
    const token = this.#take(true);
    const operator = operators.get(token.kind);
    if (operator === undefined) throw unable(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    const values = operator === 'in' || operator === 'notin' ? this.#set() : [this.#value()];
    return { key, operator, values };
  }

  #value(): string {
    const next = this.#peek().kind;
    if (next === 'end' || next === ',') return '';
    const token = this.#take();
    if (token.kind !== 'identifier') throw unable(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** Values in parentheses, sorted; an empty place between commas is the empty value. */
  #set(): string[] {
    const open = this.#take();
    if (open.kind !== '(') throw unable(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind !== 'identifier' && first.kind !== ',' && first.kind !== ')') {
      throw unable(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = new Set<string>();
    let place = '';
    for (;;) {
      const token = this.#take();
      if (token.kind === 'identifier' && place === '') {
        place = token.text;
        const next = this.#peek();
        if (next.kind !== ',' && next.kind !== ')') throw unable(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ',' || token.kind === ')') {
        values.add(place);
        place = '';
        if (token.kind === ')') return [...values].sort();
      } else throw unable(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  /** `in` and `notin` are operators only where one can stand; elsewhere they are names like any other. */
  #peek(asOperator = false): Token {
    const token = this.#tokens[this.#position] ?? end;
    return !asOperator && (token.kind === 'in' || token.kind === 'notin')
      ? { kind: 'identifier', text: token.text }
      : token;
  }

  #take(asOperator = false): Token {
    const token = this.#peek(asOperator);
    this.#position++;
    return token;
  }
}

const operators: ReadonlyMap<TokenKind, LabelOperator> = new Map<TokenKind, LabelOperator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function unable(why: string): Error {
  return failures.badRequest(`unable to parse requirement: ${why}`);
}
