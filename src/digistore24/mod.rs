//! Digistore24: its API's calls and answers, and its webhook, the IPN. Pure.

mod answer;
mod call;
mod connection;
mod event;
mod ipn;
pub mod key;
mod message;
mod money;
mod replay;
mod row;
mod shape;
mod signature;

pub use answer::{decode, is_refusal};
pub use call::{Account, Ipn, custom, encode, passphrases};
pub use connection::{Install, differences};
pub use event::{
    Affiliate, Buyer, Consent, Eticket, Event, Form, Item, Kind, Merchant, Money, Order, Subscription, Transaction,
    links, order_key,
};
pub use ipn::{MAX_BODY, Params, parse, parse_json};
pub use money::Cents;
pub use replay::{Standing, messages, standing, work};
pub use signature::{Verdict, sign, verify};

#[cfg(test)]
mod tests;
