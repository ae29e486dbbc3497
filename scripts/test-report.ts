/** What Vitest's JSON report says, in the few words with which a run ends. */

/** The part of the report that is read. A file that could not be loaded has the status `failed` and no results. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
    }[]
  }[]
}

export interface SkippedFile {
  readonly file: string
  /** Their full names, which say what is missing: "… (needs ../shared/data)". */
  readonly tests: readonly string[]
}

const resultsOf = (report: Report) => report.testResults.flatMap(({ assertionResults }) => assertionResults)
const isSkip = ({ status }: { readonly status: string }): boolean => status !== 'passed' && status !== 'failed'

/** Failed tests, and files that failed as a whole: a file that does not load must not count as nothing. */
export function failures(report: Report): number {
  const tests = resultsOf(report).filter(({ status }) => status === 'failed').length
  const files = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  )
  return tests + files.length
}

/** `N passed, N failed`, and `, N skipped` when any was. */
export function tally(report: Report): string {
  const results = resultsOf(report)
  const passed = results.filter(({ status }) => status === 'passed').length
  const skipped = results.filter(isSkip).length
  return `${passed} passed, ${failures(report)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Every test that did not run, by file, in the order of the report. */
export function skips(report: Report): readonly SkippedFile[] {
  return report.testResults
    .map(({ name, assertionResults }) => ({
      file: name,
      tests: assertionResults.filter(isSkip).map(({ fullName }) => fullName.trim()),
    }))
    .filter(({ tests }) => tests.length > 0)
}
