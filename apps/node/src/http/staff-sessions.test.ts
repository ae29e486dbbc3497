import { systemRandom } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { StaffSessions } from './staff-sessions.ts'

const hour = 3_600

function sessionsAt(clock: { seconds: number }): StaffSessions {
  return new StaffSessions({ random: systemRandom, now: () => clock.seconds })
}

describe('a session of a member’s person', () => {
  test('opens the doors of that member and of no other', () => {
    const sessions = sessionsAt({ seconds: 0 })
    const token = sessions.open('clinic', '1234567893')
    expect(sessions.personOf('clinic', `Bearer ${token}`)).toMatchObject({ npi: '1234567893' })
    expect(sessions.personOf('hospital', `Bearer ${token}`)).toBeNull()
    expect(sessions.personOf('clinic', undefined)).toBeNull()
    expect(sessions.personOf('clinic', `Bearer ${'0'.repeat(64)}`)).toBeNull()
  })

  test('ends with the shift', () => {
    const clock = { seconds: 0 }
    const sessions = sessionsAt(clock)
    const token = sessions.open('clinic', '1234567893')
    clock.seconds = 12 * hour
    expect(sessions.personOf('clinic', `Bearer ${token}`)).toMatchObject({ npi: '1234567893' })
    clock.seconds += 1
    expect(sessions.personOf('clinic', `Bearer ${token}`)).toBeNull()
  })

  test('is one of a bounded number: the oldest gives way', () => {
    const sessions = sessionsAt({ seconds: 0 })
    const first = sessions.open('clinic', '1234567893')
    let last = ''
    for (let index = 0; index < 4_096; index++) last = sessions.open('clinic', '1234567893')
    expect(sessions.personOf('clinic', `Bearer ${first}`)).toBeNull()
    expect(sessions.personOf('clinic', `Bearer ${last}`)).toMatchObject({ npi: '1234567893' })
  })

  test('knows when its person was last verified, and ends when the person leaves', () => {
    const clock = { seconds: 100 }
    const sessions = sessionsAt(clock)
    const [token, other] = [sessions.open('clinic', '1234567893'), sessions.open('clinic', '1234567893')]
    clock.seconds = 200
    const person = sessions.personOf('clinic', `Bearer ${token}`)
    expect(person).toMatchObject({ verifiedAt: 100 })
    person?.end()
    expect(sessions.personOf('clinic', `Bearer ${token}`)).toBeNull()
    expect(sessions.personOf('clinic', `Bearer ${other}`)).not.toBeNull()
  })
})
