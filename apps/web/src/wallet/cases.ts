/** What the wallet does about an entry or an access that is wrong; every step one after the other, through the keeper. */
import { parseHex } from '@plexus/codec'
import type { CaseSubject } from '@plexus/policy'
import type { WalletKeeper } from './keeper.ts'

/** Null when it is there; otherwise the code of who refused, or that nobody answered: then it is kept, to be sent again. */
export function openCase(
  keeper: WalletKeeper,
  custodian: string,
  asked: { readonly subject: CaseSubject; readonly words: string },
): Promise<string | null> {
  return keeper.turn(async ({ client }) => {
    const done = await client.openCase(custodian, asked)
    await client.fetch()
    return done.ok ? null : done.reason.type
  })
}

export function disagree(
  keeper: WalletKeeper,
  custodian: string,
  asked: { readonly id: string; readonly words: string },
): Promise<string | null> {
  return keeper.turn(async ({ client }) => {
    const id = parseHex(asked.id)
    if (!id) throw new Error('a case of this wallet has no id')
    const done = await client.disagree(custodian, { case: id, words: asked.words })
    await client.fetch()
    return done.ok ? null : done.reason.type
  })
}

export function sendCasesAgain(keeper: WalletKeeper, custodian: string): Promise<string | null> {
  return keeper.turn(async ({ client }) => {
    const done = await client.bringCases(custodian)
    await client.fetch()
    return done.ok ? null : done.reason.type
  })
}
