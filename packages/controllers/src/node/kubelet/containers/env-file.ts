/**
 * The value of a key in an env file (KEP-3721 "Support for env files"): lines `KEY='value'`, empty lines and comments. What
 * stands between the single quotes is taken as it is, line ends too; the last assignment counts. Undefined if the file has no
 * such key. @throws Error naming the line that is none of these
 */
export function envFileValue(text: string, key: string): string | undefined {
  let value: string | undefined;
  let rest = text;
  for (let line = 1; rest !== ''; ) {
    const found = assignment.exec(rest) ?? blank.exec(rest);
    if (found === null) throw new Error(`invalid environment variable format at line ${line}: expected KEY='value'`);
    const [whole, name, quoted] = found;
    if (name === key) value = quoted;
    line += whole.split('\n').length - 1;
    rest = rest.slice(whole.length);
  }
  return value;
}

const assignment = /^[ \t]*([^=\s#'][^=\s']*)[ \t]*=[ \t]*'([^']*)'[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/;
const blank = /^[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/;
