/** A synthetic year: who is whose patient, and who asks whom, when. Nobody in it exists, and nothing in it is a chart. */

export type Role = 'clinic' | 'hospital' | 'laboratory' | 'pharmacy'

/** By number; a patient has a place of care, a laboratory, a pharmacy, and four in ten have a second hospital. */
export const memberRoles: readonly Role[] = [
  ...Array<Role>(4).fill('hospital'),
  ...Array<Role>(10).fill('clinic'),
  ...Array<Role>(3).fill('laboratory'),
  ...Array<Role>(8).fill('pharmacy'),
]

const secondsPerHour = 3_600
export const secondsPerDay = 86_400
export const daysPerYear = 364
const episodesPerYear = 3
const secondHospitalShare = 0.4
/** After a visit: a test is taken, and something is dispensed. */
const laboratoryShare = 0.7
const pharmacyShare = 0.8
/** Between arrival, when evidence is committed, and the clinician's click. */
const waitingSeconds = [60, 1_800] as const
/** Records of a visit are taken into custody within so long. */
const writingSeconds = [600, 4 * secondsPerHour] as const
const recordsPerVisit = [4, 60] as const
/** How long after the visit: a laboratory within minutes to a week, a pharmacy within minutes to three days. */
const laboratorySeconds = [900, 7 * secondsPerDay] as const
const pharmacySeconds = [900, 3 * secondsPerDay] as const
const changesPerPatientYear = 0.3
/** Patients who enrol this year do it at a visit, with the code that they were handed there. */
const enrollingShare = 0.3
const enrolmentAheadSeconds = [60, 1_200] as const
const openFromHour = 8
const openHours = 10

/** One click: intents at the asker, a receipt at each custodian. */
export interface Ask {
  readonly time: number
  /** When the patient checked in, and evidence was committed. */
  readonly arrival: number
  readonly asker: number
  readonly custodians: readonly number[]
  /** Asks of one episode are of one patient, within days. */
  readonly episode: number
}

/** Records that were taken into custody at once. */
export interface Registration {
  readonly time: number
  readonly member: number
  readonly records: number
}

/** A patient changes the directives everywhere: heads are closed one after the other. */
export interface Change {
  readonly time: number
  readonly custodians: number
}

/** Handles opened at a visit; `ask` is the number of that visit's ask. */
export interface Enrolment {
  readonly time: number
  readonly ask: number
}

export interface Year {
  /** In order of time; `episodes[n]` are the numbers of the asks of episode n. */
  readonly asks: readonly Ask[]
  readonly episodes: readonly (readonly number[])[]
  readonly registrations: readonly Registration[]
  readonly changes: readonly Change[]
  readonly enrolments: readonly Enrolment[]
}

/** Numbers from 0 up to 1, the same for the same seed: mulberry32. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function yearOf(patients: number, seed: number): Year {
  const chance = chanceOf(seed)
  const between = ([from, to]: readonly [number, number]): number => from + chance() * (to - from)
  /** Short delays are likelier: uniform in the logarithm. */
  const delay = ([from, to]: readonly [number, number]): number => from * (to / from) ** chance()
  const pick = (of: readonly Role[]): number => {
    const all = memberRoles.flatMap((role, member) => (of.includes(role) ? [member] : []))
    return all[Math.floor(chance() * all.length)] as number
  }
  const asks: Ask[] = []
  const registrations: Registration[] = []
  const changes: Change[] = []
  const enrolling: { readonly time: number; readonly ask: Ask }[] = []
  for (let patient = 0, episode = 0; patient < patients; patient++) {
    const care = pick(['hospital', 'clinic'])
    const laboratory = pick(['laboratory'])
    const pharmacy = pick(['pharmacy'])
    const second = chance() < secondHospitalShare ? [pick(['hospital'])] : []
    const own = [...new Set([care, laboratory, pharmacy, ...second])]
    const visit = (time: number, asker: number): void => {
      const custodians = own.filter((each) => each !== asker)
      const arrival = time - between(waitingSeconds)
      asks.push({ time, arrival, asker, custodians, episode })
      const records = Math.ceil(between(recordsPerVisit))
      registrations.push({ time: time + between(writingSeconds), member: asker, records })
    }
    for (let each = 0; each < episodesPerYear; each++, episode++) {
      const at = openTime(Math.floor(chance() * daysPerYear) * secondsPerDay + chance() * secondsPerDay)
      visit(at, care)
      if (each === 0 && chance() < enrollingShare) {
        const first = asks.at(-1) as Ask
        enrolling.push({ time: first.arrival - between(enrolmentAheadSeconds), ask: first })
      }
      if (chance() < laboratoryShare) visit(openTime(at + delay(laboratorySeconds)), laboratory)
      if (chance() < pharmacyShare) visit(openTime(at + delay(pharmacySeconds)), pharmacy)
    }
    if (chance() < changesPerPatientYear)
      changes.push({ time: chance() * daysPerYear * secondsPerDay, custodians: own.length })
  }
  asks.sort((a, b) => a.time - b.time)
  const episodes: number[][] = []
  for (const [number, { episode }] of asks.entries()) {
    const known = episodes[episode] ?? []
    known.push(number)
    episodes[episode] = known
  }
  const numbers = new Map(asks.map((ask, number) => [ask, number]))
  return {
    asks,
    episodes,
    registrations,
    changes: changes.sort((a, b) => a.time - b.time),
    enrolments: enrolling.map(({ time, ask }) => ({ time, ask: numbers.get(ask) as number })),
  }
}

/** The same moment of a day, moved into the hours of a weekday in which people are seen. */
function openTime(time: number): number {
  const day = Math.floor(time / secondsPerDay)
  const weekday = day % 7 < 5 ? day : day + 7 - (day % 7)
  const share = (time % secondsPerDay) / secondsPerDay
  return weekday * secondsPerDay + (openFromHour + share * openHours) * secondsPerHour
}
