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
    expect(sessions.holds('clinic', `Bearer ${token}`)).toBe(true)
    expect(sessions.holds('hospital', `Bearer ${token}`)).toBe(false)
    expect(sessions.holds('clinic', undefined)).toBe(false)
    expect(sessions.holds('clinic', `Bearer ${'0'.repeat(64)}`)).toBe(false)
  })

  test('ends with the shift', () => {
    const clock = { seconds: 0 }
    const sessions = sessionsAt(clock)
    const token = sessions.open('clinic', '1234567893')
    clock.seconds = 12 * hour
    expect(sessions.holds('clinic', `Bearer ${token}`)).toBe(true)
    clock.seconds += 1
    expect(sessions.holds('clinic', `Bearer ${token}`)).toBe(false)
  })

  test('is one of a bounded number: the oldest gives way', () => {
    const sessions = sessionsAt({ seconds: 0 })
    const first = sessions.open('clinic', '1234567893')
    let last = ''
    for (let index = 0; index < 4_096; index++) last = sessions.open('clinic', '1234567893')
    expect(sessions.holds('clinic', `Bearer ${first}`)).toBe(false)
    expect(sessions.holds('clinic', `Bearer ${last}`)).toBe(true)
  })
})
