import { describe, expect, test } from 'vitest'
import { dataBytes, dataPresent, namesIn } from '../data.testing.ts'
import { caseAfter, type ExceptionCase } from './cases.ts'
import { type ExceptionMessage, readExceptionMessage, wrongKeysIn } from './messages.ts'

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

function taken(bytes: Uint8Array): ExceptionMessage {
  const read = readExceptionMessage(bytes)
  if (!read.ok) throw new Error(`refused: ${read.reason.type} ${read.reason.path}`)
  return read.value
}

const refusalOf = (value: unknown): string => {
  const read = readExceptionMessage(bytesOf(value))
  return read.ok ? 'taken' : `${read.reason.type} ${read.reason.path}`
}

const report = {
  message_uuid: 'm-1',
  exception_case_uuid: 'c-1',
  timestamp: 1_712_368_200,
  po_number: 'PO-1',
  sender_information: { email: 'desk@wholesaler.example' },
  exceptions: {
    overages: [
      {
        exception_item_uuid: 'i-1',
        gtin: '00300021433802',
        quantity_ordered: 100,
        quantity_received: 110,
        resolution_request: 'Debit account',
      },
    ],
  },
  case_resolved: false,
}
const response = {
  message_uuid: 'm-2',
  exception_case_uuid: 'c-1',
  timestamp: 1_712_371_800,
  po_number: 'PO-1',
  sender_information: { email: 'desk@maker.example', gln: '0614141000005' },
  response_items: [{ exception_item_uuid: 'i-1', resolution_response: 'Accept' }],
}

describe.skipIf(!dataPresent)('cases of others (needs ../shared/data)', () => {
  const cases = ['hda_1_1A_overage_keep_product', 'hda_1_1B_overage_return_product', 'hda_1_4A_incorrect_serial']

  test.each(cases)('%s: the report opens it, the response answers it, the second report closes it', (name) => {
    let state: ExceptionCase | null = null
    const states: string[] = []
    for (const step of ['report', 'response', 'report_2']) {
      const after = caseAfter(state, taken(dataBytes(`exceptions/examples/${name}_${step}.json`)))
      if (!after.ok) throw new Error(after.reason)
      state = after.value
      states.push(state.state)
    }
    expect(states).toEqual(['open', 'answered', 'closed'])
  })

  test('all nine are read; the placeholders among their keys are found', () => {
    const names = namesIn('exceptions/examples/')
    const wrong = names.map((name) => wrongKeysIn(taken(dataBytes(`exceptions/examples/${name}`))))
    expect(names).toHaveLength(9)
    expect(wrong.flat()).toContain('sender GLN')
    expect(wrong.flat()).toContain('GTIN')
  })

  test('an overage that is kept asks for the account, one that goes back for its way, a wrong serial for new data', () => {
    const requests = cases.map((name) => {
      const message = taken(dataBytes(`exceptions/examples/${name}_report.json`))
      return message.type === 'report' && message.items.map(({ type, request }) => [type, request])
    })
    expect(requests[0]).toEqual([['overage', 'Debit account']])
    expect(requests[1]).toEqual([['overage', expect.stringMatching(/^(?:Return|Send back) product$/)]])
    expect(requests[2]).toEqual([['data-misaligned', 'Send new data']])
  })
})

