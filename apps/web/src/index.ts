/** The pages are entered by their main file, which Vite builds; nothing is exported to other packages. */
export {}
