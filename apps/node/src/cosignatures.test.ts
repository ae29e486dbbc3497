/** What witnesses hand to a member for its checkpoints: whose is taken, and where it is published. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@plexus/codec'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { cosignNote, type NoteKey, openCheckpoint, readNote, writeNote, writeNoteKey } from '@plexus/sdk'
import { expect, test } from 'vitest'
import { checkpointsIn, Ledger, logKey, temporaryFolder } from './checkpoints.testing.ts'

const witnesses = ['w1', 'w2'].map((name) => {
  const seed = sha256(utf8(name))
  const key: NoteKey = { type: 'witness', name: `witness.example/${name}`, publicKey: publicKeyOf(seed) }
  return { seed, key }
})
const [one, two] = witnesses as [(typeof witnesses)[0], (typeof witnesses)[0]]

function cosigned(folder: string, { seed, key }: (typeof witnesses)[0], time = 1_800_000_000): Uint8Array {
  const note = readNote(new Uint8Array(readFileSync(join(folder, 'checkpoint'))))
  if (!note.ok) throw new Error(note.reason.type)
  const { text, signatures } = note.value
  return writeNote({ text, signatures: [...signatures, cosignNote(text, { name: key.name, seed, time })] })
}

function witnessedBy(bytes: Uint8Array | undefined) {
  const opened = openCheckpoint(bytes ?? new Uint8Array(0), logKey, [one.key, two.key])
  return opened.ok ? [opened.value.size, ...opened.value.signatures.slice(1).map(({ name }) => name)] : opened.reason
}

async function running(configured = [one.key, two.key]) {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'witnesses'), `${configured.map(writeNoteKey).join('\n')}\n`)
  const ledger = new Ledger()
  ledger.height = 5
  const checkpoints = checkpointsIn(folder, ledger)
  await checkpoints.publish()
  return { folder, ledger, checkpoints }
}

test('cosignatures of configured witnesses are published with the checkpoint, all of them, also after a restart', async () => {
  const { folder, ledger, checkpoints } = await running()
  expect(await checkpoints.cosignatures.take(cosigned(folder, one))).toEqual({
    ok: true,
    value: { size: 5, witnesses: 1 },
  })
  expect(witnessedBy(await checkpoints.read('checkpoint'))).toEqual([5, one.key.name])
  const again = checkpointsIn(folder, ledger)
  await again.publish()
  expect(await again.cosignatures.take(cosigned(folder, two))).toMatchObject({ value: { witnesses: 2 } })
  expect(witnessedBy(await again.read('checkpoint'))).toEqual([5, one.key.name, two.key.name])
})

test('cosignatures of an older checkpoint stand in `witnessed` while the log goes on', async () => {
  const { folder, ledger, checkpoints } = await running()
  const late = cosigned(folder, two)
  ledger.height = 9
  await checkpoints.publish()
  expect(await checkpoints.cosignatures.take(cosigned(folder, one))).toMatchObject({ ok: true })
  expect(await checkpoints.cosignatures.take(late)).toMatchObject({ ok: true, value: { size: 5 } })
  expect(witnessedBy(await checkpoints.read('witnessed'))).toEqual([9, one.key.name])
  expect(witnessedBy(await checkpoints.read('checkpoint'))).toEqual([9, one.key.name])
})

test('cosignatures of anybody else, of other texts, and damaged ones are refused', async () => {
  const { folder, checkpoints } = await running([one.key])
  const good = cosigned(folder, one)
  expect(await checkpoints.cosignatures.take(cosigned(folder, two))).toMatchObject({
    reason: { type: 'cosignature-refused' },
  })
  const other = readNote(good)
  if (!other.ok) throw new Error(other.reason.type)
  const text = other.value.text.replace('\n5\n', '\n6\n')
  expect(await checkpoints.cosignatures.take(writeNote({ ...other.value, text }))).toMatchObject({
    reason: { type: 'checkpoint-unknown' },
  })
  for (let at = 0; at < good.length; at += 3) {
    const damaged = good.slice()
    damaged[at] = (damaged[at] as number) ^ 4
    const taken = await checkpoints.cosignatures.take(damaged)
    // The log's own signature is not asked for: the text is compared with what was signed here.
    const inOwnSignature = Buffer.from(good).indexOf('\u2014') <= at && at < Buffer.from(good).lastIndexOf('\u2014')
    expect([at, taken.ok]).toEqual([at, inOwnSignature && readNote(damaged).ok])
  }
  writeFileSync(join(folder, 'witnesses'), '')
  expect(await checkpoints.cosignatures.take(good)).toMatchObject({ reason: { type: 'cosignature-refused' } })
})
