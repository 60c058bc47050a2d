//! Digistore24: its API's calls and answers, and its webhook, the IPN. Pure.

mod call;
mod event;
mod ipn;
mod money;
mod signature;

pub use call::{Account, custom, decode, encode};
pub use event::{
    Buyer, Consent, Event, Item, Kind, Merchant, Money, Order, Subscription, Transaction, order_key, short_hash,
};
pub use ipn::{MAX_BODY, Params, parse, parse_json};
pub use money::Cents;
pub use signature::{Verdict, sign, verify};

#[cfg(test)]
mod tests;
