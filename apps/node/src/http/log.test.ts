import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createLogger, failureFacts } from './log.ts'

const canary = 'Jane Canary, born 1941-02-03'

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  write(createLogger(sink))
  return lines.join('')
}

test('a line holds the fields of the list, with the values that their forms allow', () => {
  const text = logged((logger) => logger.info({ what: 'started', port: 7400, member: 'hospital-1' }))
  expect(JSON.parse(text)).toMatchObject({ level: 'info', what: 'started', port: 7400, member: 'hospital-1' })
})

test('T-34: other fields are left out, and values of another form are replaced', () => {
  const text = logged((logger) => {
    const strange = { what: 'seen', patient: canary, err: new Error(canary), message: canary, msg: canary }
    logger.info(strange)
    logger.error(new Error(canary) as never)
    logger.info({ what: canary, member: canary, route: `/v1/${canary}`, problem: canary, at: canary, failure: canary })
    logger.info({ what: 'seen', status: canary as never, method: canary, requestId: canary })
    logger.error({ what: 'seen', route: '/v1/members/hospital/charts/JaneCanary' })
  })
  expect(text).not.toContain('Canary')
  expect(text).not.toContain('1941')
  expect(text).toContain('"what":"(left out)"')
  expect(text.trim().split('\n')).toHaveLength(5)
})

test('a failure is told by its class and the line of our code that threw it', () => {
  class StoreError extends Error {
    override readonly name = 'StoreError'
  }
  const facts = failureFacts(new StoreError(canary))
  expect(facts.failure).toBe('StoreError')
  expect(facts.at).toMatch(/^apps\/node\/src\/http\/log\.test\.ts:\d+:\d+$/)
  expect(failureFacts(canary)).toEqual({ failure: 'Unknown' })
})
