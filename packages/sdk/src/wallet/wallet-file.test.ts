import { toHex, utf8 } from '@plexus/codec'
import { foundChain } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { encodeWallet } from './state.ts'
import { createWallet, enrol } from './wallet.ts'
import { decodeWalletFile, encodeWalletFile } from './wallet-file.ts'

const chain = foundChain({
  name: 'test',
  time: 1_800_000_000,
  engine: { type: 'local', sequencer: new Uint8Array(32).fill(7) },
  founding: [],
})
const root = new Uint8Array(32).fill(9)
const taken = new Map([
  ['hospital', 12],
  ['clinic', 3],
])

async function wallet() {
  const made = await enrol(createWallet({ chain, root, random: (length) => new Uint8Array(length).fill(5) }), {
    custodian: 'hospital',
    code: 'code-code',
    mailboxMember: 'elsewhere',
    now: 1_800_000_001,
  })
  if (!made.ok) throw new Error('the wallet did not enrol')
  return made.value.wallet
}

test('a wallet comes back from its file with root, chain, state and the notices that it has', async () => {
  const { state } = await wallet()
  const read = decodeWalletFile(utf8(encodeWalletFile({ root, chain, state, taken })))
  if (!read.ok) throw new Error('the file does not read')
  expect(toHex(read.value.root)).toBe(toHex(root))
  expect(toHex(read.value.chain.id)).toBe(toHex(chain.id))
  expect(toHex(encodeWallet(read.value.state))).toBe(toHex(encodeWallet(state)))
  expect([...read.value.taken].sort()).toEqual([...taken].sort())
})

test('the file is one JSON object of version 2', async () => {
  const { state } = await wallet()
  const text = encodeWalletFile({ root, chain, state, taken })
  expect(JSON.parse(text)).toMatchObject({ version: 2, root: '09'.repeat(32), taken: { clinic: 3, hospital: 12 } })
})

test('each part that is not as it must be is refused by name, and its content is not told', async () => {
  const good = JSON.parse(encodeWalletFile({ root, chain, state: (await wallet()).state, taken }))
  const cases: readonly (readonly [string, unknown])[] = [
    ['the file', [good]],
    ['the file', { ...good, note: 'canary' }],
    ['version', { ...good, version: 3 }],
    ['version', { ...good, version: '2' }],
    ['root', { ...good, root: 'canary' }],
    ['root', { ...good, root: '09' }],
    ['chain', { ...good, chain: 'canary' }],
    ['state', { ...good, state: 'no base64url!' }],
    ['taken', { ...good, taken: { hospital: -1 } }],
    ['taken', { ...good, taken: { hospital: 'canary' } }],
  ]
  for (const [part, content] of cases) {
    const read = decodeWalletFile(utf8(JSON.stringify(content)))
    expect(read).toMatchObject({ ok: false, reason: { type: 'not-a-wallet-file', part } })
    expect(JSON.stringify(read)).not.toContain('canary')
  }
  expect(decodeWalletFile(utf8('{"version":2,"version":2}')).ok).toBe(false)
  expect(decodeWalletFile(utf8(JSON.stringify(good).slice(0, 40))).ok).toBe(false)
})

test('a file whose state another version wrote gives its root and chain, and says that the wallet is to be brought back', async () => {
  const written = JSON.parse(encodeWalletFile({ root, chain, state: (await wallet()).state, taken }))
  for (const version of [1, 2]) {
    const read = decodeWalletFile(utf8(JSON.stringify({ ...written, version, state: 'YQ' })))
    if (!read.ok) throw new Error('the file does not read')
    expect(read.value).toMatchObject({ former: true, state: { relationships: [] }, taken: new Map() })
    expect(toHex(read.value.root)).toBe(toHex(root))
  }
  const current = decodeWalletFile(utf8(JSON.stringify(written)))
  expect(current).toMatchObject({ ok: true, value: { former: false } })
})
