import '@fontsource-variable/atkinson-hyperlegible-next'
import '@mantine/core/styles.css'
import './look/look.css'
import './look/shell.css'
import './look/parts.css'
import { MantineProvider } from '@mantine/core'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { DemonstrationProvider } from './demonstration.tsx'
import { theme } from './look/theme.ts'
import { WordsProvider } from './words/use-words.tsx'
import { keepPages } from './worker/registration.ts'

const page = document.getElementById('page')
if (!page) throw new Error('the document has no place for the page')

// Mantine would write its variables and classes into inline styles, which the policy of these pages refuses: look.css has them.
createRoot(page).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <WordsProvider>
      <DemonstrationProvider>
        <App />
      </DemonstrationProvider>
    </WordsProvider>
  </MantineProvider>,
)

keepPages()
