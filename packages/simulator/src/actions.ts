/** What people do in a world: patients, clinicians, custodians' own staff, boards and members that vote. */
import { encode } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import {
  type Directive,
  type Evidence,
  evidence,
  evidenceContent,
  type Purpose,
  purposes,
  type Segment,
  segments,
  statementTypes,
} from '@plexus/policy'
import type { Chance } from './chance.ts'
import { recordOf } from './founding.ts'
import type { Patient, Visit } from './patient.ts'
import { Suspensions } from './suspensions.ts'
import type { World } from './world.ts'

const visitSeconds = 3600

export class Actions {
  private readonly world: World
  private readonly chance: Chance
  readonly suspensions: Suspensions
  private records = 1000

  constructor(world: World) {
    this.world = world
    this.chance = world.chance.stream('actions')
    this.suspensions = new Suspensions(world, this.chance, () => this.askAgain())
  }

  /** Charts are brought in, and most patients enrol. */
  begin(): void {
    const { world } = this
    for (const patient of world.patients) {
      world.people.begin(async () => {
        for (const [custodian, records] of patient.founded.charts) {
          if (custodian === world.founding.joining?.id) continue
          await world.bring(custodian, patient.id, records)
          if (!patient.founded.enrolsLate) patient.alone((client) => patient.enrol(client, custodian))
        }
      })
    }
  }

  /** One random action. */
  something(): void {
    const weighted: readonly (readonly [number, () => void])[] = [
      [6, () => this.visit()],
      [5, () => this.askAgain()],
      [4, () => this.changeDirectives()],
      [2, () => this.closeAndStayAway()],
      [3, () => this.ownStaff()],
      [2, () => this.moreRecords()],
      [3, () => this.enteredInError()],
      [1, () => this.suspensions.licence()],
      [1, () => this.suspensions.role()],
      [1, () => this.suspensions.member()],
      [2, () => this.enrolLate()],
      [2, () => this.fetchMail()],
      [3, () => this.selfAsserted()],
      [2, () => this.referral()],
      [1, () => this.byDirective()],
    ]
    let drawn = this.chance.below(weighted.reduce((sum, [weight]) => sum + weight, 0))
    const chosen = weighted.find(([weight]) => {
      drawn -= weight
      return drawn < 0
    })
    chosen?.[1]()
  }

  get patient(): Patient {
    return this.chance.pick(this.world.patients)
  }

  private enrolled(): readonly (readonly [Patient, string])[] {
    return this.world.patients.flatMap((patient) =>
      patient.custodians.filter((each) => patient.isEnrolledAt(each)).map((custodian) => [patient, custodian] as const),
    )
  }

  /** The patient checks in with the wallet, and a clinician asks everybody whom it named. */
  visit(of: Patient = this.patient, requester = this.chance.pick(this.world.founding.requesters)): void {
    const custodians = of.custodians.filter((each) => of.isEnrolledAt(each))
    if (custodians.length === 0) return
    const { world } = this
    const visit: Visit = { visit: this.chance.bytes(16), requester, custodians: this.chance.some(custodians) }
    const [purpose, types] = [this.purpose(), this.types()]
    world.tell(`check-in at ${requester} for ${visit.custodians.join(', ')}`)
    world.count('check-in')
    of.alone(async (client) => {
      const told = await client.checkIn(requester, visit.visit, visit.custodians, visitSeconds)
      if (!told.ok) return world.count(`check-in refused: ${told.reason.type}`)
      of.visits.push(visit)
      world.people.begin(() => this.ask(visit, purpose, types))
    })
  }

  async ask({ visit, requester }: Visit, purpose: Purpose = 'TREAT', types: readonly string[] = []): Promise<void> {
    const { world } = this
    const node = world.node(requester)
    const clinician = world.founding.clinicians.find(({ organisation }) => organisation === requester)
    if (!clinician) throw new Error('nobody asks for this member')
    const ready = await world.people.until(
      () => world.ask(node, ({ requester: asking }) => asking.visitReady(visit)) === true,
      visitSeconds,
    )
    if (!ready) return
    const emergency = purpose === 'ETREAT' ? ({ reason: 'unconscious', words: '' } as const) : null
    const asked = await world.at(node, ({ requester: asking }) =>
      asking.ask({ visit, clinician, purpose, emergency, types }),
    )
    world.count(asked?.ok ? 'ask' : 'ask not made')
  }

  private askAgain(): void {
    const { visits } = this.patient
    if (visits.length === 0) return
    const visit = this.chance.pick(visits)
    const [purpose, types] = [this.purpose(), this.types()]
    this.world.people.begin(() => this.ask(visit, purpose, types))
  }

  private purpose(): Purpose {
    return this.chance.happens(0.75) ? 'TREAT' : this.chance.pick(purposes)
  }

  private types(): readonly string[] {
    return this.chance.happens(0.85) ? [] : ['Condition', 'Observation']
  }

