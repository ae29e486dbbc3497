/** After everything is healed: what the ledgers hold, what the vaults say of themselves, and that time goes on. */
import { equalBytes, toHex } from '@plexus/codec'
import { kernelRejections, readEnvelope } from '@plexus/kernel'
import type { World } from './world.ts'

/** Twenty intervals of empty blocks. */
const livelySeconds = 100
const blocksAwaited = 2

/** New blocks come, and reach everybody. */
export async function judgeLiveness(world: World): Promise<void> {
  const from = world.sequencerLedger.height
  const goesOn = (): boolean => {
    const { height } = world.sequencerLedger
    return height >= from + blocksAwaited && [...world.nodes.values()].every(({ ledger }) => ledger.height === height)
  }
  world.require(
    await world.run(world.timeline.now + livelySeconds * 1000, goesOn),
    `liveness: no ${blocksAwaited} blocks at every replica within ${livelySeconds} s`,
  )
}

export function judgeLedgers(world: World): void {
  judgeReplicas(world)
  judgeTransactions(world)
  judgeVaults(world)
}

/** Every replica holds the same bytes: each block with its outcomes, and the whole state. */
function judgeReplicas(world: World): void {
  const { sequencerLedger } = world
  const state = [...sequencerLedger.entries('')]
  for (const { name, ledger } of world.nodes.values()) {
    const own = [...ledger.entries('')]
    world.require(
      own.length === state.length &&
        state.every(([key, value], at) => own[at]?.[0] === key && equalBytes(own[at]?.[1] ?? value, value)),
      `replicas: the state of ${name} is not byte for byte that of the sequencer`,
    )
    for (let height = 1; height <= sequencerLedger.height; height++) {
      const [here, there] = [ledger.block(height), sequencerLedger.block(height)]
      world.require(
        here !== undefined &&
          there !== undefined &&
          equalBytes(here.header, there.header) &&
          here.transactions.length === there.transactions.length &&
          here.transactions.every((each, at) => equalBytes(each, there.transactions[at] ?? new Uint8Array(0))) &&
          here.outcomes.every(({ code, space }, at) => {
            const other = there.outcomes[at]
            return other?.code === code && other.space === space
          }),
        `replicas: block ${height} of ${name} is not that of the sequencer`,
      )
    }
  }
}

/** An envelope is accepted at most once, never after its end, and never called expired before it. */
function judgeTransactions(world: World): void {
  const accepted = new Set<string>()
  for (let height = 1; height <= world.sequencerLedger.height; height++) {
    const block = world.sequencerLedger.block(height)
    for (const [index, bytes] of (block?.transactions ?? []).entries()) {
      const envelope = readEnvelope(bytes)
      const outcome = block?.outcomes[index]
      if (!envelope.ok || !block || !outcome) continue
      const id = toHex(envelope.value.id)
      const isPast = envelope.value.body.validUntil < block.time
      if (outcome.code === 0) {
        world.require(!accepted.has(id), `at most once: an envelope was accepted in block ${height} again`)
        world.require(!isPast, `expiry: an envelope was accepted in block ${height} after its end`)
        accepted.add(id)
      } else if (outcome.space === 'kernel' && outcome.code === kernelRejections.expired.code)
        world.require(isPast, `expiry: an envelope was called expired in block ${height} before its end`)
    }
  }
}

/**
 * A vault that reads itself through suspects no pack that is whole, and finds each that is not: by its name, or, where
 * only the id of a record in its index changed, by a ciphertext that no key is for.
 */
function judgeVaults(world: World): void {
  for (const { name, vault, blobDisk, dishonesty } of world.nodes.values()) {
    if (dishonesty) continue
    const { damagedPacks, leftover } = vault.verify()
    const { damaged } = blobDisk
    const missed = damaged.size - damagedPacks.length
    world.require(
      damagedPacks.every((each) => damaged.has(each)),
      `vault: ${name} suspects a pack that is whole`,
    )
    world.require(missed === 0 || leftover > 0, `vault: ${name} does not find all that is damaged in its vault`)
    if (damaged.size > 0) world.count('damage met, and found by the vault itself')
  }
}
