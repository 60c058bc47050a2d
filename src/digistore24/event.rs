//! What a message means: one shape for every event, whatever way it came.

use sha2::{Digest, Sha512};

use super::{ipn::Params, money::Cents, signature::hex};
use crate::json::{Json, Map, ToJson, Value};
use crate::text::lower;
use crate::{catalog::is_email, clock, record};

/// What happened in Digistore24.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Money came: first payment, renewal, upsell, upgrade.
    Payment,
    /// A renewal could not be charged, or was not tried.
    PaymentMissed,
    /// A payment was refused.
    PaymentDenial,
    /// Money went back to the buyer.
    Refund,
    /// The bank took the money back.
    Chargeback,
    /// No further renewals; access goes on until the last paid day.
    RebillCancelled,
    /// Renewals go on after all.
    RebillResumed,
    /// The paid time is over.
    LastPaidDay,
    /// An affiliate was approved.
    Affiliation,
    /// A ticket was made, changed, used or revoked.
    Eticket,
    /// The buyer filled in a form.
    CustomForm,
    /// Somebody filled in the order form.
    OrderformFilled,
    /// The button "test connection".
    ConnectionTest,
    /// Something new.
    Unknown(String),
}

impl ToJson for Kind {
    fn to_json(&self) -> Value {
        self.name().into()
    }
}

impl Json for Kind {
    fn read(value: Value, ok: &mut bool) -> Self {
        *ok &= value.is_string();
        Self::parse(value.as_str().unwrap_or_default())
    }
}

impl Kind {
    /// Reads the `event` parameter. Names differ by an `on_` and by age.
    pub fn parse(name: &str) -> Self {
        let name = name.trim().to_ascii_lowercase();
        match name.strip_prefix("on_").unwrap_or(&name) {
            "payment" | "payment_subscription_signup" | "signup" | "new_signup" => Self::Payment,
            "payment_missed" | "missed_payment" => Self::PaymentMissed,
            "payment_denial" => Self::PaymentDenial,
            "refund" => Self::Refund,
            "chargeback" => Self::Chargeback,
            "rebill_cancelled" => Self::RebillCancelled,
            "rebill_resumed" => Self::RebillResumed,
            "last_paid_day" => Self::LastPaidDay,
            "affiliation" | "new_affiliation" => Self::Affiliation,
            "eticket" => Self::Eticket,
            "custom_form" | "customform" => Self::CustomForm,
            "of_filled_out" => Self::OrderformFilled,
            "connection_test" => Self::ConnectionTest,
            other => Self::Unknown(other.chars().take(40).filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()),
        }
    }

    /// `payment`, `payment_missed`, …
    pub fn name(&self) -> &str {
        match self {
            Self::Payment => "payment",
            Self::PaymentMissed => "payment_missed",
            Self::PaymentDenial => "payment_denial",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::RebillCancelled => "rebill_cancelled",
            Self::RebillResumed => "rebill_resumed",
            Self::LastPaidDay => "last_paid_day",
            Self::Affiliation => "affiliation",
            Self::Eticket => "eticket",
            Self::CustomForm => "custom_form",
            Self::OrderformFilled => "orderform_filled",
            Self::ConnectionTest => "connection_test",
            Self::Unknown(name) => name,
        }
    }

    /// The catalog id of the trigger: `digistore24.onPayment`.
    pub fn trigger(&self) -> String {
        let mut id = "digistore24.on".to_owned();
        let mut start = true;
        for letter in self.name().chars() {
            match letter {
                '_' => start = true,
                letter if start => {
                    id.push(letter.to_ascii_uppercase());
                    start = false;
                }
                letter => id.push(letter),
            }
        }
        id
    }

    /// Whether it is about an order that the sync keeps state for.
    pub fn is_about_order(&self) -> bool {
        !matches!(self, Self::Affiliation | Self::OrderformFilled | Self::ConnectionTest | Self::Unknown(_))
    }

    fn has_transaction(&self) -> bool {
        matches!(self, Self::Payment | Self::Refund | Self::Chargeback | Self::PaymentDenial)
    }
}

record! {
/// One event, in the shape that builders and the mapping get. `None` for what is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Short and stable: made from the deduplication keys.
    pub id: String,
    /// The trigger's catalog id.
    pub trigger: String,
    /// What happened.
    pub event: Kind,
    /// When, where the message says so. ISO 8601 with offset.
    pub occurred_at: Option<String> as "occurredAt",
    /// When it came. ISO 8601, UTC.
    pub received_at: String as "receivedAt",
    /// A test order.
    pub test: bool,
    /// Who sells.
    pub merchant: Merchant,
    /// Who bought.
    pub buyer: Buyer,
    /// Which order.
    pub order: Order,
    /// What was bought; several where the connection groups items.
    pub items: Vec<Item>,
    /// The money's movement, where there was one.
    pub transaction: Option<Transaction>,
    /// Amounts of the transaction.
    pub money: Option<Money>,
    /// The plan behind renewals and installments.
    pub subscription: Option<Subscription>,
    /// What the buyer said about newsletters.
    pub consent: Consent,
    /// Who brought the buyer.
    pub affiliate: Option<String>,
    /// Addresses for the buyer. They carry keys: treat as secrets.
    pub links: Map,
    /// Every parameter as it came, the signature left out.
    pub raw: Map,
}
}