  private directive(): Directive {
    const { chance, world } = this
    const scopes = [
      { type: 'everything' },
      { type: 'everything' },
      { type: 'segment', segment: chance.pick<Segment>(segments) },
      { type: 'type', resourceType: 'Condition' },
    ] as const
    const grantees = [
      { type: 'anyone' },
      { type: 'organisation', id: chance.pick(world.founding.requesters) },
      { type: 'practitioner', npi: chance.pick(world.founding.clinicians).npi },
    ] as const
    return {
      effect: chance.happens(0.5) ? 'deny' : 'permit',
      grantee: chance.pick<Directive['grantee']>(grantees),
      scope: chance.pick<Directive['scope']>(scopes),
      purposes: chance.happens(0.7) ? [] : ['TREAT'],
      from: Math.floor(world.now) - 10,
      until: chance.happens(0.8) ? null : Math.floor(world.now) + chance.between(5, 200),
    }
  }

  changeDirectives(of = this.anyEnrolled(), directives?: readonly Directive[]): void {
    if (!of) return
    const { world } = this
    const [patient, custodian] = of
    const set = directives ?? Array.from({ length: this.chance.below(3) }, () => this.directive())
    patient.alone(async (client) => {
      await patient.spare(client, custodian)
      const changed = await client.changeDirectives(custodian, set)
      world.tell(
        `directives at ${custodian}: ${changed.ok ? `closed in ${changed.value.height}` : changed.reason.type}`,
      )
      world.count(changed.ok ? 'directives changed' : `directives: ${changed.reason.type}`)
      if (changed.ok) await patient.spare(client, custodian)
    })
  }

  private anyEnrolled(): readonly [Patient, string] | undefined {
    const enrolled = this.enrolled()
    return enrolled.length > 0 ? this.chance.pick(enrolled) : undefined
  }

  /** The head is closed and the successor does not get through for a while; meanwhile somebody asks. */
  closeAndStayAway(of = this.anyEnrolled()): void {
    if (!of) return
    const { world } = this
    const [patient, custodian] = of
    const host = world.hostOf(custodian).name
    world.deafTo.add(host)
    this.changeDirectives(of)
    this.visit(
      patient,
      this.chance.pick(
        world.founding.requesters.filter((each) => each !== host).concat(world.founding.requesters[0] ?? host),
      ),
    )
    world.timeline.after(this.chance.between(10, 40) * 1000, () => void world.deafTo.delete(host))
  }

  ownStaff(of: Patient = this.patient, custodian?: string): void {
    const { world } = this
    if (of.custodians.length === 0) return
    const at = custodian ?? this.chance.pick(of.custodians)
    const clinician = this.chance.pick(world.founding.clinicians).npi
    world.people.begin(async () => {
      await world.at(world.hostOf(at), ({ receipts }) =>
        receipts.ownStaffRead({ custodian: at, patient: of.id, clinician }),
      )
    })
  }

  /** New records, and new versions of old ones; the wallet gets the keys of new segments. */
  private moreRecords(): void {
    const { world, chance, patient } = this
    if (patient.custodians.length === 0) return
    const custodian = chance.pick(patient.custodians)
    const old = chance.pick(patient.founded.charts.get(custodian) ?? [])
    const added = [
      recordOf(chance, { patient: patient.id, number: this.records++ }),
      recordOf(chance, { patient: patient.id, number: this.records++, source: old.source }),
    ]
    const node = world.hostOf(custodian)
    world.watch.registered(custodian, patient.id, added)
    world.people.begin(async () => {
      await world.bring(custodian, patient.id, added)
      await world.at(node, ({ door, custody }) => door.giveWrappingKeys(custody.patientKey(custodian, patient.id)))
    })
    world.count('more records')
  }

  private enteredInError(): void {
    const { chance, patient } = this
    if (patient.custodians.length === 0) return
    const custodian = chance.pick(patient.custodians)
    this.markInError(custodian, patient, chance.pick(patient.founded.charts.get(custodian) ?? []).source)
  }

  /** A record of this custodian that somebody has received; false where there is none. */
  receivedInError(custodian: string): boolean {
    const { world } = this
    const received = world.patients.flatMap((patient) => {
      const sources = world.ask(world.hostOf(custodian), ({ custody, custodian: agent }) => {
        const key = custody.patientKey(custodian, patient.id)
        return custody.current(key).filter(({ record }) => agent.receiversOf(key, record).length > 0)
      })
      return (sources ?? []).map(({ source }) => ({ patient, source }))
    })
    if (received.length === 0) return false
    const { patient, source } = this.chance.pick(received)
    this.markInError(custodian, patient, source)
    return true
  }

  private markInError(custodian: string, patient: Patient, source: string): void {
    const { world } = this
    world.people.begin(async () => {
      const done = await world.atLast(world.hostOf(custodian), ({ corrections }) =>
        corrections.enteredInError(custodian, patient.id, source),
      )
      world.count(done?.ok ? 'entered in error' : `entered in error: ${done?.reason.type}`)
      if (done?.ok && done.value.receivers.length > 0) world.count('receivers told of an error')
    })
  }

