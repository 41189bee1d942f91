import type { CommandName } from 'just-bash';
import { baseName } from '../files/path.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { runToolFor } from '../tools/tool-threads.ts';

/** Options with which these tools can work line by line, so that `tail -f log | grep word` prints immediately. */
const lineByLine: { readonly [tool: string]: RegExp } = {
  grep: /^(-[vioxwEFGaeH]*|--line-buffered|--color(=\w+)?)$/,
  egrep: /^-[vioxwa]*$/,
  fgrep: /^-[vioxwa]*$/,
  sed: /^-[unrE]*$/,
  cut: /^-.*$/,
  rev: /^$/,
};

/** What a tool holds for each byte of its input: the bytes, its text, and what it makes of them. */
const bytesPerByte = 3;

/** What a run costs, in steps ({@link Process.step}), and how many bytes of input are one. */
const stepsPerRun = 20;
const bytesPerStep = 256;

/** A text tool of just-bash as a program: `grep`, `sed`, `awk`, `jq` … */
export function tool(command: CommandName): Program {
  return async (process) => {
    const environment = Object.fromEntries(process.environment);
    const run = async (input: Uint8Array): Promise<number> => {
      const held = input.length * bytesPerByte;
      process.hold(held);
      const pause = process.step(stepsPerRun + input.length / bytesPerStep);
      if (pause !== undefined) await pause;
      const { args, directory } = process;
      const result = await runToolFor(process, { command, args, directory, environment, input });
      process.hold(result.output.length - held);
      await process.stdout.write(result.output);
      process.hold(-result.output.length);
      if (result.errors !== '') await process.stderr.write(ownWords(process, command, result.errors));
      return result.exitCode;
    };
    return streams(process, command)
      ? eachChunk(process, run)
      : run(needsInput(process) ? await process.stdin.readAll() : new Uint8Array());
  };
}

/** Messages begin with the name that the program was called by. */
function ownWords(process: Process, command: string, text: string): string {
  const name = baseName(process.argv[0] ?? command);
  return text.replace(/^bash: (line \d+: )?/gm, '').replace(new RegExp(`^${command}: `, 'gm'), `${name}: `);
}

/** A terminal or an unfinished pipe is read only where an operand does not name files. */
function needsInput(process: Process): boolean {
  return (
    process.descriptors[0]?.terminal === undefined || process.args.filter((arg) => !arg.startsWith('-')).length < 2
  );
}

function streams(process: Process, command: string): boolean {
  const options = lineByLine[command];
  if (options === undefined) return false;
  const flags = process.args.filter((arg) => /^-./.test(arg));
  const operands = process.args.filter((arg) => !/^-./.test(arg));
  if (!flags.every((flag) => options.test(flag))) return false;
  // A second operand is a file; line numbers in a sed script count from the start of the input.
  if (command === 'sed') return operands.length === 1 && /^(s(.).*|\/[^/]*\/[dp])$/.test(operands[0] as string);
  return operands.length <= (command === 'cut' || command === 'rev' ? 0 : 1);
}

/** Runs the tool on complete lines as they come. The exit code is the best of all runs, as grep's. */
async function eachChunk(process: Process, run: (input: Uint8Array) => Promise<number>): Promise<number> {
  let rest: Uint8Array[] = [];
  let status: number | undefined;
  for (;;) {
    const chunk = await process.stdin.read();
    const end = chunk === undefined ? 0 : chunk.lastIndexOf(10) + 1;
    if (chunk !== undefined && end === 0) {
      process.hold(chunk.length);
      rest.push(chunk);
      continue;
    }
    const lines = joined(chunk === undefined ? rest : [...rest, chunk.subarray(0, end)]);
    process.hold(-rest.reduce((length, part) => length + part.length, 0));
    rest = [];
    if (lines.length > 0 || status === undefined) {
      const code = await run(lines);
      status = status === undefined ? code : Math.min(status, code);
    }
    if (chunk === undefined) return status;
    if (end < chunk.length) {
      process.hold(chunk.length - end);
      rest = [chunk.slice(end)];
    }
  }
}
