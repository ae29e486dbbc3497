/** From one header to another: how many are asked for, what a liar among the sources achieves, and where it ends. */
import { describe, expect, test } from 'vitest'
import { type FetchLightBlock, fetchesMax, followBack, followEach, followSkipping, followTo } from './follow.ts'
import { parseInstant } from './instant.ts'
import type { LightBlock } from './light-block.ts'
import { chainOf, hashOf, mint, type Seat, seats, soon, sourceOf, voted } from './mint.testing.ts'
import { heightMax, honestSource, soonAfter, trustedAt } from './network.testing.ts'
import { trustedOf } from './trusted-block.ts'
import { lightSettings } from './verify-header.ts'

const four = seats('ann bob cleo dan')
const heights = 40
/** Four until 14, then half of them are others, then the rest. */
const changes = new Map<number, readonly Seat[]>([
  [1, four],
  [15, seats('cleo dan eve fay')],
  [25, seats('eve fay gil hal')],
])
const chain = chainOf(heights, changes)
const at = (height: number): LightBlock => chain[height - 1] as LightBlock
const step = { trusted: trustedOf(at(1)), now: soon(heights), settings: lightSettings }
const silent: FetchLightBlock = async () => undefined

describe('a network that ran', () => {
  const stepFrom = (height: number) => ({
    trusted: trustedAt(height),
    now: soonAfter(heightMax),
    settings: lightSettings,
  })

  test('its last header is reached from the first across two changes of validators, by skipping and by each', async () => {
    const asked: number[] = []
    const skipped = await followTo(heightMax, stepFrom(1), { primary: honestSource(asked), witnesses: [] })
    expect(skipped).toMatchObject({ ok: true, value: { block: trustedAt(heightMax) } })
    expect(asked).toEqual([17, 10])
    expect(await followEach(heightMax, stepFrom(1), honestSource())).toEqual({ ok: true, value: trustedAt(heightMax) })
  })

  test('its first header is reached from the last, back along the hashes', async () => {
    expect(await followBack(1, trustedAt(heightMax), honestSource())).toEqual({ ok: true, value: trustedAt(1) })
  })

  test('a header that the sources do not have is said not to have been sent', async () => {
    expect(await followTo(heightMax + 1, stepFrom(1), { primary: honestSource(), witnesses: [] })).toEqual({
      ok: false,
      reason: { type: 'not-sent', height: heightMax + 1 },
    })
  })
})

test('skipping asks for few headers, and for more where the validators changed', async () => {
  const asked: number[] = []
  expect(await followSkipping(at(14), step, sourceOf(chain, asked))).toMatchObject({ ok: true })
  expect(asked).toEqual([])
  const reached = await followSkipping(at(heights), step, sourceOf(chain, asked))
  expect(reached).toEqual({ ok: true, value: trustedOf(at(heights)) })
  expect(asked).toEqual([22])
})

test('where all validators change at once, skipping comes down to the header before the change', async () => {
  const abrupt = chainOf(
    20,
    new Map([
      [1, four],
      [11, seats('eve fay gil hal')],
    ]),
  )
  const asked: number[] = []
  const from = { ...step, trusted: trustedOf(abrupt[0] as LightBlock), now: soon(20) }
  expect(await followSkipping(abrupt[19] as LightBlock, from, sourceOf(abrupt, asked))).toMatchObject({ ok: true })
  expect(asked).toContain(10)
  expect(asked).toContain(11)
})

test('a source that changes a header between is not believed, whichever it is', async () => {
  const lying: FetchLightBlock = async (height) =>
    mint({ height, validators: seats('eve fay gil hal'), header: { lastBlock: at(height).header.lastBlock } })
  const answer = await followSkipping(at(heights), step, lying)
  expect(answer).toMatchObject({ ok: false, reason: { type: 'not-verified', height: 2 } })
  expect(await followEach(heights, step, lying)).toMatchObject({
    ok: false,
    reason: { type: 'not-verified', height: 2 },
  })
  const before: FetchLightBlock = async (height) => ({
    ...at(height),
    header: { ...at(height).header, appHash: hashOf('x') },
  })
  expect(await followBack(5, trustedOf(at(9)), before)).toMatchObject({
    ok: false,
    reason: { type: 'not-verified', height: 8, why: { type: 'not-the-header-before' } },
  })
})