describe('one message', () => {
  test('every kind of item is read', () => {
    const wanted = { exception_item_uuid: 'i', resolution_request: 'Send product' }
    const side = (name: string) => ({
      [`${name}_gtin`]: '00300021433802',
      [`${name}_lot`]: 'L1',
      [`${name}_expiry`]: '2027-11-30',
      [`${name}_serial`]: null,
    })
    const exceptions = {
      missing_product_data: [{ ...wanted, product_gtin: '00300021433802', observation_source: 'Scan' }],
      missing_product: [{ ...wanted, file_id: 'f', product_gtin: '00300021433802', product_serial: 's' }],
      data_misalignment: [{ ...wanted, ...side('received_product'), ...side('product_data') }],
      underages: report.exceptions.overages,
      master_data_errors: {
        gln_errors: [{ exception_item_uuid: 'g', invalid_gln: '0614141000005' }],
        gtin_errors: [{ exception_item_uuid: 'g', invalid_gtin: '00300021433802', proposed_gtin: '00300021433803' }],
      },
    }
    const message = taken(bytesOf({ ...report, exceptions }))
    expect(message.type === 'report' && message.items.map(({ type }) => type)).toEqual([
      'product-without-data',
      'data-without-product',
      'data-misaligned',
      'underage',
      'wrong-gln',
      'wrong-gtin',
    ])
    expect(wrongKeysIn(message)).toEqual(['GTIN'])
  })

  test.each([
    ['no object', [], 'wrong-type '],
    ['no case', { ...report, exception_case_uuid: undefined }, 'missing /exception_case_uuid'],
    ['half a second', { ...report, timestamp: 1.5 }, 'wrong-type /timestamp'],
    [
      'an unknown wish',
      { ...report, exceptions: { overages: [{ ...report.exceptions.overages[0], resolution_request: 'Keep it' }] } },
      'wrong-value /exceptions/overages/0/resolution_request',
    ],
    [
      'an unclear answer',
      { ...response, response_items: [{ exception_item_uuid: 'i', resolution_response: 'Maybe' }] },
      'wrong-value /response_items/0/resolution_response',
    ],
    ['a resolution in words', { ...report, case_resolved: 'yes' }, 'wrong-type /case_resolved'],
  ])('%s is refused', (_, value, expected) => expect(refusalOf(value)).toBe(expected))

  test('a name of the language is a name like any other', () => {
    const read = readExceptionMessage(new TextEncoder().encode(`{"__proto__":{"case_resolved":true},"constructor":1}`))
    expect(read).toMatchObject({ ok: false, reason: { type: 'missing', path: '/message_uuid' } })
  })
})

describe('a case', () => {
  const opened = caseAfter(null, taken(bytesOf(report)))
  const open = opened.ok ? opened.value : null

  test('is opened by a report that leaves it open, and by nothing else', () => {
    expect(caseAfter(null, taken(bytesOf(response)))).toEqual({ ok: false, reason: 'not-opened' })
    expect(caseAfter(null, taken(bytesOf({ ...report, case_resolved: true })))).toEqual({
      ok: false,
      reason: 'not-opened',
    })
  })

  test('takes the same message twice and changes nothing', () => {
    expect(caseAfter(open, taken(bytesOf(report)))).toEqual({ ok: true, value: open })
  })

  test('refuses answers to what nobody reported, messages of other cases, and anything when closed', () => {
    const stray = { ...response, response_items: [{ exception_item_uuid: 'i-9', resolution_response: 'Reject' }] }
    expect(caseAfter(open, taken(bytesOf(stray)))).toEqual({ ok: false, reason: 'item-unknown' })
    expect(caseAfter(open, taken(bytesOf({ ...response, exception_case_uuid: 'c-2' })))).toEqual({
      ok: false,
      reason: 'another-case',
    })
    const closed = caseAfter(open, taken(bytesOf({ ...report, message_uuid: 'm-3', case_resolved: true })))
    expect(closed).toMatchObject({ ok: true, value: { state: 'closed' } })
    if (closed.ok)
      expect(caseAfter(closed.value, taken(bytesOf(response)))).toEqual({ ok: false, reason: 'closed-already' })
  })

  test('is open again when a further item is reported after the answer', () => {
    const answered = caseAfter(open, taken(bytesOf(response)))
    expect(answered).toMatchObject({ ok: true, value: { state: 'answered' } })
    const more = {
      ...report,
      message_uuid: 'm-4',
      exceptions: { underages: [{ ...report.exceptions.overages[0], exception_item_uuid: 'i-2' }] },
    }
    const again = answered.ok && caseAfter(answered.value, taken(bytesOf(more)))
    expect(again).toMatchObject({ ok: true, value: { state: 'open', items: [{ itemId: 'i-1' }, { itemId: 'i-2' }] } })
  })
})
