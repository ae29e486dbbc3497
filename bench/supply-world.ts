/** Trading partners with books of supply over one ledger on disk, of which each sees what its own replica would show. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BookDesk, SupplyBook } from '@plexus/books'
import { compareBytes, encode, no, toHex } from '@plexus/codec'
import { contracts, directory, members, prescriptions, supply } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { blindKeys, type Journal, type JournalChange, tableOf } from '@plexus/exchange'
import {
  assembleEnvelope,
  type Chain,
  createMachine,
  foundChain,
  type Machine,
  readEnvelope,
  signBody,
} from '@plexus/kernel'
import { type LedgerStore, openLedgerStore } from '@plexus/store'
import { foundedAt } from './engine/world.ts'
import { bytesOf } from './sponsors.ts'

const validSeconds = 300
const secondsPerBlock = 5
export const board = 'state-board'

export interface Partner {
  readonly id: string
  readonly book: SupplyBook
  readonly journal: Journal
}

interface Step {
  readonly envelope: Uint8Array
  readonly about: Uint8Array
}

export class SupplyWorld {
  readonly chain: Chain
  readonly store: LedgerStore
  readonly partners = new Map<string, Partner>()
  time = foundedAt
  readonly #folder = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  readonly #machine: Machine
  readonly #notes: { readonly from: string; readonly to: string; readonly body: Uint8Array }[] = []
  readonly #steps = new Map<string, Step[]>()
  readonly #journalOf: (id: string, folder: string) => Journal
  #drawn = 0

  /** `journalOf`: where a partner's book is kept. */
  constructor(ids: readonly string[], journalOf: (id: string, folder: string) => Journal) {
    this.#journalOf = journalOf
    const all = [board, ...ids]
    this.chain = foundChain({
      name: 'bench',
      time: foundedAt,
      engine: { type: 'local', sequencer: new Uint8Array(32) },
      founding: [
        ...all.flatMap((member) => [
          founding({
            type: 'member-founded',
            member,
            address: 'local:',
            sealingKey: new Uint8Array(1216),
            owner: member,
          }),
          founding({
            type: 'key-registered',
            holder: member,
            key: publicKeyOf(this.#seedOf(member)),
            scopes: member === board ? ['licensing-board', 'sponsor'] : ['sponsor'],
            next: null,
            height: 0,
          }),
        ]),
        ...[prescriptions, supply].map(({ name, version }) =>
          founding({ type: 'contract-activated', contract: name, version, height: 0 }),
        ),
      ],
    })
    this.#machine = createMachine({ chain: this.chain, contracts, directory })
    this.store = openLedgerStore(join(this.#folder, 'ledger'), { chain: this.chain.id })
    if (!this.store.tip()) this.store.commit(this.#machine.found(), new Uint8Array(0))
    for (const id of all) this.partners.set(id, this.#open(id))
  }

  partner(id: string): Partner {
    const found = this.partners.get(id)
    if (!found) throw new Error(`no partner ${id}`)
    return found
  }

  /** Notes arrive and blocks are made until nothing waits. */
  async settle(): Promise<void> {
    while (this.#notes.length > 0 || this.#steps.size > 0) {
      for (const { from, to, body } of this.#notes.splice(0)) {
        const { book, journal } = this.partner(to)
        const taken = await book.take(from, body)
        if (!taken.ok) throw new Error(`${to} refused a note of ${from}: ${taken.reason.type}`)
        journal.append(taken.value)
      }
      this.#makeBlock()
    }
  }

  /** Each partner looks at what its replica shows, until none finds more. */
  look(): void {
    for (const { book, journal } of this.partners.values())
      for (let changes = book.look(); changes.length > 0; changes = book.look()) journal.append(changes)
  }

  close(): void {
    this.store.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #makeBlock(): void {
    const waiting = [...this.#steps].flatMap(([member, steps]) => steps.map((step) => ({ member, ...step })))
    this.#steps.clear()
    if (waiting.length === 0) return
    const tip = this.store.tip()
    this.time += secondsPerBlock
    const height = (tip?.height ?? 0) + 1
    const transactions = waiting.map(({ envelope }) => envelope)
    const applied = this.#machine.apply(this.store, { height, time: this.time, transactions })
    this.store.commit(applied, new Uint8Array(0))
    for (const [at, { member, about }] of waiting.entries()) {
      const outcome = applied.outcomes[at]
      if (outcome?.code !== 0) throw new Error(`a step of ${member} was refused: ${outcome?.space} ${outcome?.code}`)
      const { book, journal } = this.partner(member)
      journal.append(book.ended({ step: '', about, outcome: { type: 'accepted', height } }))
    }
  }

  #open(id: string): Partner {
    const journal = this.#journalOf(id, this.#folder)
    const desk = this.#deskOf(id, journal)
    const book = new SupplyBook(desk, {
      eventsAfter: (after, limit) => this.store.events(after, limit),
      // No prescription is filled here.
      fills: { composeFill: () => no({ type: 'item-unknown' }), fillMoved: () => [], rowOf: () => undefined },
    })
    return { id, book, journal }
  }

  #deskOf(member: string, journal: Journal): BookDesk {
    const seed = this.#seedOf(member)
    const random = (length: number) => this.#random(length)
    const { chain, store } = this
    const tip = () => {
      const found = store.tip()
      if (!found) throw new Error('the ledger is not founded')
      return found
    }
    return {
      member,
      chain: chain.id,
      state: store,
      random,
      organisations: new Map([[member, { id: member, seed }]]),
      seed,
      tip,
      now: () => this.time,
      table: (name, rows) => tableOf(journal, `supply-${name}`, rows),
      keyOf: blindKeys(seed),
      write: (changes: readonly JournalChange[]) => journal.append(changes),
      frame: () => ({
        sponsor: member,
        sponsorKey: publicKeyOf(seed),
        nonce: random(16),
        validUntil: this.time + validSeconds,
      }),
      step: ({ body, shares, about }) => {
        const all = [...shares, { key: publicKeyOf(seed), signature: signBody(chain.id, body, seed) }]
        all.sort((a, b) => compareBytes(a.key, b.key))
        const envelope = assembleEnvelope(
          body,
          all.map(({ signature }) => signature),
        )
        this.#steps.set(member, [...(this.#steps.get(member) ?? []), { envelope, about }])
        const read = readEnvelope(envelope)
        return { step: read.ok ? toHex(read.value.id) : '', changes: [] }
      },
      outcome: () => Promise.reject(new Error('nobody waits for a step here')),
      tell: (to, body) => {
        this.#notes.push({ from: member, to, body })
        return { note: String(this.#notes.length), changes: [] }
      },
      notify: () => [],
    }
  }

  #seedOf(member: string): Uint8Array {
    return bytesOf(member, 0)
  }

  /** The same in every run. */
  #random(length: number): Uint8Array {
    return bytesOf('random', this.#drawn++).slice(0, length)
  }
}

type MembersEvent = Parameters<(typeof members.event)['write']>[1]

const founding = (event: MembersEvent) => ({ contract: members.name, event: encode(members.event, event) })
