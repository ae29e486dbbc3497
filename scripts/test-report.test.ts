import { describe, expect, test } from 'vitest'
import { failures, type Report, skips, tally } from './test-report.ts'

const result = (fullName: string, status: string) => ({ fullName, status })

const report: Report = {
  testResults: [
    { name: 'a.test.ts', status: 'passed', assertionResults: [result('one', 'passed'), result('two', 'passed')] },
    { name: 'b.test.ts', status: 'failed', assertionResults: [result('three', 'failed'), result('four', 'passed')] },
    { name: 'c.test.ts', status: 'passed', assertionResults: [result(' five (needs ../shared/data)', 'skipped')] },
    { name: 'd.test.ts', status: 'failed', assertionResults: [] },
  ],
}

describe('the end of a test run', () => {
  test('counts a file that does not load as a failure', () => {
    expect(failures(report)).toBe(2)
    expect(tally(report)).toBe('3 passed, 2 failed, 1 skipped')
  })

  test('names what was skipped by file, and says nothing of skips when there are none', () => {
    expect(skips(report)).toEqual([{ file: 'c.test.ts', tests: ['five (needs ../shared/data)'] }])
    expect(tally({ testResults: report.testResults.slice(0, 1) })).toBe('2 passed, 0 failed')
  })
})
