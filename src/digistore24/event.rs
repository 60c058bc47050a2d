//! One event, whatever way it came: what the mapping works with.

use super::money::Cents;
use crate::json::{Json, Map, ToJson, Value, put};
use crate::text::short_hash;
use crate::{clock, record};

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
    /// Digistore24 wants a proof that a service was delivered. In lists only, like the next two.
    ServiceProofRequest,
    /// The buyer wants the money back.
    RefundRequest,
    /// Something is to be shipped.
    Delivery,
    /// The button "test connection".
    ConnectionTest,
    /// Something new.
    Unknown(String),
    /// Something happened in HighLevel, by its own word: `ContactTagUpdate`. The order is the one that it is about.
    HighLevel(String),
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
            "service_proof_request" => Self::ServiceProofRequest,
            "refund_request" => Self::RefundRequest,
            "delivery" => Self::Delivery,
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
            Self::ServiceProofRequest => "service_proof_request",
            Self::RefundRequest => "refund_request",
            Self::Delivery => "delivery",
            Self::Unknown(name) | Self::HighLevel(name) => name,
        }
    }

    /// The catalog id of the trigger: `digistore24.onPayment`.
    pub fn trigger(&self) -> String {
        if matches!(self, Self::Unknown(_)) {
            return "digistore24.onUnknownEvent".to_owned();
        }
        let mut id = if self.is_work() { "digistore24.new" } else { "digistore24.on" }.to_owned();
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

    /// Whether it asks somebody to do something, and says nothing about what was bought.
    pub fn is_work(&self) -> bool {
        matches!(self, Self::ServiceProofRequest | Self::RefundRequest | Self::Delivery)
    }

    /// Whether it took place in HighLevel: then it says nothing about what was bought. The bare module has no such events.
    pub fn is_highlevel(&self) -> bool {
        cfg!(not(feature = "fetch")) && matches!(self, Self::HighLevel(_))
    }

    pub(super) fn has_transaction(&self) -> bool {
        matches!(self, Self::Payment | Self::Refund | Self::Chargeback | Self::PaymentDenial) || self.is_work()
    }
}

record! {
/// One event, as the mapping gets it; hosts get its [`shape`](Event::shape). `None` for what is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Short and stable: made from the deduplication keys.
    pub id: String,
    /// The same for a repeated message: the item's key where there is one item.
    pub dedupe_key: String as "dedupeKey",
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
    /// Who brought the buyer; of an approved affiliation, the new partner.
    pub affiliate: Option<Affiliate>,
    /// The ticket that the event is about.
    pub eticket: Option<Eticket>,
    /// The form that was filled in.
    pub form: Option<Form>,
    /// Addresses for the buyer, by name. They carry keys: treat as secrets.
    pub links: Map,
    /// Every parameter or field as it came, the signature left out.
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
    /// `M`, `F` or nothing.
    pub salutation: Option<String>,
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
    /// `upgrade`, `downgrade`, `special_offer`, `switch_plan`, `package_change`.
    pub upgrade_type: Option<String> as "upgradeType",
    /// When the replaced order ends. `2026-11-23`.
    pub delivery_date: Option<String> as "deliveryDate",
    /// What the vendor's link carried.
    pub custom: Option<String>,
    /// The voucher that was used.
    pub voucher: Option<String>,
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
    /// The item's part of the transaction, where the message says it.
    pub money: Option<Money>,
    /// The licence that was issued. A secret of the buyer.
    pub license_key: Option<String> as "licenseKey",
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
    /// Of that, without tax.
    pub net: Option<Cents>,
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

record! {
/// Who brings buyers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affiliate {
    /// Digistore24's number.
    pub id: Option<String>,
    /// The account's name.
    pub name: Option<String>,
    /// Of an approved affiliation only.
    pub email: Option<String>,
    /// The partner's promotion link.
    pub link: Option<String>,
    /// The partner's campaign.
    pub campaign_key: Option<String> as "campaignKey",
    /// The partner's own tracking.
    pub tracking_key: Option<String> as "trackingKey",
}
}

