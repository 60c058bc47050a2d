// wasm-bindgen keeps the instance, its memory views and its finalizers in the variables of one module. After a trap
// that is not good enough: given a new instance, stale views would read the old memory, and an object of the old
// instance that is collected later would free an address in the new one. So the generated module becomes the body of
// `create()`: each instance has glue of its own, and the old pair is left to the garbage collector together.
// (wasm-bindgen's own answer, `__wbg_reset_state`, is refused for the target `bundler`.)
import { Failed } from './shell.mjs';

const exported = /^export (?:async )?(?:class|function\*?|const|let) ([\w$]+)/;

/** Splits wasm-bindgen's `_bg.js` into the factory module and a thin module with the original exports. */
export function splitGlue(source, factoryFile) {
  const names = [];
  const body = source.split('\n').map((line) => {
    const name = exported.exec(line)?.[1];
    // `import` (a snippet) or `export {…}` would need more than this: better no build than a wrong one.
    if (!name && /^(?:import|export)\b/.test(line)) throw new Failed(`unexpected line in wasm-bindgen's glue: ${line}`);
    if (name) names.push(name);
    return name ? line.slice('export '.length) : line;
  });
  if (!names.includes('__wbg_set_wasm')) throw new Failed("wasm-bindgen's glue has no __wbg_set_wasm");
  const list = names.join(', ');
  return {
    factory: `// Made by the build from wasm-bindgen's glue: one call for each instance.\nexport function create() {\n${body.join('\n')}\nreturn { ${list} };\n}\n`,
    module: `// The names of wasm-bindgen's target \`bundler\`, for hosts that instantiate the wasm themselves.\nimport { create } from './${factoryFile}';\n\nexport const { ${list} } = create();\n`,
    names,
  };
}

/** What a host may use: the exports without wasm-bindgen's own. */
export const publicNames = (names) => names.filter((name) => !name.startsWith('__wb'));
