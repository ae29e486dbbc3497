/** The groups of a recovery code, in order. */
export function RecoveryCode({ code }: { readonly code: string }) {
  return (
    <ol className="code" data-recovery-code>
      {code.split('-').map((group, index) => (
        // The place is part of what a group means: two groups may be alike.
        <li key={index}>{group}</li>
      ))}
    </ol>
  )
}
