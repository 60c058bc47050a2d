//! Whether a webhook is HighLevel's: Ed25519 over the bytes as they came, in the header `X-GHL-Signature` as base64. The
//! header `X-WH-Signature` (RSA) counts nothing: it is no longer sent. A workflow signs nothing; its address holds a token.
//!
//! Source: HighLevel's guide to webhooks.

use ed25519_dalek::{Signature, VerifyingKey};
use subtle::ConstantTimeEq;

use crate::error::{Code, Error, Result};
use crate::highlevel::Secret;
use crate::json::Value;
use crate::text::from_base64;

/// The key that HighLevel publishes for all apps.
const PUBLISHED_KEY: &str = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=";

/// What stands before the 32 bytes of an Ed25519 key in a PEM file (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Whose webhooks are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// HighLevel's public keys; two are valid during a rotation.
    keys: Vec<[u8; 32]>,
    /// Stands in the address that a workflow sends to.
    workflow_token: Option<Secret>,
    /// Events that happened longer ago are refused. Milliseconds.
    pub max_age_ms: Option<u64>,
}

impl Trust {
    /// From checked options (`options.schema.json`).
    pub fn from_options(options: &Value) -> Self {
        let mut keys = Vec::new();
        for key in texts(options.get("webhookPublicKey")) {
            keys.extend(public_key(key));
        }
        if keys.is_empty() {
            keys.extend(public_key(PUBLISHED_KEY));
        }
        let max_age = options.get("webhookMaxAgeSeconds").and_then(Value::as_u64);
        Self {
            keys,
            workflow_token: options.get("workflowToken").and_then(Value::as_str).map(Secret::new),
            max_age_ms: max_age.map(|s| s * 1000),
        }
    }

    /// Checks what stands in the header `X-GHL-Signature`, fail closed.
    ///
    /// # Errors
    /// `signature_invalid`.
    pub fn verify(&self, body: &[u8], claimed: Option<&str>) -> Result<()> {
        let claimed = claimed.map(str::trim).filter(|c| !c.is_empty() && !c.eq_ignore_ascii_case("n/a"));
        let Some(claimed) = claimed else {
            return Err(refused(
                "the message has no signature",
                "Only HighLevel may call this address; a workflow has an address of its own, with a token.",
            ));
        };
        let signature = from_base64(claimed).and_then(|bytes| Signature::from_slice(&bytes).ok());
        if let Some(signature) = signature {
            for key in &self.keys {
                if VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(body, &signature).is_ok()) {
                    return Ok(());
                }
            }
        }
        Err(refused(
            "the signature doesn't fit the message",
            "Hand on the body byte by byte as it came; if it is, compare highlevel.webhookPublicKey with HighLevel's guide, else the message is forged.",
        ))
    }

    /// Checks the token in the address of a workflow's action, in constant time.
    ///
    /// # Errors
    /// `signature_invalid`.
    pub fn admit(&self, token: Option<&str>) -> Result<()> {
        let given = token.unwrap_or_default().as_bytes();
        if self.workflow_token.as_ref().is_some_and(|own| bool::from(own.reveal().as_bytes().ct_eq(given))) {
            return Ok(());
        }
        Err(refused(
            "the address has no valid token",
            "Compare the end of the address in the workflow's action with highlevel.workflowToken (GHL_WORKFLOW_TOKEN).",
        ))
    }
}

fn refused(message: &str, help: &str) -> Error {
    Error::new(Code::SignatureInvalid, message, help)
}

/// One text or a list of them.
pub fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let many = value.and_then(Value::as_array).map(Vec::as_slice).or(value.map(std::slice::from_ref));
    many.unwrap_or_default().iter().filter_map(Value::as_str)
}

/// An Ed25519 key: a PEM file, its base64, or base64 of the 32 bytes alone. Line breaks may be spelled `\n`, as in
/// environments.
pub fn public_key(text: &str) -> Option<[u8; 32]> {
    let mut base64 = String::new();
    for line in text.replace("\\n", "\n").lines().filter(|line| !line.starts_with('-')) {
        base64.push_str(line);
    }
    let bytes = from_base64(&base64)?;
    let key = bytes.strip_prefix(&SPKI).unwrap_or(&bytes).try_into().ok()?;
    VerifyingKey::from_bytes(&key).is_ok_and(|key| !key.is_weak()).then_some(key)
}

#[cfg(test)]
mod tests;
