// Made from the catalog by build.mjs, for each package its own.
declare module 'face-of-the-catalog' {
  const face: import('./properties.js').Face;
  export default face;
}
