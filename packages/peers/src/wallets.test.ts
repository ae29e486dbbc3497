import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { Ledger, note } from './ledger.testing.ts'
import { questionBytesMax, walletAsksInBurstMax, walletAsksPerMemberMax } from './limits.ts'
import { ask, walletQuestions } from './questions.ts'

const said = (text: string) => async () => utf8(text)

test('what a wallet asks through a member’s node comes to the answerer for wallets, and may be longer than a question', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  await ledger.node('birch', { answer: said('to a node'), answerWallet: said('to a wallet') })
  const long = new Uint8Array(questionBytesMax * 100)
  expect(await ask(alder.options, 'birch', long, walletQuestions)).toEqual({
    ok: true,
    value: Buffer.from('to a wallet'),
  })
  expect(await ask(alder.options, 'birch', note('a question'))).toEqual({ ok: true, value: Buffer.from('to a node') })
  await ledger.node('cedar', { answer: said('to a node') })
  expect(await ask(alder.options, 'cedar', note('a wallet’s'), walletQuestions)).toMatchObject({ ok: false })
})

test('a member has a few asks of wallets in hand and no more, from their first byte on; another is heard', async () => {
  const ledger = new Ledger()
  const [alder, cedar] = [await ledger.node('alder'), await ledger.node('cedar')]
  const waiting: (() => void)[] = []
  await ledger.node('birch', {
    answerWallet: (_, asked) => new Promise((resolve) => waiting.push(() => resolve(asked))),
  })
  const first = Array.from({ length: walletAsksPerMemberMax }, () =>
    ask(alder.options, 'birch', note('one'), walletQuestions),
  )
  while (waiting.length < walletAsksPerMemberMax) await new Promise((resolve) => setImmediate(resolve))
  expect(await ask(alder.options, 'birch', note('too many'), walletQuestions)).toMatchObject({
    reason: { type: 'not-answered' },
  })
  const other = ask(cedar.options, 'birch', note('another’s'), walletQuestions)
  while (waiting.length <= walletAsksPerMemberMax) await new Promise((resolve) => setImmediate(resolve))
  for (const end of waiting.splice(0)) end()
  expect((await Promise.all([...first, other])).every(({ ok }) => ok)).toBe(true)
  // Their end made room.
  const next = ask(alder.options, 'birch', note('again'), walletQuestions)
  while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve))
  waiting[0]?.()
  expect(await next).toMatchObject({ ok: true })
})

test('whoever spends what it may ask for wallets can bring its notes all the same', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  // Its time stands still: what is spent is not given back.
  const birch = await ledger.node('birch', { answerWallet: said('yes'), now: () => 1_000 })
  const answers: boolean[] = []
  for (let asked = 0; asked <= walletAsksInBurstMax; asked++)
    answers.push((await ask(alder.options, 'birch', note('one'), walletQuestions)).ok)
  expect([answers.indexOf(false), answers.length]).toEqual([walletAsksInBurstMax, walletAsksInBurstMax + 1])
  alder.peers.send('birch', note('a note'))
  await birch.until(() => birch.notes.length === 1)
})