record! {
/// Who sells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merchant {
    /// Digistore24's number.
    pub id: Option<String>,
    /// The account's name.
    pub name: Option<String>,
}
}

record! {
/// Who bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buyer {
    /// Digistore24's number of the buyer.
    pub id: Option<String>,
    /// Trimmed, lower case.
    pub email: Option<String>,
    /// Given name.
    pub first_name: Option<String> as "firstName",
    /// Family name.
    pub last_name: Option<String> as "lastName",
    /// Company.
    pub company: Option<String>,
    /// As typed by the buyer.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub zipcode: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// Two letters.
    pub language: Option<String>,
}
}

record! {
/// Which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// As sent.
    pub id: String,
    /// The order that an upsell belongs to; else the same.
    pub base_id: String as "baseId",
    /// 0 for the first sale, 1 for the first upsell, …
    pub upsell_no: u32 as "upsellNo",
    /// `regular`, `upgrade`, …
    pub kind: Option<String>,
    /// When it was placed. ISO 8601 with offset.
    pub created_at: Option<String> as "createdAt",
    /// The order that this one replaces.
    pub upgraded_order_id: Option<String> as "upgradedOrderId",
    /// When the replaced order ends. `2026-11-23`.
    pub delivery_date: Option<String> as "deliveryDate",
    /// What the vendor's link carried.
    pub custom: Option<String>,
}
}

record! {
/// One thing that was bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Digistore24's number of the line. Missing in some messages.
    pub id: Option<String>,
    /// Missing in some messages.
    pub product_id: Option<String> as "productId",
    /// What the buyer sees.
    pub name: Option<String>,
    /// 1 or more.
    pub quantity: u32,
    /// The vendor's own tags of the product.
    pub tags: Vec<String>,
    /// `connection | event | transaction | item`: the same for a repeated message.
    pub dedupe_key: String as "dedupeKey",
}
}

record! {
/// The money's movement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Digistore24's number.
    pub id: String,
    /// The payment that a refund returns. Also set on payments, so no sign of a refund.
    pub parent_id: Option<String> as "parentId",
    /// `creditcard`, `paypal`, `test`, …
    pub pay_method: Option<String> as "payMethod",
}
}

record! {
/// Amounts of the transaction, in the order's currency. Without sign: the event says which way the money went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Money {
    /// What the buyer paid or got back.
    pub gross: Cents,
    /// Of that, tax.
    pub vat: Option<Cents>,
    /// The vendor's share.
    pub earnings: Option<Cents>,
    /// Three letters.
    pub currency: String,
}
}

record! {
/// The plan behind renewals and installments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscription {
    /// `single_payment`, `subscription`, `installment`.
    pub billing_type: String as "billingType",
    /// `paying`, `aborted`, `unpaid`, `reminding`, `completed`.
    pub status: Option<String>,
    /// Why renewals stopped.
    pub stop_reason: Option<String> as "stopReason",
    /// 0 single, 1 first, 2 and more: renewals.
    pub sequence_no: u32 as "sequenceNo",
    /// The same, only where the message says it.
    pub told_sequence_no: Option<u32> as "toldSequenceNo",
    /// Payments in all; 0 without end.
    pub installments: u32,
    /// `2026-12-23`.
    pub next_payment_at: Option<String> as "nextPaymentAt",
    /// When a cancellation was noted.
    pub stop_noted_at: Option<String> as "stopNotedAt",
    /// The last paid day of a cancelled plan. `2026-12-23`.
    pub paid_until: Option<String> as "paidUntil",
}
}

record! {
/// What the buyer said about newsletters. Evidence, never a consent by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// `none`, `optin`, `optout`.
    pub newsletter: Option<String>,
    /// The words shown.
    pub newsletter_text: Option<String> as "newsletterText",
    /// The buyer's country has the GDPR.
    pub gdpr_country: Option<bool> as "gdprCountry",
}
}

const LINKS: [&str; 8] = [
    "invoice_url",
    "receipt_url",
    "renew_url",
    "rebilling_stop_url",
    "request_refund_url",
    "support_url",
    "switch_pay_interval_url",
    "order_details_url",
];

