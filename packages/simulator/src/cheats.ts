/** One custodian's node that cheats: it changes what its own parts see or keep. Everybody else must notice, and nobody else must suffer. */
import { notary } from '@plexus/contracts'
import type { JournalChange } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import type { Actions } from './actions.ts'
import type { Dishonesty, SimulatedNode } from './node.ts'
import type { Patient } from './patient.ts'
import type { Cheat } from './plan.ts'
import { releaseSilently } from './silent-release.ts'
import type { World } from './world.ts'
import { kindOf } from './write-kinds.ts'

const replaySeconds = 4

/** What came of the cheat, so that the end can ask for what must have been found. */
export interface CheatRecord {
  readonly cheat: Cheat
  readonly node: SimulatedNode
  readonly custodian: string
  readonly patient: Patient
  /** Statement hashes of receipts that were never told; of requesters, intents of answers that were never told. */
  readonly omitted: string[]
  /** Milliseconds of the world. */
  readonly since: number
}

/** Makes the host of an enrolled patient's custodian cheat, or who asks it, and brings about what it cheats on. */
export function beginCheat(world: World, actions: Actions, cheat: Cheat): CheatRecord | undefined {
  const chance = world.chance.stream('cheat')
  const asker = world.founding.requesters[0] ?? ''
  const enrolled = world.patients.flatMap((patient) =>
    patient.custodians
      .filter((each) => patient.isEnrolledAt(each) && world.hostOf(each).name !== asker)
      .map((custodian) => ({ patient, custodian })),
  )
  if (enrolled.length === 0) return undefined
  const { patient, custodian } = chance.pick(enrolled)
  const node = cheat === 'unconfirmed-requester' ? world.node(asker) : world.hostOf(custodian)
  const record: CheatRecord = { cheat, node, custodian, patient, omitted: [], since: world.timeline.now }
  node.dishonesty = waysOf(world, record)
  world.tell(`${node.name} begins to cheat: ${cheat}`)
  world.count(`planted: ${cheat}`)
  const visit = () => actions.visit(patient, asker)
  visit()
  if (cheat === 'stale-head') {
    actions.changeDirectives([patient, custodian], [])
    for (const seconds of [15, 30, 45, 60]) world.timeline.after(seconds * 1000, visit)
  }
  if (cheat === 'omitted-receipt' || cheat === 'forked-chain') {
    actions.ownStaff(patient, custodian)
    for (const seconds of [10, 20]) world.timeline.after(seconds * 1000, visit)
  }
  for (const seconds of [25, 50]) world.timeline.after(seconds * 1000, visit)
  return record
}

function waysOf(world: World, record: CheatRecord): Dishonesty {
  const name = record.cheat
  switch (record.cheat) {
    case 'flipped-ciphertext':
      return {
        name,
        blob(bytes) {
          bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
          return bytes
        },
      }
    case 'swapped-ciphertext': {
      let before: Uint8Array | undefined
      return {
        name,
        blob(bytes) {
          const given = before ?? bytes.slice().reverse()
          before = bytes
          return given
        },
      }
    }
    case 'stale-head':
      return staleHead(world, name)
    case 'answers-twice':
      return answersTwice(world, record, name)
    case 'omitted-receipt':
      return {
        name,
        journalWrite(changes, write) {
          const told =
            kindOf(changes) === 'told'
              ? changes.find(({ table, value }) => table === 'receipts-to-tell' && !value)
              : undefined
          const own =
            told &&
            world.watch.receipts.some(({ hash, receipt }) => hash === told.key && receipt.decision.type === 'own-staff')
          if (told && own) record.omitted.push(told.key)
          write(own ? changes.filter(({ value }) => value === null) : changes)
        },
      }
    case 'omitted-notice':
      return withoutNotices(name, ['release'], (changes) => {
        const told = changes.find(({ table, value }) => table === 'requests' && value)?.key
        if (told !== undefined) record.omitted.push(told)
      })
    case 'unconfirmed-requester':
      return withoutNotices(name, ['answer'], (changes) => {
        const told = changes.find(({ table }) => table === 'intents-asked')?.key
        if (told !== undefined) record.omitted.push(told)
      })
    case 'silent-release':
      releaseSilently(world, record.node, record.custodian, record.patient.id)
      // Its honest parts never hear of the requests.
      return {
        name,
        journalWrite(changes, write) {
          if (kindOf(changes) !== 'receipt') write(changes)
        },
      }
    case 'forked-chain':
      return {
        name,
        // The patient's row is left as it was: the next receipt has the same number, on the same one before it.
        journalWrite: (changes, write) =>
          write(kindOf(changes) === 'own-staff' ? changes.filter(({ table }) => table !== 'patients') : changes),
      }
  }
}

/** What is written is written without what the patient would be told. */
function withoutNotices(
  name: string,
  kinds: readonly string[],
  omitted: (changes: readonly JournalChange[]) => void,
): Dishonesty {
  return {
    name,
    journalWrite(changes, write) {
      const quiet = kinds.includes(kindOf(changes)) && changes.some(({ table, value }) => table === 'outbox' && value)
      if (quiet) omitted(changes)
      write(quiet ? changes.filter(({ table }) => !table.startsWith('outbox')) : changes)
    },
  }
}

/** For this node every head stays open for ever, and no successor is taken. */
function staleHead(world: World, name: string): Dishonesty {
  const opened = new Map<string, Uint8Array>()
  const prefix = 'notary/handles/'
  for (const [key, value] of world.watch.ledger.entries(prefix)) {
    const handle = notary.queries.handle(viewOf(notary, world.watch.ledger), key.slice(prefix.length))
    if (handle?.status === 'open') opened.set(key, value)
  }
  return {
    name,
    stateValue: (key, value) => (key.startsWith(prefix) ? (opened.get(key) ?? value) : value),
    journalWrite(changes, write) {
      if (kindOf(changes) !== 'directive-set') write(changes)
    },
  }
}

/** It forgets that it has answered when the same request comes again. */
function answersTwice(world: World, { node }: CheatRecord, name: string): Dishonesty {
  const forgotten = new Set<string>()
  const twice = new Set<string>()
  world.watch.onAnswer.push((from, intent) => {
    const request = world.watch.requests.get(intent)
    if (from !== node || !request || twice.has(intent)) return
    twice.add(intent)
    world.timeline.after(replaySeconds * 1000, () => {
      forgotten.add(intent)
      world.carry(request.from, request.to, request.sealed, 1)
    })
  })
  return {
    name,
    journalValue: (table, key, value) => (table === 'requests' && forgotten.has(key) ? undefined : value),
    journalWrite(changes, write) {
      for (const { table, key } of changes) if (table === 'requests') forgotten.delete(key)
      write(changes)
    },
  }
}
