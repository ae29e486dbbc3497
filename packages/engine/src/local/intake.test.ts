import { type Envelope, readEnvelope } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { createIntake } from './intake.ts'
import { genesisTime, note, notesMachine } from './notes.testing.ts'
import { virtualTime } from './virtual-time.testing.ts'

const machine = notesMachine()

function envelopeOf(name: string, isForged: boolean) {
  const bytes = Uint8Array.from(note(machine, 'clinic-a', { type: 'write', name }, genesisTime))
  if (isForged) bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1
  const read = readEnvelope(bytes)
  if (!read.ok) throw new Error('an own envelope is readable')
  return { bytes, envelope: read.value }
}

/** An intake whose pool answers when told to, and whose sequencer holds as many as told. */
function started() {
  const time = virtualTime(genesisTime)
  const answers: (() => void)[] = []
  const heard: string[] = []
  const learnt: Envelope[] = []
  const sequencer = { waiting: 0 }
  const intake = createIntake({
    pool: {
      verify: (envelopes) =>
        new Promise((resolve) => {
          answers.push(() => resolve(envelopes.map((bytes) => bytes.length > 0)))
        }),
    },
    learn: (_, envelope) => learnt.push(envelope),
    waiting: () => sequencer.waiting,
    schedule: time.schedule,
    onFailure: (error) => {
      throw error
    },
  })
  const offer = (member: string, name: string, isForged = false) =>
    intake.add(member, {
      ...envelopeOf(name, isForged),
      verified: () => heard.push(`${member} ${name}`),
      refused: ({ reason }) => heard.push(`${member} ${name} ${reason.reason}`),
    })
  const answer = async (): Promise<void> => {
    answers.shift()?.()
    await Promise.resolve()
    await Promise.resolve()
    time.run(0)
  }
  return { time, intake, heard, learnt, sequencer, offer, answer, asked: () => answers.length }
}

test('a lone envelope is verified on the spot, and a forged one is told apart', () => {
  const { time, heard, learnt, offer, asked } = started()
  offer('clinic-a', 'one')
  offer('clinic-b', 'two', true)
  time.run(0)
  expect(heard).toEqual(['clinic-a one', 'clinic-b two signature-invalid'])
  expect([learnt.length, asked()]).toEqual([1, 0])
})

test('T-18: a member with a thousand envelopes in front of it waits behind itself, and the others do not', async () => {
  const { time, heard, offer, answer } = started()
  for (let index = 0; index < 1_000; index++) offer('flooder', `${index}`)
  offer('clinic-a', 'first')
  offer('clinic-b', 'first')
  time.run(0)
  await answer()
  expect(heard.length).toBeGreaterThan(2)
  expect(heard.length).toBeLessThanOrEqual(128)
  expect(heard.slice(0, 3)).toEqual(['flooder 0', 'clinic-a first', 'clinic-b first'])
})

test('nothing goes on while a block is full of what waits already', async () => {
  const { time, heard, sequencer, intake, offer } = started()
  sequencer.waiting = 256
  offer('clinic-a', 'patient')
  time.run(0)
  expect(heard).toEqual([])
  sequencer.waiting = 255
  intake.pump()
  expect(heard).toEqual(['clinic-a patient'])
})
