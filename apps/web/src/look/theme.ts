import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** Mantine wants ten shades; what is shown are the variables of look.css, which know both themes. */
const pine: MantineColorsTuple = [
  '#eef5f2',
  '#e0ebe6',
  '#c2d9d1',
  '#9fc5ba',
  '#7bb0a2',
  '#57998a',
  '#33806f',
  '#0d524c',
  '#0a403b',
  '#072e2a',
]

export const theme = createTheme({
  primaryColor: 'pine',
  colors: { pine },
  primaryShade: 7,
  fontFamily: "'Atkinson Hyperlegible Next Variable', system-ui, sans-serif",
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
})
