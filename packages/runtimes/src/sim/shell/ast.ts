/** A word before expansion: pieces that are joined, split and matched later. */
export type Word = readonly Part[];

export type Part =
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly type: 'parameter';
      readonly name: string;
      /** Subscript of an array element: `@`, `*` or an arithmetic text. */
      readonly index?: Word;
      /** `-`, `:-`, `#`, `##`, `/`, `:`, `length`, `indirect`, `keys` … */
      readonly operator?: string;
      readonly operand?: Word;
      /** What a pattern is replaced by, or the length of a substring. */
      readonly second?: Word;
      readonly quoted: boolean;
    }
  | { readonly type: 'command'; readonly body: List; readonly quoted: boolean }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }
  /** `<(…)` and `>(…)` */
  | { readonly type: 'process'; readonly body: List; readonly direction: '<' | '>'; readonly quoted: boolean };

export interface Assignment {
  readonly name: string;
  readonly index?: Word;
  /** `+=` */
  readonly append: boolean;
  readonly value: Word;
  /** Set for `name=(…)`. */
  readonly elements?: readonly { readonly index?: Word; readonly value: Word }[];
}

export interface Redirection {
  /** The descriptor that is redirected. */
  readonly descriptor: number;
  readonly operator: '<' | '>' | '>|' | '>>' | '<>' | '<&' | '>&' | '&>' | '&>>' | '<<' | '<<<';
  /** Path, descriptor number, here-document or here-string. */
  target: Word;
}

export type Command =
  | {
      readonly type: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      readonly redirections: readonly Redirection[];
      /** `declare name=(…)`: done after the builtin. */
      readonly arrays?: readonly Assignment[];
      readonly line: number;
    }
  | {
      readonly type: 'pipeline';
      readonly commands: readonly Command[];
      readonly negated: boolean;
      readonly timed: boolean;
    }
  | { readonly type: 'and' | 'or'; readonly left: Command; readonly right: Command }
  | {
      readonly type: 'if';
      readonly clauses: readonly { readonly condition: List; readonly body: List }[];
      readonly otherwise: List | undefined;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'while';
      readonly until: boolean;
      readonly condition: List;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'for';
      readonly variable: string;
      /** Absent: the positional parameters. */
      readonly words: readonly Word[] | undefined;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'arithmetic-for';
      readonly start: Word;
      readonly condition: Word;
      readonly step: Word;
      readonly body: List;
      readonly redirections: readonly Redirection[];
    }
  | {
      readonly type: 'case';
      readonly word: Word;
      readonly items: readonly {
        readonly patterns: readonly Word[];
        readonly body: List;
        readonly end: ';;' | ';&' | ';;&';
      }[];
      readonly redirections: readonly Redirection[];
    }
  | { readonly type: 'group' | 'subshell'; readonly body: List; readonly redirections: readonly Redirection[] }
  | { readonly type: 'function'; readonly name: string; readonly body: Command }
  | { readonly type: 'condition'; readonly expression: Condition; readonly redirections: readonly Redirection[] }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly redirections: readonly Redirection[] };

/** The expression between `[[` and `]]`. */
export type Condition =
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Word }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Word; readonly right: Word }
  | { readonly type: 'word'; readonly word: Word }
  | { readonly type: 'not'; readonly operand: Condition }
  | { readonly type: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

export interface ListItem {
  readonly command: Command;
  /** Followed by `&`. */
  readonly background: boolean;
  /** As it was written, for `jobs`. */
  readonly text: string;
}

export type List = readonly ListItem[];