impl Event {
    /// Reads a message. Nothing is refused: what is unknown stays in `raw`.
    pub fn read(connection: &str, params: &Params, received_at_ms: u64) -> Self {
        let text = |name: &str| params.find(name).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let first = |names: &[&str]| names.iter().find_map(|n| text(n));
        let kind = Kind::parse(params.find("event").or_else(|| params.find("function_call")).unwrap_or_default());
        let order = read_order(params);
        let transaction = kind.has_transaction().then(|| text("transaction_id")).flatten().map(|id| Transaction {
            id,
            parent_id: text("parent_transaction_id"),
            pay_method: text("pay_method"),
        });
        let subscription = text("billing_type").map(|billing_type| Subscription {
            billing_type,
            status: first(&["billing_status", "order_billing_status"]),
            stop_reason: text("billing_stop_reason"),
            sequence_no: number(params, "pay_sequence_no"),
            told_sequence_no: params.find("pay_sequence_no").and_then(|n| n.trim().parse().ok()),
            installments: number(params, "number_of_installments"),
            next_payment_at: date(params, "next_payment_at"),
            stop_noted_at: text("rebill_stop_noted_at").filter(|t| !t.starts_with("0000")),
            paid_until: date(params, "is_cancelled_for"),
        });
        let money = transaction.as_ref().and_then(|_| read_money(params));
        let items = read_items(connection, &kind, &order, params);
        let occurred = transaction.as_ref().and_then(|_| {
            let time = params.find("transaction_time").unwrap_or("00:00:00");
            clock::parse_berlin(&format!("{} {time}", params.get("transaction_date")))
        });
        Self {
            id: short_hash(&mut items.iter().map(|i| i.dedupe_key.as_str())),
            trigger: kind.trigger(),
            event: kind,
            occurred_at: occurred.map(clock::iso),
            received_at: clock::iso_utc(received_at_ms),
            test: params.get("api_mode").eq_ignore_ascii_case("test"),
            merchant: Merchant { id: text("merchant_id"), name: text("merchant_name") },
            buyer: Buyer {
                id: text("buyer_id"),
                email: first(&["email", "buyer_email", "address_email"]).map(|e| lower(&e)).filter(|e| is_email(e)),
                first_name: first(&["address_first_name", "buyer_first_name"]),
                last_name: first(&["address_last_name", "buyer_last_name"]),
                company: first(&["address_company", "buyer_address_company"]),
                phone: first(&[
                    "address_phone_no",
                    "address_mobile_no",
                    "buyer_address_phone_no",
                    "buyer_address_mobile_no",
                ]),
                street: first(&["address_street", "buyer_address_street"]),
                zipcode: first(&["address_zipcode", "buyer_address_zipcode"]),
                city: first(&["address_city", "buyer_address_city"]),
                state: first(&["address_state", "buyer_address_state"]),
                country: first(&["address_country", "buyer_address_country", "country"])
                    .map(|c| c.to_ascii_uppercase()),
                language: first(&["buyer_language", "language"]),
            },
            order,
            items,
            transaction,
            money,
            subscription,
            consent: Consent {
                newsletter: text("newsletter_choice").map(|c| lower(&c)),
                newsletter_text: text("newsletter_choice_msg"),
                gdpr_country: text("is_gdpr_country").map(|v| v.eq_ignore_ascii_case("y")),
            },
            affiliate: text("affiliate_name"),
            links: object(LINKS.iter().filter_map(|n| Some((*n, params.find(n)?)))),
            raw: object(params.content()),
        }
    }

    /// The number of the payment in its plan: 0 single, 1 first.
    pub fn sequence_no(&self) -> u32 {
        self.subscription.as_ref().map(|s| s.sequence_no).unwrap_or_default()
    }

    /// The key under which the ledger keeps the order: merchant and base order.
    pub fn order_key(&self) -> String {
        order_key(self.merchant.id.as_deref(), &self.order.base_id)
    }

    /// All messages about one buyer are worked on one after the other: this names the buyer.
    pub fn person_key(&self) -> String {
        let merchant = self.merchant.id.as_deref().unwrap_or("-");
        match (&self.buyer.id, &self.buyer.email) {
            (Some(id), _) => format!("{merchant}:{id}"),
            (None, Some(email)) => format!("{merchant}:{}", short_hash(&mut [email.as_str()].into_iter())),
            (None, None) => format!("{merchant}:order:{}", self.order.base_id),
        }
    }
}

/// `merchant:base order`.
pub fn order_key(merchant: Option<&str>, base_id: &str) -> String {
    format!("{}:{base_id}", merchant.unwrap_or("-"))
}

fn object<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Map {
    let mut object = Map::new();
    for (name, value) in pairs {
        object.insert(name.to_owned(), value.into());
    }
    object
}

fn number(params: &Params, name: &str) -> u32 {
    params.get(name).trim().parse().unwrap_or_default()
}

