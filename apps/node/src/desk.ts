/**
 * What happens in person, played by the demonstration: a front desk hands out enrolment codes, an employer signs a
 * clinician in. Only the process of `demo` opens it, and only to whoever has the link that it printed.
 */
import { readJson, toHex, toPlain, utf8 } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import { custodianSystem } from '@plexus/fhir'
import { BottleDesk } from './bottle-desk.ts'
import { asker, board, type Demonstration, employClinician, mintNpi } from './demonstration.ts'
import type { MemberNode } from './member-node.ts'

/** A chart in the demonstration. `enrolled`: a wallet knows it already. */
export interface DeskPatient {
  readonly patient: string
  readonly enrolled: boolean
  readonly custodians: readonly { readonly id: string; readonly name: string; readonly member: string }[]
}

export class Desk {
  /** 64 hexadecimal digits, in the part of the link that no browser sends. */
  readonly token: string
  /** The member whose clinician asks. */
  readonly asker = asker
  /** Keeps mailboxes of wallets and carries their steps. */
  readonly keeper = board
  /** The chart whose story was told. */
  readonly told: string | null
  private readonly demonstration: Demonstration
  private readonly random: RandomBytes
  private readonly now: () => number
  /** The bottle's people. */
  readonly bottle: BottleDesk
  /** By their employers. */
  private readonly clinicians = new Map<string, Promise<string>>()

  constructor(parts: {
    readonly demonstration: Demonstration
    readonly random: RandomBytes
    readonly now: () => number
    readonly told: string | null
  }) {
    this.demonstration = parts.demonstration
    this.random = parts.random
    this.now = parts.now
    this.bottle = new BottleDesk(parts)
    this.told = parts.told
    this.token = toHex(parts.random(32))
  }

  /** Where somebody can be signed in: the asking member first, then those that keep charts. */
  get employers(): readonly string[] {
    const { nodes } = this.demonstration.network
    return [asker, ...[...nodes.keys()].filter((member) => member !== asker && member !== board)]
  }

  /** Where a clinician works; null where nobody does. */
  home(employer: string): MemberNode | null {
    return this.employers.includes(employer) ? this.demonstration.network.node(employer) : null
  }

  /** Charts with two custodians or more, those with most first; one whose wallet is in use comes after the others. */
  patients(): readonly DeskPatient[] {
    const { directory } = this.demonstration
    const found = directory.patients.map((patient): DeskPatient => {
      const custodians = directory.custodiansOf(patient).flatMap((id) => {
        const known = directory.byId(id)
        return known ? [{ id, name: known.name, member: known.member }] : []
      })
      return { patient, custodians, enrolled: custodians.some(({ id }) => this.isEnrolled(patient, id)) }
    })
    return found
      .filter(({ custodians }) => custodians.length > 1)
      .sort((a, b) => Number(a.enrolled) - Number(b.enrolled) || b.custodians.length - a.custodians.length)
  }

  /** A code for this chart, as the custodian's front desk hands it over; null where there is no such chart. */
  async code(patient: string, custodian: string): Promise<string | null> {
    const { directory, network } = this.demonstration
    const known = directory.byId(custodian)
    if (!known || !directory.custodiansOf(patient).includes(custodian)) return null
    return network.node(known.member).exchange.run(({ door }) => door.issueCode(custodian, patient))
  }

  /** The NPI of the demonstration's clinician at this member, who is employed on the first call. */
  signIn(employer: string): Promise<string> {
    const known = this.clinicians.get(employer) ?? this.employ(employer)
    this.clinicians.set(employer, known)
    return known
  }

  private async employ(employer: string): Promise<string> {
    const npi = mintNpi(this.random)
    await employClinician(this.demonstration, npi, this.now(), employer)
    if (employer !== asker) return npi
    for (const { patient, custodians } of this.patients()) await this.register(patient, custodians)
    return npi
  }

  /**
   * The asking member's own chart of somebody who was there before: who it is, and where else they are known, as an
   * insurance card says it. A chart that is there already stays as it is.
   */
  private async register(patient: string, custodians: DeskPatient['custodians']): Promise<void> {
    const resource = custodians
      .map(({ id, member }) => this.personIn(id, member, patient))
      .find((each) => each !== null)
    if (!resource) return
    const identifier = custodians.map(({ id }) => ({ system: `${custodianSystem}${id}`, value: patient }))
    const { name, birthDate, gender } = resource
    const own = { resourceType: 'Patient', id: patient, name, birthDate, gender, identifier }
    await this.demonstration.network.node(asker).exchange.register(asker, patient, [
      {
        source: `Patient/${patient}`,
        segment: 'general',
        resourceType: 'Patient',
        codes: [],
        contentType: 'application/fhir+json',
        bytes: utf8(JSON.stringify(own)),
        enteredInError: false,
      },
    ])
  }

  private personIn(custodian: string, member: string, patient: string): Readonly<Record<string, unknown>> | null {
    const { exchange, vault } = this.demonstration.network.node(member)
    const { custody } = exchange
    const row = custody.current(custody.patientKey(custodian, patient)).find((each) => each.resourceType === 'Patient')
    const opened = row && vault.open({ ...row, custodian })
    const read = opened?.ok ? readJson(opened.value) : undefined
    return read?.ok ? (toPlain(read.value.value) as Readonly<Record<string, unknown>>) : null
  }

  private isEnrolled(patient: string, custodian: string): boolean {
    const { directory, network } = this.demonstration
    const { custody } = network.node(directory.byId(custodian)?.member ?? board).exchange
    return Boolean(custody.patients.get(custody.patientKey(custodian, patient))?.enrolment)
  }
}
