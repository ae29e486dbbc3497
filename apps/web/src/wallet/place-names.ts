/** How people call the organisations that a wallet knows by identifiers: as the node says, and as it said last while none answers. */
import { utf8 } from '@plexus/codec'
import { askJson } from '../node/door.ts'
import { open, seal } from './locks.ts'
import { storeBundle, storedBundle } from './storage.ts'

/** Where they are kept, beside the proofs, and the wallet's data key: where somebody is treated is nobody's business. */
interface Keeping {
  readonly at: string
  readonly key: CryptoKey
}

export class PlaceNames {
  private readonly sponsor: string
  private readonly told = new Map<string, string>()
  private before: ReadonlyMap<string, string> = new Map()
  private keeping: Keeping | undefined

  constructor(sponsor: string) {
    this.sponsor = sponsor
  }

  /** From now on what is told is kept. */
  async begin(chain: string, key: CryptoKey): Promise<void> {
    this.keeping = { at: `${chain}/names`, key }
    const sealed = await storedBundle(this.keeping.at)
    if (sealed) this.before = new Map(JSON.parse(new TextDecoder().decode(await open(key, sealed))))
  }

  async of(organisation: string): Promise<string> {
    if (this.told.has(organisation)) return this.known(organisation)
    const answer = await askJson<{ readonly name: string }>(
      `/v1/members/${this.sponsor}/organisations/${encodeURIComponent(organisation)}`,
    )
    if (!answer.ok) return this.known(organisation)
    this.told.set(organisation, answer.value.name)
    if (this.before.get(organisation) !== answer.value.name) await this.keep()
    return answer.value.name
  }

  /** The name, if it was learnt already. */
  known(organisation: string): string {
    return this.told.get(organisation) ?? this.before.get(organisation) ?? organisation
  }

  /** What is kept stays sealed. */
  clear(): void {
    this.told.clear()
    this.before = new Map()
    this.keeping = undefined
  }

  private async keep(): Promise<void> {
    if (!this.keeping) return
    const { at, key } = this.keeping
    this.before = new Map([...this.before, ...this.told])
    await storeBundle(at, await seal(key, utf8(JSON.stringify([...this.before]))))
  }
}