test('a source that sends a header of another height has sent nothing', async () => {
  const shifted: FetchLightBlock = async (height) => at(height - 1)
  const reason = { type: 'not-sent', height: 30 }
  expect(await followTo(30, step, { primary: shifted, witnesses: [] })).toEqual({ ok: false, reason })
})

test('who goes forward gives a later height, who goes back an earlier one', async () => {
  await expect(followEach(1, { ...step, trusted: trustedOf(at(2)) }, silent)).rejects.toThrow('none before')
  await expect(followBack(3, trustedOf(at(2)), silent)).rejects.toThrow('none after')
})

test('a source is not followed for ever', async () => {
  const far = fetchesMax + 2
  expect(await followEach(far, step, silent)).toEqual({ ok: false, reason: { type: 'too-far' } })
  const trusted = { ...trustedOf(at(2)), header: { ...at(2).header, height: far } }
  expect(await followBack(1, trusted, silent)).toEqual({ ok: false, reason: { type: 'too-far' } })
})

describe('other sources', () => {
  const honest = sourceOf(chain)
  /** Signed by the validators themselves: a third of them and more signed two headers of one height. */
  const forked = voted({ ...at(heights).header, appHash: hashOf('fork') }, at(heights).validators)
  const forking: FetchLightBlock = async (height) => (height === heights ? forked : at(height))
  const lying: FetchLightBlock = async (height) => mint({ height, validators: seats('mallory') })

  test('that show the same header confirm it; silent ones and liars are told apart', async () => {
    const answer = await followTo(heights, step, { primary: honest, witnesses: [silent, honest, lying] })
    expect(answer).toMatchObject({ ok: true, value: { confirmedBy: [1], silent: [0], faulty: [2] } })
  })

  test('that show another header with votes that hold raise the alarm, with both headers', async () => {
    expect(await followTo(heights, step, { primary: honest, witnesses: [honest, forking] })).toEqual({
      ok: false,
      reason: { type: 'fork', common: step.trusted, primary: at(heights), witness: forked, witnessIndex: 1 },
    })
    expect(await followTo(heights, step, { primary: forking, witnesses: [honest] })).toMatchObject({
      ok: false,
      reason: { type: 'fork', primary: forked, witness: at(heights) },
    })
  })

  test('of which none agrees leave nothing to believe', async () => {
    expect(await followTo(heights, step, { primary: honest, witnesses: [silent, lying] })).toEqual({
      ok: false,
      reason: { type: 'no-witness-agrees' },
    })
  })

  test('are not asked about what a trusted header names', async () => {
    const answer = await followTo(3, { ...step, trusted: trustedOf(at(6)) }, { primary: honest, witnesses: [silent] })
    expect(answer).toMatchObject({ ok: true, value: { block: trustedOf(at(3)), confirmedBy: [] } })
  })
})

test('times are read to the nanosecond, and only as moments that there are', () => {
  expect(parseInstant('1970-01-01T00:00:00Z')).toEqual({ seconds: 0, nanoseconds: 0 })
  expect(parseInstant('2000-02-29T23:59:59.5Z')).toEqual({ seconds: 951_868_799, nanoseconds: 500_000_000 })
  expect(parseInstant('2024-03-01T00:00:00.000000001Z')).toEqual({ seconds: 1_709_251_200, nanoseconds: 1 })
  for (let day = 0; day < 150_000; day += 97) {
    const text = new Date(day * 86_400_000).toISOString()
    expect(parseInstant(text), text).toEqual({ seconds: day * 86_400, nanoseconds: 0 })
  }
  const none = ['2023-02-29', '2100-02-29', '2023-04-31', '2023-13-01', '2023-00-10', '1969-12-31', '2023-01-00']
  for (const date of none) expect(parseInstant(`${date}T00:00:00Z`), date).toBeUndefined()
  for (const time of ['24:00:00Z', '00:60:00Z', '00:00:60Z', '00:00:00', '00:00:00+00:00', '00:00:00.0000000001Z'])
    expect(parseInstant(`2023-01-01T${time}`), time).toBeUndefined()
})
