// Finds a Rust toolchain that can build for wasm32-unknown-unknown. Installs nothing: that is setup.mjs.
//
//   normal  the toolchain on PATH (rustup's, as a rule) has the target, and the component rust-src
//   plain   the same without rust-src, or with a compiler that lacks the flags for size: the ready-made standard
//           library makes the wasm a tenth larger
//   debian  Debian's packages rustc-web, cargo-web and rust-web-src, for machines that can't reach the Rust
//           distribution server. They put the compiler into /usr/bin and the standard library's source into
//           /usr/lib/rustlib/src/rust (a link to /usr/src/rustc-VERSION), but no wasm standard library.
//           Tests, lints and helpers keep using the toolchain on PATH.
//
// Normal and debian compile the standard library along with the plugin, for its size: a panic stops at once, without
// the code that would describe it, and std is optimized like the rest. RUSTC_BOOTSTRAP lets a stable compiler do that.
//
// GHL_DS24_WASM=debian skips the normal way, GHL_DS24_WASM=plain the source.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { capture, root, which } from './shell.mjs';

export const target = 'wasm32-unknown-unknown';
export const debianPackages = ['rustc-web', 'cargo-web', 'rust-web-src'];

const debianRustc = '/usr/bin/rustc';
const debianCargo = '/usr/bin/cargo';
const debianSource = '/usr/lib/rustlib/src/rust/library/std';

/** Always handed to cargo, so that we know where its products are. */
export const targetDir = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** In continuous integration a lock file that doesn't match is an error, not something to update. */
export const locked = process.env.CI ? ['--locked'] : [];

/** "rustc 1.95.0 (…)", or undefined without a usable Rust. */
export const rustVersion = () => capture('rustc', ['--version']);

export function wasmToolchain() {
  const forced = process.env.GHL_DS24_WASM;
  if (forced !== 'debian') {
    const library = capture('rustc', ['--print', 'target-libdir', '--target', target]);
    if (library && existsSync(library)) {
      const found = { version: rustVersion(), cargo: 'cargo', dir: targetDir };
      if (forced !== 'plain' && hasSource() && knowsFlags('rustc')) {
        return { ...found, ...small, name: 'normal', env: { RUSTC_BOOTSTRAP: '1' } };
      }
      return { ...found, name: 'plain', args: [], flags: [], last: [], env: {} };
    }
  }
  const linker = wasmLinker();
  if (!linker || !hasDebianCompiler()) return undefined;
  return {
    name: 'debian',
    version: capture(debianRustc, ['--version']),
    cargo: debianCargo,
    ...(knowsFlags(debianRustc) ? small : { args: ['-Z', 'build-std=std,panic_abort'], flags: [], last: [] }),
    env: { RUSTC: debianRustc, RUSTC_BOOTSTRAP: '1', CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker },
    // Another compiler: a folder of its own, so that neither throws away what the other has built.
    dir: join(targetDir, 'debian'),
  };
}

/** Arguments for cargo, flags for every crate, and for the last one, which all others are compiled into. */
const small = {
  args: ['-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features=optimize_for_size'],
  flags: [
    ...['-Zunstable-options', '-Cpanic=immediate-abort', '-Zlocation-detail=none'],
    // JavaScript keeps the few objects that cross the boundary in a list of its own: smaller, and no host is too old.
    '-Ctarget-feature=-reference-types',
  ],
  // Only what is smaller than its call is inlined where it is called more than once.
  last: ['-Cllvm-args=-inline-threshold=0 -inline-call-penalty=35'],
};

/** They may change with any version of the compiler; what they don't fit gets a larger wasm, not an error. */
const knowsFlags = (rustc) =>
  capture(rustc, [...small.flags, ...small.last, '--print', 'cfg', '--target', target], { RUSTC_BOOTSTRAP: '1' }) !==
  undefined;

/** Whether the component rust-src is there. */
export const hasSource = () =>
  existsSync(join(capture('rustc', ['--print', 'sysroot']) ?? '', 'lib/rustlib/src/rust/library/std'));

export const hasDebianCompiler = () => [debianRustc, debianCargo, debianSource].every((path) => existsSync(path));

/** rustup ships a linker that knows wasm; Debian's is in the package lld. */
export function wasmLinker() {
  const host = /^host: (.+)$/m.exec(capture('rustc', ['-vV']) ?? '')?.[1];
  const sysroot = capture('rustc', ['--print', 'sysroot']);
  const bundled = host && sysroot && join(sysroot, 'lib/rustlib', host, 'bin/rust-lld');
  return bundled && existsSync(bundled) ? bundled : which('wasm-ld');
}

/**
 * Cargo's arguments for the compiler's flags. Keeps this machine's folders out of panic messages: smaller, private, and
 * the same bytes on every machine.
 */
export function rustFlags(toolchain) {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/src');
  const indexes = existsSync(registry) ? readdirSync(registry) : [];
  const folders = [
    ...indexes.map((name) => [join(registry, name), '/crates']),
    [join(root, 'src'), '/src'],
    ...remappedSource(),
    ['/usr/lib/rustlib/src/rust', '/rustc'],
    ...readdirIf('/usr/src')
      .filter((name) => name.startsWith('rustc-'))
      .map((name) => [`/usr/src/${name}`, '/rustc']),
  ];
  const flags = [...toolchain.flags, ...folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)];
  return ['--config', `target.${target}.rustflags=${JSON.stringify(flags)}`];
}

/** With the component rust-src, inlined code of the standard library names that folder instead of /rustc/COMMIT. */
function remappedSource() {
  const sysroot = capture('rustc', ['--print', 'sysroot']);
  const commit = /^commit-hash: (\w+)$/m.exec(capture('rustc', ['-vV']) ?? '')?.[1];
  return sysroot && commit ? [[join(sysroot, 'lib/rustlib/src/rust'), `/rustc/${commit}`]] : [];
}

const readdirIf = (path) => (existsSync(path) ? readdirSync(path) : []);
