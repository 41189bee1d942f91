/** What became of one spec. */
export interface SpecResult {
  /** As the suite prints it: `[sig-node] Pods should be updated [NodeConformance] [Conformance]`. */
  readonly name: string;
  /** The folder of the suite that it is in: `apps`, `network`, `common` … */
  readonly subject: string;
  readonly state: SpecState;
  /** The first line of what went wrong; empty where nothing did. */
  readonly reason: string;
  readonly seconds: number;
}

/** `not run`: no pattern selected it, or the run ended before its turn. `skipped`: it says itself that it does not apply. */
export type SpecState = 'passed' | 'failed' | 'skipped' | 'not run';

/** The parts of Ginkgo's JSON report that are read here. */
interface SuiteReport {
  readonly SpecReports: readonly SpecReport[] | null;
}

interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeText: string;
  readonly LeafNodeType: string;
  readonly LeafNodeLocation: { readonly FileName?: string };
  readonly State: string;
  /** In nanoseconds. */
  readonly RunTime: number;
  readonly NumAttempts?: number;
  readonly Failure?: { readonly Message: string };
}

/** The conformance specs of Ginkgo's JSON report. @throws SyntaxError, TypeError for what is no such report */
export function parseReport(text: string): readonly SpecResult[] {
  const suites = JSON.parse(text) as readonly SuiteReport[];
  return suites
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType }) => LeafNodeType === 'It')
    .map(specResult)
    .filter(({ name }) => name.includes('[Conformance]'));
}

function specResult(report: SpecReport): SpecResult {
  const [reason = ''] = (report.Failure?.Message ?? '').trim().split('\n');
  return {
    name: [...(report.ContainerHierarchyTexts ?? []), report.LeafNodeText].join(' '),
    subject: /\/test\/e2e\/([^/]+)\//.exec(report.LeafNodeLocation.FileName ?? '')?.[1] ?? 'other',
    state: stateOf(report),
    reason,
    seconds: report.RunTime / 1e9,
  };
}

/** A spec that a pattern leaves out is `skipped` for Ginkgo too, but was never tried. */
function stateOf({ State, NumAttempts = 0 }: SpecReport): SpecState {
  if (State === 'passed') return 'passed';
  if (State === 'pending' || (State === 'skipped' && NumAttempts === 0)) return 'not run';
  return State === 'skipped' ? 'skipped' : 'failed';
}
