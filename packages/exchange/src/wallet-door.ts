/** What a wallet may tell a member's node. Each part proves itself by the patient's signature inside; a refusal is told at once. */
import { encode, equalBytes, no, object, ok, type Result, text, toHex, uint } from '@plexus/codec'
import { checkLongLivedKey, checkSealingKey, handleOf, signedBytes, verify } from '@plexus/crypto'
import {
  type DirectiveSet,
  directiveSetContent,
  enrolment,
  enrolmentContent,
  type Notice,
  type SignedDirectiveSet,
  type SignedEnrolment,
  segments,
  statementTypes,
  type WalletNote,
} from '@plexus/policy'
import type { Vault } from '@plexus/vault'
import type { Batches } from './batches.ts'
import type { CaseRefusal, Cases } from './cases.ts'
import type { Custodian } from './custodian.ts'
import type { Custody } from './custody.ts'
import type { PatientRow } from './custody-rows.ts'
import { handleIsOpen } from './facts.ts'
import type { Outbox } from './outbox.ts'
import type { Journal, Organisation, Replica, Surroundings } from './ports.ts'
import type { Receipts } from './receipts.ts'
import type { Requester } from './requester.ts'
import type { VisitRefusal } from './requester-rows.ts'
import { tableOf } from './tables.ts'

/** A code that was handed over in person is good for a day. */
const codeSeconds = 86_400

export type WalletRefusal =
  | CaseRefusal
  | VisitRefusal
  | {
      readonly type:
        | 'custodian-not-here'
        | 'code-unknown'
        | 'key-refused'
        | 'signature-invalid'
        | 'set-not-empty'
        | 'set-not-the-next'
        | 'handle-not-open'
        | 'not-enrolled'
        | 'requester-not-here'
        | 'note-not-for-us'
    }

export interface WalletDoorParts {
  readonly journal: Journal
  readonly replica: Replica
  readonly batches: Batches
  readonly custody: Custody
  readonly custodian: Custodian
  readonly receipts: Receipts
  readonly requester: Requester
  readonly cases: Cases
  readonly vault: Vault
  readonly outbox: Outbox
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
  readonly blind: (...parts: readonly string[]) => string
}

export class WalletDoor {
  private readonly parts: WalletDoorParts
  private readonly codes
  /** By the handle of a head, in force, past or named as the next: whose it is. */
  private readonly heads

  constructor(parts: WalletDoorParts) {
    this.parts = parts
    this.codes = tableOf(
      parts.journal,
      'enrolment-codes',
      object({ custodian: text({ max: 40 }), patient: text({ max: 64 }), until: uint() }),
    )
    this.heads = tableOf(parts.journal, 'directive-heads', text({ max: 64 }))
  }

  /** A code that names one chart at one custodian, to be handed to the patient in person after proof of identity. */
  issueCode(custodian: string, patient: string): string {
    const { surroundings, journal, blind } = this.parts
    const code = toHex(surroundings.random(10))
    journal.append([
      this.codes.put(blind('code', code), { custodian, patient, until: Math.floor(surroundings.now()) + codeSeconds }),
    ])
    return code
  }

  take(note: WalletNote): Result<void, WalletRefusal> {
    switch (note.type) {
      case 'enrol':
        return this.enrol(note.code, note.enrolment, note.set)
      case 'check-in':
        if (!this.parts.organisations.has(note.requester)) return no({ type: 'requester-not-here' })
        return this.parts.requester.openVisit(note.visit, note.requester, note.evidence)
      case 'directive-set':
        return this.directiveSet(note.set)
      // The exchange hands it to the book.
      case 'book':
        return no({ type: 'note-not-for-us' })
      case 'open-case':
        return this.parts.cases.open(note.opened)
      case 'disagree':
        return this.parts.cases.disagree(note.disagreement)
    }
  }

  private enrol(code: string, signed: SignedEnrolment, set: SignedDirectiveSet): Result<void, WalletRefusal> {
    const { replica, custody, custodian, receipts, batches, journal, organisations, blind, surroundings } = this.parts
    const { content, wallet } = signed
    if (!organisations.has(content.custodian)) return no({ type: 'custodian-not-here' })
    const codeKey = blind('code', code)
    const issued = this.codes.get(codeKey)
    if (!issued || issued.custodian !== content.custodian || issued.until < surroundings.now())
      return this.isEnrolled(signed) ? ok() : no({ type: 'code-unknown' })
    if (
      !checkLongLivedKey(content.signingKey).ok ||
      !checkSealingKey(content.sealingKey).ok ||
      !checkSealingKey(content.mailbox.sealingKey).ok
    )
      return no({ type: 'key-refused' })
    const signedHere =
      equalBytes(wallet.key, content.signingKey) &&
      verify(
        wallet.key,
        signedBytes(statementTypes.enrolment, replica.chain.id, encode(enrolmentContent, content)),
        wallet.signature,
      )
    if (!signedHere || !this.setSigned(set)) return no({ type: 'signature-invalid' })
    const { version, directives, head, next } = set.content
    if (
      version !== 1 ||
      directives.length > 0 ||
      !equalBytes(head, content.head) ||
      set.content.custodian !== content.custodian
    )
      return no({ type: 'set-not-empty' })
    if (!handleIsOpen(replica, head) || !handleIsOpen(replica, next)) return no({ type: 'handle-not-open' })

    const key = custody.patientKey(content.custodian, issued.patient)
    const before = custody.patients.get(key) ?? custody.newPatient(content.custodian, issued.patient)
    const kept = receipts.keptBundles(key)
    const row = { ...before, enrolment: signed, set }
    const keys = this.wrappingKeys(row)
    const committed = batches.commit(statementTypes.enrolment, encode(enrolment, signed))
    const notices: readonly Notice[] = [
      this.inForce(set.content),
      ...keys.notices,
      ...kept.map(([, bundle]): Notice => ({ type: 'access', from: 'custodian', teller: content.custodian, bundle })),
    ]
    journal.append([
      ...committed.changes,
      custody.patients.put(key, { ...row, given: keys.given }),
      custodian.patientKeyChanges(content.custodian, content.signingKey, key),
      this.codes.drop(codeKey),
      this.heads.put(toHex(head), key),
      this.heads.put(toHex(next), key),
      ...kept.map(([at]) => receipts.dropKept(at)),
      ...notices.flatMap((notice) => this.parts.outbox.addNotice(content.mailbox, notice)),
    ])
    return ok()
  }

