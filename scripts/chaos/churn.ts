/** Members come and go under load, and one key comes to sign on two nodes: what the network decides by votes and by evidence. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode, fromHex } from '@plexus/codec'
import { members as contract, type MembersAction, type MembersTransaction } from '@plexus/contracts'
import type { Chain } from '@plexus/kernel'
import { allReach } from './checks.ts'
import { type Acknowledged, offer } from './load.ts'
import { command, Member } from './member.ts'
import { endsWell, must, pause } from './scenes.ts'

/** Evidence comes with the first block after two votes that contradict one another: those come soon, not at once. */
const evidenceSecondsMax = 120
const seatPower = 2
const stepSecondsMax = 60

export class Churn {
  static readonly comesAndGoes = 'a member is voted in, gets a seat and loses it by vote'
  static readonly signsTwice = 'a key signs on two nodes: evidence takes its seat'
  readonly newcomer: Member
  /** What was acknowledged of all this. */
  readonly acknowledged: Acknowledged[] = []
  private readonly chain: Chain
  private readonly data: string
  private readonly founders: readonly Member[]
  private readonly ports: { readonly peer: number; readonly engine: number }
  private proposals = 0

  constructor(
    chain: Chain,
    data: string,
    founders: readonly Member[],
    ports: { readonly api: number; readonly peer: number; readonly engine: number },
  ) {
    this.chain = chain
    this.data = data
    this.founders = founders
    this.ports = ports
    this.newcomer = new Member(data, 'newcomer', ports.api)
  }

  /** Voted in with a seat, given more power, and left without the seat. */
  async comeAndGo(): Promise<void> {
    const { name } = this.newcomer
    const at = ['--address', `plexus://127.0.0.1:${this.ports.peer}`, '--engine', `127.0.0.1:${this.ports.engine}`]
    const args = ['network', 'candidate', '--data', this.data, '--member', name, '--power', String(seatPower), '--json']
    must((await command([...args, ...at])) === 0, 'a newcomer was not described')
    const candidate = readCandidate(join(this.newcomer.folder, 'candidate.json'))
    await this.decide({ type: 'admit-member', ...candidate }, [
      this.newcomer.secret('member'),
      this.newcomer.secret('transport'),
    ])
    await this.newcomer.start()
    const { validator } = candidate
    must(validator !== null, 'the newcomer has no key for a seat')
    if (validator) await this.decide({ type: 'set-validator', member: name, key: validator.key, power: 2 * seatPower })
    await this.decide({ type: 'remove-validator', member: name })
  }

  /** The newcomer, which has no seat, is given the key of somebody's seat: the evidence costs that seat. */
  async signTwice(of: Member): Promise<void> {
    const { newcomer } = this
    if (this.proposals === 0) await this.comeAndGo()
    await endsWell(newcomer)
    const own = newcomer.secret('validator')
    const file = join(newcomer.folder, 'keys', 'validator.secret')
    const copy = join(newcomer.folder, 'engine', 'config', 'priv_validator_key.json')
    writeFileSync(file, of.secret('validator'), { mode: 0o600 })
    rmSync(copy)
    await newcomer.start()
    const end = Date.now() + evidenceSecondsMax * 1000
    const proven = async (): Promise<boolean> =>
      (await this.founders[0]?.metric('plexus_validators_misbehaved').catch(() => 0)) === 1
    while (!(await proven())) {
      must(Date.now() < end, `${of.name}'s key signed on two nodes for ${evidenceSecondsMax} s, and nobody proved it`)
      await pause(500)
    }
    await newcomer.kill('both')
    writeFileSync(file, own, { mode: 0o600 })
    rmSync(copy)
    // Whoever is removed is let in nowhere.
    await this.decide({ type: 'remove-member', member: newcomer.name, successor: null })
  }

  /** Proposed, voted for by as many as it takes, and enacted. */
  private async decide(action: MembersAction, signers: readonly Uint8Array[] = []): Promise<void> {
    const [proposer, ...others] = this.founders as [Member, ...Member[]]
    this.proposals += 1
    const proposal = this.proposals
    await this.ask(proposer, { type: 'propose', action }, signers)
    const needed = Math.floor((2 * (this.founders.length + 1)) / 3)
    for (const voter of others.slice(0, needed)) await this.ask(voter, { type: 'vote', proposal, inFavour: true })
    await this.ask(proposer, { type: 'enact', proposal })
  }

  private async ask(member: Member, transaction: MembersTransaction, signers: readonly Uint8Array[] = []) {
    const answer = await offer(this.chain, member, contract.name, encode(contract.transaction, transaction), signers)
    if (!answer) throw new Error(`${transaction.type} of ${member.name} was not accepted`)
    this.acknowledged.push(answer)
    // Whoever takes the next step has the one before.
    must(await allReach(this.founders, answer.height, stepSecondsMax), `not all have the block of ${transaction.type}`)
  }
}

type Candidate = Omit<Extract<MembersAction, { readonly type: 'admit-member' }>, 'type'>

/** As `network candidate` writes it, with bytes in hexadecimal. */
function readCandidate(file: string): Candidate {
  const { member, address, engineAddress, owner, sealingKey, keys, validator } = JSON.parse(
    readFileSync(file, 'utf8'),
    (name, value) => (bytesIn.has(name) && typeof value === 'string' ? fromHex(value) : value),
  ) as Candidate
  return { member, address, engineAddress, owner, sealingKey, keys, validator }
}

const bytesIn: ReadonlySet<string> = new Set(['key', 'next', 'sealingKey'])
