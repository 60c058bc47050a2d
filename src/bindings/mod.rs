//! How hosts reach the plugin. No logic.

#[cfg(feature = "component")]
mod component;
#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "js")]
pub mod js;

/// 3 kB smaller (gzip) than the standard library's allocator for wasm, and every call takes constant time.
#[cfg(all(target_arch = "wasm32", any(feature = "js", feature = "component")))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
