import { type Envelope, readEnvelope, signaturesHold } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { genesisTime, note, notesMachine } from './notes.testing.ts'
import { rememberSignatures } from './signature-memory.ts'

const machine = notesMachine()

function envelope(name: string): Envelope {
  const read = readEnvelope(note(machine, 'clinic-a', { type: 'write', name }, genesisTime))
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value
}

/** The memory over the real check, and how often that was asked. */
function counted(max: number) {
  let asked = 0
  const holds = rememberSignatures(max, (each) => {
    asked += 1
    return signaturesHold(each)
  })
  return { holds, asked: () => asked }
}

test('what held is verified once, until it is the oldest of too many', () => {
  const { holds, asked } = counted(2)
  const [a, b, c] = [envelope('a'), envelope('b'), envelope('c')]
  expect([a, a, b, a].map(holds)).toEqual([true, true, true, true])
  expect(asked()).toBe(2)
  expect([c, b, c, a].map(holds)).toEqual([true, true, true, true])
  expect(asked()).toBe(4)
})

test('another signature under a remembered body is verified, and what failed is never remembered', () => {
  const { holds, asked } = counted(10)
  const good = envelope('a')
  const bad = {
    ...good,
    signatures: good.signatures.map((each) => each.map((byte, index) => (index === 9 ? byte ^ 1 : byte))),
  }
  expect([bad, good, bad, { ...good, signatures: [] }, bad].map(holds)).toEqual([false, true, false, false, false])
  expect(asked()).toBe(5)
})
