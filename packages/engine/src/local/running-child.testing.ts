/**
 * A whole engine on real files and real timers, until it is killed: two members write notes, and each answer is said on
 * stdout as "member id height". Arguments: directory, and
 * the time at which its clock starts.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { openFileLedger } from './file-ledger.testing.ts'
import { startLocalEngine } from './local-engine.ts'
import { endOf, engineSeed, idOf, note, notesMachine } from './notes.testing.ts'
import { createReplica } from './replica.ts'
import { createSequencer } from './sequencer.ts'

const [directory = '', startAt = '0'] = process.argv.slice(2)
const machine = notesMachine()
const open = (name: string) => openFileLedger(machine, join(directory, name))
const names = ['clinic-a', 'clinic-b']
const start = Date.now()
const clock = { now: () => Number(startAt) + (Date.now() - start) / 1_000 }
const engine = startLocalEngine({
  sequencer: createSequencer({ machine, store: open('sequencer'), seed: engineSeed }),
  replicas: names.map((member) => createReplica({ machine, store: open(member), member })),
  clock,
  schedule(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  onFailure(_member, error) {
    throw error
  },
})

function next(member: string, count: number): void {
  const name = `${process.pid}-${member}-${count}`
  const envelope = note(machine, member, { type: 'write', name }, clock.now())
  engine.member(member).offer(envelope, (answer) => {
    if (!answer.ok || answer.value.outcome.code !== 0)
      throw new Error(`a note was not accepted: ${JSON.stringify(answer)}`)
    writeSync(1, `${member} ${toHex(idOf(envelope))} ${endOf(envelope)} ${answer.value.height}\n`)
    next(member, count + 1)
  })
}
for (const member of names) next(member, 0)
