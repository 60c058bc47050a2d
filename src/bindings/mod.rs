//! How hosts reach the plugin. No logic.

#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "js")]
pub mod js;
