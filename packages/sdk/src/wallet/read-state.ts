/** Entries of the ledger's state as a wallet reads them: a member shows them, and a header that there is reason to believe bears them out. */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import { type Chain, readSignedHeader, sequencerKeyOf } from '@plexus/kernel'
import { believedHeader, engineKey } from '../header-trust.ts'
import type { HeaderBelief } from '../light/belief.ts'
import { isStateUnder, type ShownState } from '../light/included.ts'
import type { StepRefusal } from './client.ts'

/** What a member answers, believed by nobody yet. */
export interface StateAnswers {
  /** An entry of the state on which the block `height` ran, the newest unless told. */
  entry(key: string, height?: number): Promise<Result<ShownState & { readonly height: number }, StepRefusal>>
  /** The canonical bytes of a block's signed header, on the embedded engine. */
  header(height: number): Promise<Uint8Array | undefined>
}

/** Entries by their keys, null where there is none, all of one state: that before the block `height`. */
export interface ReadEntries {
  readonly height: number
  readonly values: readonly (Uint8Array | null)[]
}

/** Refused with `ledger-not-shown` when an entry is not what a believed header says. */
export type ReadState = (keys: readonly string[], height?: number) => Promise<Result<ReadEntries, StepRefusal>>

/** `headers`: of CometBFT, where votes show them; not asked where one key orders. */
export function stateReader(parts: {
  readonly chain: Chain
  readonly answers: StateAnswers
  readonly headers: HeaderBelief
}): ReadState {
  const { chain, answers, headers } = parts

  async function headerAt(height: number): Promise<Result<{ readonly appHash: Uint8Array }, StepRefusal>> {
    if (!sequencerKeyOf(chain)) return headers(height)
    const bytes = await answers.header(height)
    const read = bytes && readSignedHeader(bytes)
    if (!read?.ok) return no({ type: 'ledger-not-shown' })
    const { header } = read.value
    const believed = believedHeader(chain, read.value, engineKey)
    if (!believed.ok || header.height !== height || !equalBytes(header.chain, chain.id))
      return no({ type: 'ledger-not-shown' })
    return ok(believed.value)
  }

  return async (keys, asked) => {
    const values: (Uint8Array | null)[] = []
    let under: { readonly height: number; readonly appHash: Uint8Array } | undefined
    for (const key of keys) {
      const shown = await answers.entry(key, under?.height ?? asked)
      if (!shown.ok) return shown
      const { height } = shown.value
      if (!under) {
        const header = await headerAt(height)
        if (!header.ok) return header
        under = { height, appHash: header.value.appHash }
      }
      if (shown.value.key !== key || height !== under.height || !isStateUnder(under, shown.value))
        return no({ type: 'ledger-not-shown' })
      values.push(shown.value.value)
    }
    return ok({ height: under?.height ?? asked ?? 0, values })
  }
}