  private enrolLate(): void {
    for (const patient of this.world.patients) {
      const custodian = patient.custodians.find((each) => !patient.isEnrolledAt(each))
      if (custodian === undefined) continue
      this.world.count('enrolled late')
      patient.alone((client) => patient.enrol(client, custodian))
      return
    }
  }

  private fetchMail(): void {
    const { patient } = this
    if (this.chance.happens(0.3) && !patient.isBusy) patient.reopen()
    patient.alone(async (client) => {
      await client.fetch()
      await Promise.resolve()
    })
    this.world.count('mail fetched')
  }

  /** The asker alone says that the patient is there, by the custodian's own number. */
  private selfAsserted(
    patient = this.patient,
    custodian = this.chance.pick(patient.custodians),
    requester = this.chance.pick(this.world.founding.requesters),
  ): void {
    const now = Math.floor(this.world.now)
    const piece: Evidence = {
      content: {
        type: 'self-asserted',
        id: this.chance.bytes(16),
        custodian,
        requester,
        subject: { type: 'record-number', number: this.chance.happens(0.9) ? patient.id : 'mrn-nobody' },
        madeAt: now,
        validUntil: now + visitSeconds,
        kind: 'encounter',
        reference: 'visit',
      },
      signatures: [],
    }
    this.openAndAsk(requester, custodian, piece)
    this.world.count('self-asserted')
  }

  /** One clinician asks on his own word for all patients of the custodian that has most. */
  askForMany(): void {
    const { custodians, requesters } = this.world.founding
    const patientsOf = (custodian: string) => this.world.patients.filter((each) => each.custodians.includes(custodian))
    const most = [...custodians].sort((a, b) => patientsOf(b).length - patientsOf(a).length)[0]
    if (most === undefined) return
    for (const patient of patientsOf(most)) this.selfAsserted(patient, most, requesters[0])
  }

  private byDirective(): void {
    const of = this.anyEnrolled()
    if (!of) return
    const [patient, custodian] = of
    const requester = this.chance.pick(this.world.founding.requesters)
    const now = Math.floor(this.world.now)
    const key = patient.signingKey(custodian)
    if (!key) return
    const subject = { type: 'key' as const, key }
    const content = {
      type: 'directive' as const,
      id: this.chance.bytes(16),
      custodian,
      requester,
      subject,
      madeAt: now,
      validUntil: now + visitSeconds,
    }
    this.openAndAsk(requester, custodian, { content, signatures: [] })
    this.world.count('by directive')
  }

  /** A member that has the patient's check-in hands the patient over to another. */
  private referral(): void {
    const { world } = this
    const { requesters } = world.founding
    const visits = world.patients.flatMap((patient) => patient.visits.map((visit) => ({ patient, visit })))
    if (visits.length === 0 || requesters.length < 2) return
    const { visit } = this.chance.pick(visits)
    const to = requesters.find((each) => each !== visit.requester) ?? visit.requester
    const referrer = world.node(visit.requester)
    world.people.begin(async () => {
      const isReady = () => world.ask(referrer, ({ requester: asking }) => asking.visitReady(visit.visit)) === true
      if (!(await world.people.until(isReady, 60))) return
      const evidenceOf = world.ask(referrer, ({ requester: asking }) => [...asking.evidenceOf(visit.visit)])
      const own = evidenceOf && evidenceOf.length > 0 ? this.chance.pick(evidenceOf) : undefined
      if (own?.content.type !== 'check-in') return
      const now = Math.floor(world.now)
      const content = {
        type: 'referral' as const,
        id: this.chance.bytes(16),
        custodian: own.content.custodian,
        requester: to,
        subject: own.content.subject,
        madeAt: now,
        validUntil: now + visitSeconds,
        referrer: visit.requester,
        enclosed: encode(evidence, own),
      }
      const { seed } = referrer
      const message = signedBytes(statementTypes.evidence, world.founding.chain.id, encode(evidenceContent, content))
      this.openAndAsk(to, content.custodian, {
        content,
        signatures: [{ key: publicKeyOf(seed), signature: sign(seed, message) }],
      })
      world.count('referral')
    })
  }

  private openAndAsk(requester: string, custodian: string, piece: Evidence): void {
    const { world } = this
    const visit: Visit = { visit: this.chance.bytes(16), requester, custodians: [custodian] }
    world.people.begin(async () => {
      const opened = await world.at(world.node(requester), ({ requester: asking }) =>
        asking.openVisit(visit.visit, requester, [piece]),
      )
      if (opened?.ok) await this.ask(visit, this.chance.happens(0.8) ? 'TREAT' : 'HPAYMT')
      else if (opened) world.count(`visit: ${opened.reason.type}`)
    })
  }

  isSuspended(member: string): boolean {
    return !members.queries.isActive(viewOf(members, this.world.watch.ledger), member)
  }
}
