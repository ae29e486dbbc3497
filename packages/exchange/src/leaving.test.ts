import { utf8 } from '@plexus/codec'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { clinic } from './founding.testing.ts'
import { Leaving } from './leaving.ts'
import { JournalInMemory } from './replica.testing.ts'
import { recordOf, removeFolders, World } from './three-members.testing.ts'

afterAll(removeFolders)

function heldDisk() {
  const journal = new JournalInMemory()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  journal.held = promise
  return { journal, done: resolve, failed: reject }
}

const surroundings = (sent: string[]) => ({
  now: () => 0,
  random: (length: number) => new Uint8Array(length),
  send: (member: string) => void sent.push(member),
})

describe('what leaves a node', () => {
  it('goes at once when all that was written is durable', () => {
    const sent: string[] = []
    new Leaving(new JournalInMemory()).surroundings(surroundings(sent)).send('clinic', utf8('note'))
    expect(sent).toEqual(['clinic'])
  })

  it('waits for the disk, and goes in order', async () => {
    const { journal, done } = heldDisk()
    const leaving = new Leaving(journal)
    const sent: string[] = []
    const { send } = leaving.surroundings(surroundings(sent))
    send('clinic', utf8('note'))
    // This one finds a disk that is done, and still goes behind the other.
    journal.held = undefined
    send('hospital', utf8('note'))
    await Promise.resolve()
    expect(sent).toEqual([])
    done()
    await leaving.left()
    expect(sent).toEqual(['clinic', 'hospital'])
  })

  it('is lost when it may not leave any more once its turn comes', async () => {
    const { journal, done } = heldDisk()
    const leaving = new Leaving(journal)
    const sent: string[] = []
    const { send } = leaving.surroundings(surroundings(sent))
    let open = true
    send('clinic', utf8('note'), () => open)
    send('hospital', utf8('note'), () => true)
    open = false
    done()
    await leaving.left()
    expect(sent).toEqual(['hospital'])
  })

  it('stays where it is when the disk failed, and whoever waited is told', async () => {
    const { journal, failed } = heldDisk()
    const leaving = new Leaving(journal)
    const sent: string[] = []
    leaving.surroundings(surroundings(sent)).send('clinic', utf8('note'))
    failed(new Error('the disk failed'))
    await expect(leaving.left()).rejects.toThrow('the disk failed')
    expect(sent).toEqual([])
  })
})

describe('an exchange whose disk takes its time', () => {
  it('answers nobody and submits nothing until the receipt is durable', async () => {
    const world = await World.start()
    const { exchange, replica, journal } = world.node(clinic)
    await exchange.register(clinic, 'synthetic-1', [recordOf('Observation/1')])
    const { promise, resolve } = Promise.withResolvers<void>()
    journal.held = promise
    const patient = exchange.custody.patientKey(clinic, 'synthetic-1')
    const read = { custodian: clinic, patient: 'synthetic-1', clinician: '1234567893' }
    let answered = false
    const asked = exchange
      .run(({ receipts }) => receipts.ownStaffRead(read))
      .then((shown) => {
        answered = true
        return shown
      })
    const receiptWritten = () => expect(exchange.custody.patients.get(patient)?.receipts).toBe(1)
    await vi.waitFor(receiptWritten)
    await vi.waitFor(() => expect(exchange.batches.waiting.batches).toBe(1))
    expect([answered, replica.submitted.length]).toEqual([false, 0])
    journal.held = undefined
    resolve()
    expect((await asked)?.records.length).toBe(1)
    expect(replica.submitted.length).toBe(1)
  })
})
