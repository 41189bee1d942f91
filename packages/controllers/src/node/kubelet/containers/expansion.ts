/**
 * Replaces `$(NAME)` by the variable's value (Kubernetes "Define Dependent Environment Variables"). An unknown name stays as
 * it is written; `$$` is a plain `$`; what was put in is not looked at again.
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return expandWith(text, (name) => variables.get(name) ?? `$(${name})`);
}

/** The same with a lookup of its own. */
export function expandWith(text: string, lookup: (name: string) => string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('$'); at >= 0 && at + 1 < text.length; at = text.indexOf('$', from)) {
    out += text.slice(from, at);
    const next = text[at + 1];
    const end = next === '(' ? text.indexOf(')', at + 2) : -1;
    if (next === '$') {
      out += '$';
      from = at + 2;
    } else if (end >= 0) {
      out += lookup(text.slice(at + 2, end));
      from = end + 1;
    } else {
      out += `$${next}`;
      from = at + 2;
    }
  }
  return out + text.slice(from);
}
