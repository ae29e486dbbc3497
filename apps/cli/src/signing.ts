/** Transactions of a member, signed here by keys that lie in its data directory; the node that carries them sees no secret. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHex } from '@plexus/codec'
import {
  type AskedAdmission,
  type MembersTransaction,
  type Place,
  type PractitionersTransaction,
  type SealedBy,
  sealMembersTransaction,
  sealPractitionersTransaction,
  sponsorAdmission,
  submitEnvelope,
} from '@plexus/sdk'
import type { NodeDoor } from './node-door.ts'
import { Refused } from './screen.ts'
import { tokenIn } from './staff.ts'

/** Who acts, and where its keys lie. */
export interface ActingOptions {
  readonly member?: string
  readonly token?: string
  readonly data?: string
}

/** `GET /ledger/governance`, as far as commands read it. Bytes are in hexadecimal, times in seconds since 1970. */
export interface Governance {
  readonly height: number
  readonly time: number
  readonly members: readonly { readonly member: string; readonly status: string; readonly owner: string }[]
  readonly policy: {
    readonly profile: string
    readonly version: number
    readonly parameters: Readonly<Record<string, number>>
  }
  readonly proposals: readonly {
    readonly proposal: number
    readonly action: { readonly type: string } & Readonly<Record<string, unknown>>
    readonly proposer: string
    readonly expiresAt: number
    readonly dueAt: number | null
    readonly inFavour: number
    readonly of: number
    readonly passes: boolean
    readonly votes: readonly { readonly voter: string; readonly inFavour: boolean }[]
  }[]
  readonly validators: readonly { readonly member: string; readonly key: string; readonly power: number }[]
  readonly versions: Readonly<Record<string, number>>
  readonly keys: readonly {
    readonly key: string
    readonly scopes: readonly string[]
    readonly status: string
    readonly next: string | null
    readonly dueAt: number | null
  }[]
}

const envelopeSeconds = 300
const seedBytes = 32

/** One member, its keys, and the door through which it speaks to the ledger. */
export class Acting {
  readonly member: string
  /** The folder of the member's secrets. */
  readonly keys: string
  private readonly door: NodeDoor
  private readonly token: string

  private constructor(
    door: NodeDoor,
    parts: { readonly member: string; readonly keys: string; readonly token: string },
  ) {
    this.door = door
    this.member = parts.member
    this.keys = parts.keys
    this.token = parts.token
  }

  static async as(door: NodeDoor, { member, token, data }: ActingOptions): Promise<Acting> {
    const named = member ?? door.named
    if (named === undefined) throw new Refused('member-needed', 'Which member acts must be said.', 'Give --member.')
    if (data === undefined)
      throw new Refused('data-needed', 'The member’s key lies in its data directory.', 'Give --data DIR.')
    const known = token ?? tokenIn(data, named)
    const keys = [join(data, named, 'keys'), join(data, 'keys')].find((each) => existsSync(each))
    if (keys === undefined || known === undefined)
      throw new Refused('data-missing', `${data} has no keys of ${named}.`, 'Check --data and --member.')
    return new Acting(door, { member: named, keys, token: known })
  }

  state(): Promise<Governance> {
    return this.door.must<Governance>(`/v1/members/${this.member}/ledger/governance`)
  }

  /** The member's own key, unless another file is named. */
  seed(name = 'member'): Uint8Array {
    return readSeed(join(this.keys, `${name}.secret`))
  }

  /** Signs and submits; answers when it is durable at the node. */
  async submit(transaction: MembersTransaction, besides: readonly Uint8Array[] = []): Promise<Place> {
    const by = await this.by(besides)
    return this.carry(sealed(() => sealMembersTransaction(transaction, by)))
  }

  /** The same of what a member or a board says of clinicians. */
  async attest(transaction: PractitionersTransaction): Promise<Place> {
    const by = await this.by([])
    return this.carry(sealed(() => sealPractitionersTransaction(transaction, by)))
  }

  private async by(besides: readonly Uint8Array[]): Promise<SealedBy> {
    return {
      chain: await this.chain(),
      sponsor: this.member,
      nonce: new Uint8Array(randomBytes(16)),
      validUntil: Math.floor(Date.now() / 1000) + envelopeSeconds,
      seeds: [this.seed(), ...besides],
    }
  }

  /** Proposes what a candidate asked for and signed; nothing but an admission is signed by this way. */
  async propose(asked: AskedAdmission): Promise<Place> {
    const own = { chain: await this.chain(), sponsor: this.member, seed: this.seed() }
    const sponsored = sponsorAdmission(asked, own)
    if (sponsored.ok) return this.carry(sponsored.value.envelope)
    throw new Refused(
      sponsored.reason.type,
      `This request is not one that ${this.member} can propose: ${sponsored.reason.type}.`,
      'The candidate asks again: `plexus network join`.',
    )
  }

  private async chain(): Promise<Uint8Array> {
    const { chain } = await this.door.must<{ readonly chain: string }>(`/v1/members/${this.member}/ledger`)
    return parseHex(chain) ?? new Uint8Array(0)
  }

  private async carry(envelope: Uint8Array): Promise<Place> {
    const answer = await submitEnvelope(
      {
        post: (path, type, body) => this.door.post(`/v1/members/${this.member}${path}`, type, body, this.token),
        pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      },
      envelope,
    )
    if (answer.ok) return answer.value
    const { code, refusal } = answer.reason
    throw new Refused(
      refusal ?? code,
      refusal === null ? `The node refused: ${code}.` : `The ledger refused: ${refusal}.`,
      'docs/reference/contracts says what each refusal of a contract means.',
    )
  }
}

/** What a person typed is checked by the schema of the transaction, and by nothing before it. */
function sealed(seal: () => Uint8Array): Uint8Array {
  try {
    return seal()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Refused('not-a-transaction', `This cannot be asked of the ledger: ${error.message}.`, 'Check the words.')
  }
}

export function readSeed(path: string): Uint8Array {
  if (!existsSync(path)) throw new Refused('file-missing', `There is no secret at ${path}.`, 'Check the path.')
  const seed = new Uint8Array(readFileSync(path))
  if (seed.length === seedBytes) return seed
  throw new Refused('not-a-secret', `${path} is not ${seedBytes} bytes.`, 'Restore it from the key backup.')
}