  /** A wallet that heard no answer brings the same enrolment again; its code is used up. */
  private isEnrolled(signed: SignedEnrolment): boolean {
    const key = this.heads.get(toHex(signed.content.head))
    const known = key === undefined ? undefined : this.parts.custody.patients.get(key)?.enrolment
    return known ? equalBytes(encode(enrolment, known), encode(enrolment, signed)) : false
  }

  /** The successor of the set in force, by any road: it is signed by the key whose handle the set in force names. */
  private directiveSet(set: SignedDirectiveSet): Result<void, WalletRefusal> {
    const { replica, custody, organisations, journal, outbox, batches } = this.parts
    if (!organisations.has(set.content.custodian)) return no({ type: 'custodian-not-here' })
    if (!this.setSigned(set)) return no({ type: 'signature-invalid' })
    const key = this.heads.get(toHex(set.content.head))
    const row = key === undefined ? undefined : custody.patients.get(key)
    const current = row?.set?.content
    if (!key || !row || !current || row.custodian !== set.content.custodian) return no({ type: 'set-not-the-next' })
    // Brought again: it is in force already.
    if (equalBytes(encode(directiveSetContent, current), encode(directiveSetContent, set.content))) return ok()
    if (set.content.version !== current.version + 1 || !equalBytes(current.next, set.content.head))
      return no({ type: 'set-not-the-next' })
    if (!handleIsOpen(replica, set.content.head) || !handleIsOpen(replica, set.content.next))
      return no({ type: 'handle-not-open' })
    if (!row.enrolment) return no({ type: 'not-enrolled' })
    const committed = batches.commit(statementTypes.directiveSet, encode(directiveSetContent, set.content))
    journal.append([
      ...committed.changes,
      custody.patients.put(key, { ...row, set }),
      this.heads.put(toHex(set.content.next), key),
      ...outbox.addNotice(row.enrolment.content.mailbox, this.inForce(set.content)),
    ])
    // Durable: from here on the successor is in force, whatever happens.
    return ok()
  }

  private setSigned({ content, signature }: SignedDirectiveSet): boolean {
    return (
      equalBytes(handleOf(signature.key), content.head) &&
      verify(
        signature.key,
        signedBytes(statementTypes.directiveSet, this.parts.replica.chain.id, encode(directiveSetContent, content)),
        signature.signature,
      )
    )
  }

  private inForce({ custodian, version }: DirectiveSet): Notice {
    const { replica, surroundings } = this.parts
    return {
      type: 'set-in-force',
      custodian,
      version,
      height: replica.tip().height,
      madeAt: Math.floor(surroundings.now()),
    }
  }

  /** Wrapping keys that the wallet does not have yet: once per epoch, never per record. */
  private wrappingKeys(row: PatientRow): { readonly given: PatientRow['given']; readonly notices: readonly Notice[] } {
    const given = [...row.given]
    const notices: Notice[] = []
    for (const segment of segments) {
      if (!row.chains.some((chain) => chain.segment === segment)) continue
      for (const { epoch, key } of this.parts.vault.wrappingKeys({
        custodian: row.custodian,
        patient: row.patient,
        segment,
      })) {
        if (given.some((each) => each.segment === segment && each.epoch === epoch)) continue
        given.push({ segment, epoch })
        notices.push({ type: 'wrapping-key', custodian: row.custodian, segment, epoch, key })
      }
    }
    return { given, notices }
  }

  /** After an import: keys of new segments and epochs for a wallet that is enrolled already. */
  giveWrappingKeys(patient: string): void {
    const { custody, outbox, journal } = this.parts
    const row = custody.patients.get(patient)
    const mailbox = row?.enrolment?.content.mailbox
    if (!row || !mailbox) return
    const { given, notices } = this.wrappingKeys(row)
    if (notices.length === 0) return
    journal.append([
      custody.patients.put(patient, { ...row, given }),
      ...notices.flatMap((notice) => outbox.addNotice(mailbox, notice)),
    ])
  }
}
