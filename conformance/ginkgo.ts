/** How the suite is run: patterns of Go, and files. */
export interface GinkgoRun {
  readonly tests: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Where Ginkgo writes its JSON report. */
  readonly report: string;
  readonly focus: readonly string[];
  readonly skip: readonly string[];
  readonly procs: number;
}

/** Arguments of Ginkgo, which runs the parallel conformance specs and, when all of them have ended, the serial ones. */
export function ginkgoArguments(run: GinkgoRun): readonly string[] {
  return [
    `--procs=${run.procs}`,
    '--no-color',
    '--succinct',
    '--timeout=12h',
    '--poll-progress-after=0',
    `--json-report=${run.report}`,
    '--label-filter=Conformance',
    ...run.focus.map((pattern) => `--focus=${pattern}`),
    ...run.skip.map((pattern) => `--skip=${pattern}`),
    run.tests,
    '--',
    `--kubeconfig=${run.kubeconfig}`,
    `--kubectl-path=${run.kubectl}`,
    '--provider=skeleton',
    '--num-nodes=3',
    // Each failure would otherwise ask every node for logs for two minutes.
    '--dump-logs-on-failure=false',
  ];
}
