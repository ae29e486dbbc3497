/** After everything is healed: nothing waits, every wallet holds the whole chain, every view names its sources, nothing leaked. */
import { equalBytes, fromHex, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { type Gathered, viewOfAsk } from '@plexus/exchange'
import { excusedWhenVoided, type Finding, findings, verifyBundle } from '@plexus/sdk'
import type { CheatRecord } from './cheats.ts'
import type { SimulatedNode } from './node.ts'
import type { Patient } from './patient.ts'
import type { WrittenReceipt } from './watch.ts'
import type { World } from './world.ts'

/**
 * The longest that anything may wait: an intent that was made while a clock was an hour ahead, and that a liar never answers;
 * the grace for its contents, and a few slow repeats.
 */
const settleSeconds = 5_100
/** A lie is found within a simulated day. */
const noticedWithinMilliseconds = 86_400_000
/** Between two looks of people at what they are to take note of. */
const noteSeconds = 5

/** Runs on until nothing is under way. */
export async function converge(world: World): Promise<void> {
  const settled = (): boolean => {
    const nodes = [...world.nodes.values()]
    const top = world.sequencerLedger.height
    return (
      world.people.alive === 0 &&
      world.underWay === 0 &&
      nodes.every((node) => node.isUp && node.exchange.idle && node.ledger.height === top)
    )
  }
  takeNote(world)
  const end = () => world.timeline.now + settleSeconds * 1000
  const healedAt = world.timeline.now
  world.require(
    await world.run(end(), settled),
    `convergence: ${waiting(world)} after ${settleSeconds} s without a fault`,
  )
  world.tell(`settled after ${Math.round((world.timeline.now - healedAt) / 1000)} s`)
  for (const patient of world.patients) lastSteps(world, patient)
  world.require(await world.run(end(), settled), `convergence: ${waiting(world)} after the last steps`)
  for (const patient of world.patients) {
    patient.alone(async (client) => {
      const fetched = await client.fetch()
      world.require(fetched.ok, 'convergence: a wallet cannot fetch its mail')
    })
  }
  world.require(await world.run(end(), settled), 'convergence: a wallet does not end its fetching')
  for (const patient of world.patients) patient.takeClosings()
}

function lastSteps(world: World, patient: Patient): void {
  patient.alone(async (client) => {
    await client.fetch()
    for (const custodian of client.custodians)
      if (!world.hostOf(custodian).dishonesty) await client.bringSets(custodian)
  })
}

function waiting(world: World): string {
  const what = [...world.nodes.values()].flatMap((node) => {
    if (!node.isUp) return [`${node.name} is down`]
    const { batches, requester, outbox } = node.exchange
    return [
      ...(batches.idle ? [] : [`${node.name} has statements to commit`]),
      ...(requester.idle ? [] : [`${node.name} has open asks`]),
      ...(outbox.waiting === 0 ? [] : [`${node.name} has ${outbox.waiting} notes nobody acknowledged`]),
      ...(node.ledger.height === world.sequencerLedger.height ? [] : [`${node.name} is behind`]),
    ]
  })
  return [...what, ...(world.people.alive > 0 ? [`${world.people.alive} people wait`] : [])].join(', ')
}

/** People at the receivers take note of what was entered in error, now and then. */
function takeNote(world: World): void {
  for (const node of world.nodes.values()) {
    const open = node.isUp ? node.exchange.corrections.list().filter(({ acknowledged }) => !acknowledged) : []
    for (const { id } of open) {
      world.people.begin(async () => {
        await world.at(node, ({ corrections }) => corrections.acknowledge(id))
        world.count('correction acknowledged')
      })
    }
  }
  world.timeline.after(noteSeconds * 1000, () => takeNote(world))
}

export function judgeEnding(world: World, cheat: CheatRecord | undefined): void {
  for (const patient of world.patients) judgeWallet(world, patient, cheat)
  const failedSources = judgeViews(world)
  judgeCorrections(world)
  judgeLeaks(world)
  if (cheat) judgeCheat(world, cheat, failedSources)
}

const receiptsOf = (world: World, patient: Patient, custodian: string): readonly WrittenReceipt[] => {
  const node = world.hostOf(custodian)
  const row = node.exchange.custody.patients.get(node.exchange.custody.patientKey(custodian, patient.id))
  // From the newest back to number 1, as the custodian's own chain says.
  const chain: WrittenReceipt[] = []
  const byHash = new Map(world.watch.receipts.map((each) => [each.hash, each]))
  for (let at = row ? byHash.get(toHex(row.lastReceipt)) : undefined; at; at = byHash.get(toHex(at.receipt.previous)))
    chain.unshift(at)
  return chain
}

/** INV-R5, and that an honest custodian is not suspected. */
function judgeWallet(world: World, patient: Patient, cheat: CheatRecord | undefined): void {
  const { state } = patient.client.wallet
  const found = findings(state)
  for (const relationship of state.relationships) {
    const { custodian, accesses } = relationship
    const node = world.hostOf(custodian)
    const row = node.exchange.custody.patients.get(node.exchange.custody.patientKey(custodian, patient.id))
    if (!row?.enrolment || node.dishonesty) continue
    const chain = receiptsOf(world, patient, custodian)
    world.require(
      chain.length === row.receipts && chain.every(({ receipt }, index) => receipt.number === index + 1),
      `receipts: ${custodian} numbers ${chain.length} receipts as ${row.receipts}`,
    )
    const missing = chain.filter(({ hash }) => !accesses.some((each) => toHex(each.receipt) === hash))
    world.require(
      missing.length === 0 && accesses.length === chain.length,
      `INV-R5: a wallet holds ${accesses.length} of the ${chain.length} receipts of ${custodian}; first missing ${missing[0]?.receipt.number} (${missing[0]?.receipt.decision.type})`,
    )
    for (const finding of found.filter((each) => each.custodian === custodian))
      world.require(
        isExcused(world, finding, chain),
        `INV-R5: a wallet suspects an honest ${custodian}: ${saysOf(finding)}`,
      )
  }
  for (const each of found) world.count(`finding: ${each.type}`)
  for (const bundle of patient.bundles) {
    const checked = verifyBundle(world.founding.chain, bundle)
    if (checked.ok) world.count('bundle verified')
    // What a grant that was voided need not show.
    else if (!cheat) world.require(excusedWhenVoided.includes(checked.reason.type), `bundle: ${checked.reason.type}`)
  }
}

/** The answer never reached the requester, or the request was made by hand: then the custodian alone tells of the release. */
function isExcused(world: World, finding: Finding, chain: readonly WrittenReceipt[]): boolean {
  if (finding.type !== 'unconfirmed' || finding.toldBy !== 'custodian') return false
  const told = chain.find(({ receipt }) => receipt.number === finding.number)
  if (!told) return false
  const asker = world.watch.asked.get(toHex(told.receipt.intent))?.content.requester
  if (asker !== undefined && world.node(asker).dishonesty?.name === 'unconfirmed-requester') return true
  if (world.watch.taken.has(toHex(told.receipt.intent))) return false
  world.count('released and never received')
  return true
}

const saysOf = (finding: Finding): string =>
  JSON.stringify(finding, (_key, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value))

const asksOf = (node: SimulatedNode): readonly Gathered[] =>
  node.journalDisk.entries('asks').map(([key]) => {
    const gathered = node.exchange.requester.gathered(fromHex(key))
    if (!gathered) throw new Error('an ask that stands in the journal is not gathered')
    return gathered
  })

/** What is shown is what a custodian took in, of one patient; what did not come is named. Returns whose sources failed. */
function judgeViews(world: World): ReadonlySet<string> {
  const failed = new Set<string>()
  for (const node of world.nodes.values()) {
    for (const gathered of asksOf(node)) {
      world.require(gathered.settled, `convergence: an ask of ${node.name} is not settled`)
      const view = viewOfAsk(gathered)
      world.count('view')
      const owners = new Set<string>()
      let shown = 0
      for (const source of gathered.sources) {
        const { custodian, state, code } = source
        const seen = view.sources.find((each) => each.custodian === custodian)?.state
        world.require(seen !== undefined, `view: the source ${custodian} is not named`)
        if (state === 'refused')
          world.require(
            seen?.type === 'withheld' && seen.code === code,
            `view: ${custodian} refused and is not shown so`,
          )
        else if (state === 'failed' && code !== 'contents-unavailable') {
          const isHonest = world.hostOf(custodian).dishonesty === undefined
          world.require(!isHonest, `view: an answer of an honest ${custodian} is not borne out: ${code}`)
          world.require(
            seen?.type === 'failed-verification',
            `view: ${custodian} gave an answer that is not borne out and is not shown so`,
          )
        } else if (state !== 'complete')
          world.require(seen?.type === 'unavailable', `view: ${custodian} did not answer and is not shown so`)
        if (state !== 'complete') {
          world.count(`source ${state}`)
          continue
        }
        shown += source.records.length
        for (const { verified, plaintext, statement, committedAt } of source.records) {
          if (verified !== 'verified') {
            failed.add(custodian)
            world.require(
              seen?.type === 'failed-verification',
              `view: ${custodian} gave what does not verify and is not shown so`,
            )
            const host = world.hostOf(custodian)
            const isDamaged = host.blobDisk.damaged.size > 0
            if (isDamaged) world.count('damage met, and shown as what does not verify')
            world.require(
              isDamaged || host.dishonesty !== undefined,
              `view: a record of an honest ${custodian} does not verify`,
            )
            continue
          }
          const owner = world.watch.ownerOf(custodian, plaintext)
          world.require(
            owner !== undefined &&
              equalBytes(sha256(plaintext), statement.plaintextHash) &&
              committedAt <= gathered.height,
            `view: an entry of ${custodian} is not what was committed`,
          )
          if (owner !== undefined) owners.add(owner)
        }
        if (source.records.some(({ verified }) => verified === 'verified')) world.count('source complete')
      }
      world.require(owners.size <= 1, 'view: entries of two patients in one record')
      world.require(view.entries === shown, `view: ${view.entries} entries of ${shown} that came`)
    }
  }
  return failed
}

/** Whoever received what was entered in error has been told. */
function judgeCorrections(world: World): void {
  const told = new Map(
    [...world.nodes].map(([name, node]) => [
      name,
      new Set(node.exchange.corrections.list().map(({ record }) => toHex(record))),
    ]),
  )
  for (const patient of world.patients) {
    for (const custodian of patient.custodians) {
      const { custody } = world.hostOf(custodian).exchange
      const wrong = new Set(
        custody
          .versions(custody.patientKey(custodian, patient.id))
          .filter(({ status }) => status === 'entered-in-error')
          .map(({ record }) => toHex(record)),
      )
      for (const [name, node] of world.nodes) {
        for (const { records } of asksOf(node).flatMap(({ sources }) => sources)) {
          const missed = records.find(({ statement }) => {
            const record = toHex(statement.record)
            return statement.custodian === custodian && wrong.has(record) && !told.get(name)?.has(record)
          })
          world.require(
            missed === undefined,
            `corrections: ${name} holds a record of ${custodian} that was entered in error, and was not told`,
          )
        }
      }
    }
  }
}

/** Nothing that recurs, and nothing of a chart, stands in the ledger, as bytes or as text. */
function judgeLeaks(world: World): void {
  const ledger = world.sequencerLedger
  const parts: Uint8Array[] = []
  for (let height = 0; height <= ledger.height; height++) parts.push(...(ledger.block(height)?.transactions ?? []))
  for (const [key, value] of ledger.entries('')) parts.push(Buffer.from(key), value)
  const haystack = Buffer.concat(parts)
  const secrets: (readonly [string, Uint8Array])[] = []
  for (const patient of world.patients) {
    secrets.push(['number', Buffer.from(patient.id)])
    for (const [custodian, records] of patient.founded.charts) {
      const key = patient.signingKey(custodian)
      if (key) secrets.push(['signing key', key])
      for (const { codes, bytes, source } of records) {
        secrets.push(['hash', sha256(bytes)], ['name', Buffer.from(source)])
        for (const { code } of codes) secrets.push(['code', Buffer.from(code)])
      }
    }
    for (const { accesses } of patient.client.wallet.state.relationships)
      for (const { receipt, intent } of accesses)
        secrets.push(['receipt', receipt], ...(intent.some((byte) => byte !== 0) ? [['intent', intent] as const] : []))
  }
  for (const [what, bytes] of secrets)
    for (const form of [
      Buffer.from(bytes),
      Buffer.from(toHex(bytes)),
      Buffer.from(Buffer.from(bytes).toString('base64url')),
    ])
      world.require(!haystack.includes(form), `leak: the ledger holds a patient's ${what}`)
}

/** Each cheat that took effect was noticed by whom it can be noticed by. */
function judgeCheat(
  world: World,
  { cheat, node, custodian, patient, omitted, since }: CheatRecord,
  failedSources: ReadonlySet<string>,
): void {
  const found = findings(patient.client.wallet.state).filter((each) => each.custodian === custodian)
  const finds = (type: Finding['type']): boolean => found.some((each) => each.type === type)
  const own = world.watch.receipts.filter(
    ({ receipt }) => receipt.custodian === custodian && receipt.mailbox && patient.ownsMailbox(receipt.mailbox.address),
  )
  const known = patient.client.wallet.state.relationships.find((each) => each.custodian === custodian)?.accesses ?? []
  const [worked, noticed] = ((): readonly [boolean, boolean] => {
    switch (cheat) {
      case 'flipped-ciphertext':
      case 'swapped-ciphertext': {
        const noticed = node.organisations.some(({ id }) => failedSources.has(id))
        return [noticed, noticed]
      }
      case 'stale-head':
        return [world.watch.staleAnswers.some((hash) => own.some((each) => each.hash === hash)), finds('stale-head')]
      case 'answers-twice': {
        const twice = [...world.watch.answeredWith.values()].some(
          (hashes) => hashes.size > 1 && own.some(({ hash }) => hashes.has(hash)),
        )
        return [twice, finds('answered-twice')]
      }
      case 'omitted-receipt': {
        const newest = known.at(-1)?.number ?? 0
        const skipped = own.filter(({ hash, receipt }) => omitted.includes(hash) && receipt.number < newest)
        return [skipped.length > 0, finds('gap')]
      }
      case 'silent-release':
        return [world.watch.taken.silent.size > 0, world.watch.taken.believed.length === 0]
      case 'omitted-notice': {
        // What the same node does not tell other patients is theirs to find.
        const taken = own.map(({ receipt }) => toHex(receipt.intent)).filter((intent) => world.watch.taken.has(intent))
        return [taken.some((intent) => omitted.includes(intent)), finds('unconfirmed') || finds('gap')]
      }
      case 'unconfirmed-requester': {
        const told = own.filter(({ receipt }) => omitted.includes(toHex(receipt.intent)))
        return [told.length > 0, finds('unconfirmed')]
      }
      case 'forked-chain': {
        const numbers = known.map(({ number }) => number)
        return [new Set(numbers).size < numbers.length, finds('fork')]
      }
    }
  })()
  if (worked) world.count(`took effect: ${cheat}`)
  world.require(!worked || noticed, `cheat: ${node.name} cheated (${cheat}) and nobody noticed`)
  world.require(
    world.timeline.now - since <= noticedWithinMilliseconds,
    `cheat: what ${node.name} did was noticed after more than a day`,
  )
  if (worked) world.count(`noticed: ${cheat}`)
}
