/** A custodian that lets keys go without a receipt on the ledger: it answers by hand what its honest parts would record first. */
import { concatBytes, encode, utf8 } from '@plexus/codec'
import { merkleRoot, sealTo } from '@plexus/crypto'
import { type Exchange, type MemberNote, memberNote, NoteDesk, releaseInfo, statementsIn } from '@plexus/exchange'
import type { Opening } from '@plexus/kernel'
import type { SimulatedNode } from './node.ts'
import type { Asked } from './watch.ts'
import type { World } from './world.ts'

/** Answers every request that reaches a node from now on, for one custodian and patient. */
export function releaseSilently(world: World, node: SimulatedNode, custodian: string, patient: string): void {
  const answered = new Set<string>()
  world.watch.onRequest.push((from, to, intent, asked) => {
    if (to !== node.name || asked.content.custodian !== custodian || answered.has(intent)) return
    answered.add(intent)
    world.people.begin(async () => {
      const made = await world.at(node, (exchange) =>
        answerByHand(world, exchange, node, { asked, custodian, patient }),
      )
      const desk = new NoteDesk({
        chain: world.founding.chain.id,
        member: node.name,
        seed: node.seed,
        sealingSeed: node.founded.sealingSeed,
        state: () => world.watch.ledger,
        send: () => {},
      })
      const sealed = made && (await desk.seal(from, encode(memberNote, made)))
      if (sealed) world.send(node, from, sealed)
    })
  })
}

async function answerByHand(
  world: World,
  exchange: Exchange,
  node: SimulatedNode,
  { asked, custodian, patient }: { readonly asked: Asked; readonly custodian: string; readonly patient: string },
): Promise<MemberNote | undefined> {
  const { custody, receipts, batches } = exchange
  const key = custody.patientKey(custodian, patient)
  const row = custody.patients.get(key)
  const intent = world.watch.hashOf(asked.intent)
  const records = custody.current(key)
  const openings = records.map(({ leaf }) => batches.opening(leaf)).filter((each) => each !== undefined)
  const keys = records.map(({ record }) => node.vault.dataKey(record))
  if (!row || !intent || records.length === 0 || openings.length < records.length) return undefined
  // Made as a receipt is made, and never written: its leaf joins no batch.
  const written = receipts.write(row, {
    ...receipts.frame(custodian, row),
    intent,
    decision: { type: 'permit' },
    recordsRoot: merkleRoot(records.map(({ hash }) => hash)),
    recordsCount: records.length,
    chains: [],
  })
  const kept = written.changes.find(({ table }) => table === 'statements')?.value
  const made = kept ? statementsIn(world.founding.chain.id, kept)[0] : undefined
  if (!made) throw new Error('a receipt is no statement')
  const { type, statement, leafKey } = made
  const receipt: Opening = { type, statement, leafKey, index: 0, size: 1, path: [] }
  const release = await sealTo({
    publicKey: asked.content.sessionKey,
    info: utf8(releaseInfo),
    context: concatBytes(intent, written.hash),
    plaintext: concatBytes(...keys.map((each) => (each.ok ? each.value : new Uint8Array(32)))),
  })
  return {
    type: 'answer',
    intent,
    receipt,
    note: receipts.signNote(custodian, written.hash),
    release,
    records: openings,
    disputes: [],
  }
}
