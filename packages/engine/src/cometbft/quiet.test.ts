import { expect, test, vi } from 'vitest'
import { createQuiet } from './quiet.ts'

/** Time in the test's hands: `due` are the calls that wait. */
function handDriven() {
  const due = new Map<() => void, number>()
  return {
    due,
    schedule(callback: () => void, milliseconds: number) {
      due.set(callback, milliseconds)
      return () => void due.delete(callback)
    },
  }
}

test('an empty proposal waits half the time that others give it', async () => {
  const { due, schedule } = handDriven()
  const waited = createQuiet(schedule, 1_000).wait()
  expect([...due.values()]).toEqual([500])
  for (const call of [...due.keys()]) call()
  await waited
  expect(due.size).toBe(0)
})

test('an envelope ends the wait, and one that came before it lets it not begin', async () => {
  const { due, schedule } = handDriven()
  const quiet = createQuiet(schedule, 1_000)
  const done = vi.fn()
  const first = quiet.wait().then(done)
  await Promise.resolve()
  expect(done).not.toHaveBeenCalled()
  quiet.arrived()
  await first
  quiet.arrived()
  await quiet.wait()
  expect(due.size).toBe(0)
  // It has been waited for once: the next proposal waits again.
  const third = quiet.wait().then(done)
  expect(due.size).toBe(1)
  quiet.arrived()
  await third
  expect(done).toHaveBeenCalledTimes(2)
})