record! {
/// A ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eticket {
    /// Digistore24's number.
    pub id: Option<String>,
    /// What the entrance scans. A secret of the buyer.
    pub code: Option<String>,
    /// `create`, `update`, `use`, `cancel_use`, `revoke`, `cancel_revoke`.
    pub action: Option<String>,
    /// The ticket's number in the order.
    pub no: Option<u32>,
    /// Tickets of the order.
    pub count: Option<u32>,
    /// It lets nobody in.
    pub blocked: Option<bool>,
    /// Where it can be downloaded. Carries a key.
    pub url: Option<String>,
    /// When the event takes place, as the vendor wrote it.
    pub date: Option<String>,
    /// What the visitor should know.
    pub hint: Option<String>,
    /// The place's name.
    pub location_name: Option<String> as "locationName",
    /// The place's address.
    pub location_address: Option<String> as "locationAddress",
    /// ISO 8601 with offset.
    pub created_at: Option<String> as "createdAt",
    /// ISO 8601 with offset.
    pub modified_at: Option<String> as "modifiedAt",
    /// ISO 8601 with offset.
    pub used_at: Option<String> as "usedAt",
}
}

record! {
/// A form that was filled in. Its answers stand in `raw`: under which names is not published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Of an order form: its number.
    pub id: Option<String>,
    /// `create`, `revoke`.
    pub action: Option<String>,
    /// Of a custom form: its number in the order.
    pub no: Option<u32>,
    /// Custom forms of the order.
    pub count: Option<u32>,
}
}

impl Item {
    /// Whether it goes by this key: its item id, else its product id.
    pub fn is(&self, key: &str) -> bool {
        self.id.as_deref().or(self.product_id.as_deref()) == Some(key)
    }
}

/// Names of links, and of the parameters that carry them.
const LINKS: [(&str, &str); 9] = [
    ("add", "add_url"),
    ("invoice", "invoice_url"),
    ("orderDetails", "order_details_url"),
    ("receipt", "receipt_url"),
    ("renew", "renew_url"),
    ("requestRefund", "request_refund_url"),
    ("stopRebilling", "rebilling_stop_url"),
    ("support", "support_url"),
    ("switchPayInterval", "switch_pay_interval_url"),
];

/// All links by name, null where `find` has none under the parameter's name.
pub fn links(find: &dyn Fn(&str) -> Option<String>) -> Map {
    let mut links = Map::new();
    for (name, parameter) in LINKS {
        put(&mut links, name, find(parameter).to_json());
    }
    links
}

impl Money {
    /// Amounts without sign; the net follows from the others.
    pub fn new(gross: Cents, vat: Option<Cents>, earnings: Option<Cents>, currency: &str) -> Self {
        let (gross, vat) = (gross.abs(), vat.map(Cents::abs));
        Self {
            gross,
            net: vat.map(|vat| Cents(gross.0 - vat.0)),
            vat,
            earnings: earnings.map(Cents::abs),
            currency: currency.to_ascii_uppercase(),
        }
    }
}

impl Event {
    /// An event of which nothing else is known yet, for those that are read from the API's rows.
    pub fn blank(trigger: &str, kind: Kind, received_at_ms: u64) -> Self {
        Self {
            id: String::new(),
            dedupe_key: String::new(),
            trigger: trigger.to_owned(),
            event: kind,
            occurred_at: None,
            received_at: clock::iso_utc(received_at_ms),
            test: false,
            merchant: Merchant::default(),
            buyer: Buyer::default(),
            order: Order::default(),
            items: Vec::new(),
            transaction: None,
            money: None,
            subscription: None,
            consent: Consent::default(),
            affiliate: None,
            eticket: None,
            form: None,
            links: links(&|_| None),
            raw: Map::new(),
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

    /// All messages about one buyer are worked on one after the other: this names the buyer, of a form its order.
    pub fn person_key(&self) -> String {
        let merchant = self.merchant.id.as_deref().unwrap_or("-");
        // A form may wait for its payment: it must not hold that one up.
        let is_form = self.event == Kind::CustomForm;
        match (&self.buyer.id, &self.buyer.email) {
            (Some(id), _) if !is_form => format!("{merchant}:{id}"),
            (None, Some(email)) if !is_form => format!("{merchant}:{}", short_hash(&mut [email.as_str()].into_iter())),
            _ => format!("{merchant}:order:{}", self.order.base_id),
        }
    }
}

/// `merchant:base order`.
pub fn order_key(merchant: Option<&str>, base_id: &str) -> String {
    format!("{}:{base_id}", merchant.unwrap_or("-"))
}
