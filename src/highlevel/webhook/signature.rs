//! Whether a webhook is HighLevel's: Ed25519 over the bytes as they came, in the header `X-GHL-Signature` as base64. The
//! header `X-WH-Signature` (RSA) counts nothing: it is no longer sent. A workflow signs nothing; its address holds a token.
//!
//! Source: HighLevel's guide to webhooks.

use curve25519_dalek::{EdwardsPoint, Scalar, edwards::CompressedEdwardsY};
use sha2::{Digest, Sha512};
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
            workflow_token: options.text_of("workflowToken").map(Secret::new),
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
        let signature = from_base64(claimed).unwrap_or_default();
        if self.keys.iter().any(|key| is_signed(key, body, &signature)) {
            return Ok(());
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

/// Ed25519 as RFC 8032, 5.1.7 has it, without the factor 8, and strict: no second form of a signature counts.
fn is_signed(key: &[u8; 32], body: &[u8], signature: &[u8]) -> bool {
    let Some((r, s)) = signature.split_first_chunk::<32>() else { return false };
    let scalar = s.try_into().ok().and_then(|s| Option::<Scalar>::from(Scalar::from_canonical_bytes(s)));
    let (Some(scalar), Some(key_point)) = (scalar, point(key)) else { return false };
    let mut hash = Sha512::new();
    for part in [r, key, body] {
        hash.update(part);
    }
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let found = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-key_point, &scalar);
    found.compress().as_bytes() == r
}

/// The point of a key, unless it is one of the eight that fit any message.
fn point(key: &[u8; 32]) -> Option<EdwardsPoint> {
    CompressedEdwardsY(*key).decompress().filter(|point| !point.is_small_order())
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
    let base64 = text.split("-----").nth(2).unwrap_or(text).replace("\\n", "");
    let bytes = from_base64(&base64)?;
    let key = bytes.strip_prefix(&SPKI).unwrap_or(&bytes).try_into().ok()?;
    point(&key).map(|_| key)
}

#[cfg(test)]
mod tests;
