import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { expect, onTestFinished } from 'vitest'
import { type FileLedger, openFileLedger } from './file-ledger.testing.ts'
import { type LocalEngine, type SubmitAnswer, startLocalEngine } from './local-engine.ts'
import { engineSeed, genesisTime, memberNames, note, notesMachine } from './notes.testing.ts'
import { createReplica } from './replica.ts'
import { createSequencer } from './sequencer.ts'
import { virtualTime } from './virtual-time.testing.ts'

export const machine = notesMachine()
export const start = genesisTime + 100

export interface World {
  readonly engine: LocalEngine
  readonly time: ReturnType<typeof virtualTime>
  readonly stores: ReadonlyMap<string, FileLedger>
  readonly failures: (readonly [string | null, unknown])[]
  /** An envelope of the member, and where its answer will stand. */
  write(member: string, name: string, type?: 'write' | 'wipe'): { readonly envelope: Uint8Array; answer?: SubmitAnswer }
  tips(): readonly string[]
}

/** A sequencer and members on one virtual clock; with a directory, on files in it. */
export function world({
  members = memberNames,
  directory,
  at = start,
}: {
  readonly members?: readonly string[]
  readonly directory?: string
  readonly at?: number
} = {}): World {
  const time = virtualTime(at)
  const stores = new Map(
    ['sequencer', ...members].map(
      (name) => [name, openFileLedger(machine, directory && join(directory, name))] as const,
    ),
  )
  const storeOf = (name: string): FileLedger => {
    const store = stores.get(name)
    if (!store) throw new Error(`no store of ${name}`)
    return store
  }
  const failures: (readonly [string | null, unknown])[] = []
  const engine = startLocalEngine({
    sequencer: createSequencer({ machine, store: storeOf('sequencer'), seed: engineSeed }),
    replicas: members.map((member) => createReplica({ machine, store: storeOf(member), member })),
    clock: time.clock,
    schedule: time.schedule,
    onFailure: (member, error) => failures.push([member, error]),
    delayMilliseconds: 20,
  })
  return {
    engine,
    time,
    stores,
    failures,
    write(member, name, type = 'write') {
      const envelope = note(machine, member, { type, name }, time.clock.now())
      const written: { readonly envelope: Uint8Array; answer?: SubmitAnswer } = { envelope }
      engine.member(member).offer(envelope, (answer) => {
        expect(written.answer).toBeUndefined()
        written.answer = answer
      })
      return written
    },
    tips: () =>
      [...stores.values()].map((store) => `${store.tip()?.height} ${toHex(store.tip()?.appHash ?? new Uint8Array(0))}`),
  }
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'plexus-engine-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
