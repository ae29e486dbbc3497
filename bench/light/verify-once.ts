/** One receipt bundle, from a checkpoint and answers of an RPC, as bytes, on whatever platform this runs. */
import { fromHex, toHex, utf8 } from '@plexus/codec'
import { readGenesis } from '@plexus/kernel'
import { headersOf, lightSettings, readLightBlock, startFromCheckpoint, verifyBundle } from '@plexus/sdk'

/** `vectors/light/access.json`. */
export interface KeptAccess {
  readonly genesis: string
  readonly bundle: string
  readonly now: number
  readonly checkpoint: { readonly chainName: string; readonly height: number; readonly hash: string }
  readonly blocks: readonly { readonly height: number; readonly commit: unknown; readonly validators: unknown }[]
}

export interface VerifiedOnce {
  /** Heights whose blocks were asked for, in this order. */
  readonly asked: readonly number[]
  readonly receipt: string
  readonly height: number
}

const bytesOf = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

/** Each call begins with bytes, and keeps nothing; it throws where something does not hold. */
export function verifierOf(kept: KeptAccess): () => Promise<VerifiedOnce> {
  const answers = new Map(
    kept.blocks.map(({ height, commit, validators }) => [
      height,
      { commit: bytesOf(commit), validators: bytesOf(validators) },
    ]),
  )
  const genesis = fromBase64(kept.genesis)
  const bundle = fromBase64(kept.bundle)
  const blockAt = async (height: number) => {
    const answer = answers.get(height)
    const read = answer && readLightBlock(answer)
    return read?.ok ? read.value : undefined
  }
  return async () => {
    const chain = readGenesis(genesis)
    const first = await blockAt(kept.checkpoint.height)
    const start = first && startFromCheckpoint({ ...kept.checkpoint, hash: fromHex(kept.checkpoint.hash) }, first)
    if (!chain.ok || !start?.ok) throw new Error('the checkpoint does not hold')
    const asked: number[] = []
    const primary = (height: number) => {
      asked.push(height)
      return blockAt(height)
    }
    const step = { trusted: start.value, now: { seconds: kept.now, nanoseconds: 0 }, settings: lightSettings }
    const headers = await headersOf(bundle, step, { primary, witnesses: [] })
    if (!headers.ok) throw new Error(`the headers do not hold: ${headers.reason.type}`)
    const access = verifyBundle(chain.value, bundle, headers.value.trust)
    if (!access.ok) throw new Error(`the bundle does not hold: ${access.reason.type}`)
    return { asked, receipt: toHex(access.value.receiptHash), height: access.value.receiptHeight }
  }
}