fn date(params: &Params, name: &str) -> Option<String> {
    clock::parse_date(params.get(name)).map(clock::ymd)
}

/// An upsell's order id is the base id with the upsell's number at its end; ids that end in a digit by nature exist.
fn read_order(params: &Params) -> Order {
    let id = params.get("order_id").trim().to_owned();
    let upsell_no = number(params, "upsell_no");
    let base = (upsell_no > 0).then(|| id.strip_suffix(&upsell_no.to_string())).flatten().filter(|b| !b.is_empty());
    let created = params.find("order_date_time").map(str::to_owned).or_else(|| {
        params.find("order_date").map(|d| format!("{d} {}", params.find("order_time").unwrap_or("00:00:00")))
    });
    Order {
        base_id: base.unwrap_or(&id).to_owned(),
        upsell_no,
        kind: params.find("order_type").map(str::to_owned),
        created_at: created.and_then(|c| clock::parse_berlin(&c)).map(clock::iso),
        upgraded_order_id: params.find("upgraded_order_id").map(str::to_owned),
        delivery_date: date(params, "delivery_date"),
        custom: params.find("custom").map(str::to_owned),
        id,
    }
}

fn read_money(params: &Params) -> Option<Money> {
    let cents = |names: &[&str]| names.iter().find_map(|n| Cents::parse(params.get(n))).map(Cents::abs);
    Some(Money {
        gross: cents(&["transaction_amount", "amount_brutto", "amount"])?,
        vat: cents(&["transaction_vat_amount", "amount_vat"]),
        earnings: cents(&["amount_vendor"]),
        currency: params.find("transaction_currency").or_else(|| params.find("currency"))?.to_ascii_uppercase(),
    })
}

/// The first item has plain names, the further ones the suffixes `_2`, `_3`, … Products and items may be absent.
fn read_items(connection: &str, kind: &Kind, order: &Order, params: &Params) -> Vec<Item> {
    let count = number(params, "item_count").clamp(1, 100);
    let mut items = Vec::new();
    for no in 1..=100u32 {
        let name = |base: &str| if no == 1 { base.to_owned() } else { format!("{base}_{no}") };
        let text = |base: &str| params.find(&name(base)).map(str::to_owned);
        let (id, product_id) = (text("order_item_id"), text("product_id"));
        if no > 1 && id.is_none() && product_id.is_none() {
            if no > count {
                break;
            }
            continue;
        }
        let mut tags: Vec<String> = Vec::new();
        for list in [text("tags"), text("tag")].into_iter().flatten() {
            for tag in list.split(',').map(|t| lower(t.trim())) {
                if !tag.is_empty() && !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        items.push(Item {
            dedupe_key: dedupe_key(connection, kind, order, id.as_deref().or(product_id.as_deref()), params),
            id,
            product_id,
            name: text("product_name"),
            quantity: params.get(&name("quantity")).trim().parse().unwrap_or(1),
            tags,
        });
    }
    items
}

/// Equal for a repeated message, also through a second connection of the same vendor; different for each renewal.
fn dedupe_key(connection: &str, kind: &Kind, order: &Order, item: Option<&str>, params: &Params) -> String {
    let item = item.unwrap_or("-");
    let find = |names: &[&str]| names.iter().find_map(|n| params.find(n)).unwrap_or("-").to_owned();
    let merchant = params.find("merchant_id").unwrap_or("-");
    let rest = match kind {
        kind if kind.has_transaction() && params.find("transaction_id").is_some() => {
            format!("{}|{item}", params.get("transaction_id"))
        }
        Kind::Eticket => format!("{}|{}|{}", find(&["eticket_id"]), find(&["action"]), find(&["eticket_modified_at"])),
        Kind::CustomForm => {
            let content = short_hash(&mut params.content().filter(|(n, _)| !n.starts_with("ipn_")).map(|(_, v)| v));
            format!("{}|{}|{}|{content}", order.id, find(&["form_no"]), find(&["action"]))
        }
        Kind::Affiliation => format!("{}|{}", find(&["affiliate_name", "email"]), find(&["product_id", "product_ids"])),
        kind if kind.is_about_order() => {
            let when = find(&["rebill_stop_noted_at", "next_payment_at", "delivery_date"]);
            format!("{}|{item}|{}|{when}", order.id, find(&["pay_sequence_no"]))
        }
        _ => short_hash(&mut params.content().flat_map(|(n, v)| [n, v])),
    };
    format!("{connection}|{merchant}|{}|{rest}", kind.name())
}

/// 16 hex digits that stand for the texts.
pub fn short_hash(texts: &mut dyn Iterator<Item = &str>) -> String {
    let mut hash = Sha512::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hex(hash.finalize().get(..8).unwrap_or_default(), b"0123456789abcdef")
}
