/**
 * The few shapes of Protocol Buffers that CometBFT hashes and signs, written as its generated Go writes them: fields in
 * the order of their numbers, and a field that holds its default left out, unless the schema embeds it.
 */
import { concatBytes, utf8 } from '@plexus/codec'

const wire = { varint: 0, fixed64: 1, length: 2 } as const
const nothing = new Uint8Array(0)

/** A varint of up to 64 bits; what is below zero is written in two's complement, as int64 is. */
function varint(value: bigint | number): Uint8Array {
  const written: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) written.push(Number(rest & 127n) | 128)
  written.push(Number(rest))
  return Uint8Array.from(written)
}

const tag = (field: number, type: number): Uint8Array => varint((field << 3) | type)

/** int32, int64, uint32, uint64 or an enumeration. */
export function numberField(field: number, value: bigint | number): Uint8Array {
  return BigInt(value) === 0n ? nothing : concatBytes(tag(field, wire.varint), varint(value))
}

/** sfixed64: eight bytes, the lowest first. */
export function fixed64Field(field: number, value: bigint | number): Uint8Array {
  const bits = BigInt.asUintN(64, BigInt(value))
  if (bits === 0n) return nothing
  const eight = Uint8Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(8 * index)) & 255n))
  return concatBytes(tag(field, wire.fixed64), eight)
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? nothing : messageField(field, value)
}

export const textField = (field: number, value: string): Uint8Array => bytesField(field, utf8(value))

/** A message inside another; written even when it is empty, as `(gogoproto.nullable) = false` has it. */
export function messageField(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const inside = concatBytes(...parts)
  return concatBytes(tag(field, wire.length), varint(inside.length), inside)
}

/** What is signed carries its own length in front (`protoio.MarshalDelimited`). */
export function delimited(message: Uint8Array): Uint8Array {
  return concatBytes(varint(message.length), message)
}
