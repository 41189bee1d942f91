import { FileError } from '../../files/file-error.ts';
import { textOf } from '../../files/tree.ts';
import type { Process } from '../../process/process.ts';

/** What of a `location` block is obeyed. */
interface Location {
  readonly prefix: string;
  readonly exact: boolean;
  readonly root: string | undefined;
  readonly alias: string | undefined;
  /** `return 200 "text";` */
  readonly answer: { readonly status: number; readonly text: string } | undefined;
  readonly stubStatus: boolean;
}

/** One `server` block: its ports, and what it serves there. */
export interface Server {
  readonly ports: readonly number[];
  readonly root: string;
  readonly index: readonly string[];
  readonly locations: readonly Location[];
  readonly accessLog: boolean;
}

/** The servers of a configuration, as far as it is understood: listen, root, index, location, alias, return. */
function parseServers(text: string): readonly Server[] {
  const clean = text.replace(/#[^\n]*/g, '');
  return blocks(clean, 'server').map(({ body }) => {
    const locations = blocks(body, 'location').map(({ argument, body: inner }): Location => {
      const [modifier = '', given] = argument.split(/\s+/);
      const returned = /\breturn\s+(\d{3})(?:\s+(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^;]*)))?\s*;/.exec(inner);
      return {
        prefix: given ?? modifier,
        exact: modifier === '=',
        root: directive(inner, 'root'),
        alias: directive(inner, 'alias'),
        answer:
          returned === null
            ? undefined
            : {
                status: Number(returned[1]),
                text: (returned[2] ?? returned[3] ?? returned[4] ?? '').replaceAll('\\n', '\n'),
              },
        stubStatus: /\bstub_status\b/.test(inner),
      };
    });
    const outside = blocks(body, 'location').reduce((rest, block) => rest.replace(block.whole, ''), body);
    const ports = [...outside.matchAll(/\blisten\s+(?:[^;\s]*:)?(\d+)[^;]*;/g)].map((match) => Number(match[1]));
    return {
      ports: ports.length === 0 ? [80] : [...new Set(ports)],
      root: directive(outside, 'root') ?? '/etc/nginx/html',
      index: (directive(outside, 'index') ?? 'index.html index.htm').split(/\s+/),
      locations,
      accessLog: !/\baccess_log\s+off\s*;/.test(outside),
    };
  });
}

function directive(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;{}\\s])${name}\\s([^;{}]+);`).exec(text)?.[1]?.trim();
}

function blocks(
  text: string,
  name: string,
): readonly { readonly argument: string; readonly body: string; readonly whole: string }[] {
  const found: { argument: string; body: string; whole: string }[] = [];
  const start = new RegExp(`(?:^|[;{}\\s])${name}\\b([^;{}]*)\\{`, 'g');
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    let depth = 1;
    let end = start.lastIndex;
    for (; end < text.length && depth > 0; end++) {
      if (text[end] === '{') depth++;
      if (text[end] === '}') depth--;
    }
    found.push({
      argument: (match[1] ?? '').trim(),
      body: text.slice(start.lastIndex, end - 1),
      whole: text.slice(match.index, end),
    });
    start.lastIndex = end;
  }
  return found;
}

/** The servers of the configuration that a command line names. @throws FileError if it cannot be read */
export function configuration(process: Process, args: readonly string[]): readonly Server[] {
  const given = args.indexOf('-c');
  const main = read(process, given >= 0 ? process.path(args[given + 1] ?? '') : '/etc/nginx/nginx.conf');
  const parts = [main];
  if (/include\s+\/etc\/nginx\/conf\.d\/\*\.conf/.test(main) && process.files.isDirectory('/etc/nginx/conf.d')) {
    for (const name of process.files.readdir('/etc/nginx/conf.d')) {
      if (name.endsWith('.conf')) parts.push(read(process, `/etc/nginx/conf.d/${name}`));
    }
  }
  return parts.flatMap(parseServers);
}

/** Characters of a configuration file that are looked at. */
const longestFile = 32_768;

function read(process: Process, path: string): string {
  const bytes = process.files.readFile(path);
  if (bytes.length > longestFile) throw new FileError('EFBIG', path);
  return textOf(bytes);
}
