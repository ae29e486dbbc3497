import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { english, type Words } from './english.ts'
import { spanish } from './spanish.ts'

const dictionaries = { en: english, es: spanish } as const
type Language = keyof typeof dictionaries
export const languages = Object.keys(dictionaries) as readonly Language[]
export const nameOfLanguage = (language: Language): string => dictionaries[language].name

interface Spoken {
  readonly words: Words
  readonly language: Language
  readonly speak: (language: Language) => void
}

const kept = 'plexus-language'

const SpokenContext = createContext<Spoken>({ words: english, language: 'en', speak: () => {} })

/** The language that was chosen here, else the browser's, else English. */
function firstLanguage(): Language {
  const wanted = [localStorage.getItem(kept), ...navigator.languages.map((each) => each.slice(0, 2))]
  return (
    languages.find((language) => wanted.find((each) => languages.some((known) => known === each)) === language) ?? 'en'
  )
}

export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const spoken = useMemo<Spoken>(
    () => ({
      words: dictionaries[language],
      language,
      speak(chosen) {
        localStorage.setItem(kept, chosen)
        setLanguage(chosen)
      },
    }),
    [language],
  )
  return <SpokenContext value={spoken}>{children}</SpokenContext>
}

export const useSpoken = (): Spoken => useContext(SpokenContext)
export const useWords = (): Words => useSpoken().words
