/** One of a few, all of them in view. */
export function Choices<Value extends string>({
  legend,
  name,
  options,
  chosen,
  onChoose,
}: {
  readonly legend: string
  /** Of the group: no other on the page has it. */
  readonly name: string
  readonly options: readonly (readonly [Value, string])[]
  readonly chosen: Value | null
  readonly onChoose: (value: Value) => void
}) {
  return (
    <fieldset className="choices-list">
      <legend>{legend}</legend>
      {options.map(([each, says]) => (
        <label key={each}>
          <input type="radio" name={name} checked={chosen === each} onChange={() => onChoose(each)} />
          {says}
        </label>
      ))}
    </fieldset>
  )
}
