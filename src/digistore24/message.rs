//! What a message of the webhook means: from parameters to an event.

use super::event::{
    Affiliate, Buyer, Consent, Eticket, Event, Form, Item, Kind, Merchant, Money, Order, Subscription, Transaction,
    links,
};
use super::{ipn::Params, money::Cents};
use crate::json::Map;
use crate::text::{lower, short_hash};
use crate::{catalog::is_email, clock};

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
        let count = |name: &str| params.get(name).trim().parse().ok();
        let moment = |name: &str| clock::parse_berlin(params.get(name)).map(clock::iso);
        let email = first(&["email", "buyer_email", "address_email"]).map(|e| lower(&e)).filter(|e| is_email(e));
        let partner = kind == Kind::Affiliation;
        let affiliate = Affiliate {
            id: text("affiliate_id").filter(|id| id != "0"),
            name: text("affiliate_name"),
            email: email.clone().filter(|_| partner),
            link: text("affiliate_link"),
            campaign_key: text("campaignkey"),
            tracking_key: text("trackingkey"),
        };
        let eticket = (kind == Kind::Eticket).then(|| Eticket {
            id: text("eticket_id"),
            code: text("eticket_code"),
            action: text("action"),
            no: count("eticket_no"),
            count: count("eticket_count"),
            blocked: text("eticket_is_blocked").map(|v| yes(&v)),
            url: text("eticket_url"),
            date: text("eticket_date"),
            hint: text("eticket_hint"),
            location_name: text("location_name"),
            location_address: text("location_address"),
            created_at: moment("eticket_created_at"),
            modified_at: moment("eticket_modified_at"),
            used_at: moment("eticket_used_at"),
        });
        let form = matches!(kind, Kind::CustomForm | Kind::OrderformFilled).then(|| Form {
            id: text("orderform_id").filter(|_| kind == Kind::OrderformFilled),
            action: text("action"),
            no: count("form_no"),
            count: count("form_count"),
        });
        let occurred = transaction.as_ref().and_then(|_| {
            let time = params.find("transaction_time").unwrap_or("00:00:00");
            clock::parse_berlin(&format!("{} {time}", params.get("transaction_date")))
        });
        let of_ticket = eticket.as_ref().and_then(|ticket| ticket.modified_at.clone().or(ticket.created_at.clone()));
        Self {
            dedupe_key: joint_key(&items),
            id: short_hash(&mut items.iter().map(|i| i.dedupe_key.as_str())),
            occurred_at: occurred.map(clock::iso).or(of_ticket),
            test: params.get("api_mode").eq_ignore_ascii_case("test"),
            merchant: Merchant { id: text("merchant_id"), name: text("merchant_name") },
            buyer: Buyer {
                id: text("buyer_id"),
                email: email.filter(|_| !partner),
                salutation: first(&["address_salutation", "billing_salutation"]),
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
                // A partner was asked for no newsletter.
                newsletter: text("newsletter_choice").filter(|_| !partner).map(|c| lower(&c)),
                newsletter_text: text("newsletter_choice_msg"),
                gdpr_country: text("is_gdpr_country").map(|v| yes(&v)),
            },
            affiliate: (affiliate.id.is_some() || affiliate.name.is_some() || partner).then_some(affiliate),
            eticket,
            form,
            links: links(&text),
            raw: object(params.content()),
            trigger: kind.trigger(),
            event: kind,
            received_at: clock::iso_utc(received_at_ms),
        }
    }
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
        upgrade_type: params.find("upgrade_type").map(str::to_owned),
        delivery_date: date(params, "delivery_date"),
        custom: params.find("custom").map(str::to_owned),
        voucher: params.find("voucher_code").map(str::to_owned),
        id,
    }
}

/// Digistore24's words for true: `Y`, `1`, `true`.
fn yes(text: &str) -> bool {
    matches!(text.trim().as_bytes().first(), Some(b'Y' | b'y' | b'1' | b't' | b'T'))
}

fn cents(params: &Params, names: &[&str]) -> Option<Cents> {
    names.iter().find_map(|name| Cents::parse(params.get(name)))
}

fn currency(params: &Params) -> Option<&str> {
    params.find("transaction_currency").or_else(|| params.find("currency"))
}

fn read_money(params: &Params) -> Option<Money> {
    let gross = cents(params, &["transaction_amount", "amount_brutto", "amount"])?;
    let vat = cents(params, &["transaction_vat_amount", "amount_vat"]);
    Some(Money::new(gross, vat, cents(params, &["amount_vendor"]), currency(params)?))
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
        let part = cents(params, &[&name("product_txn_amount")]).filter(|_| kind.has_transaction());
        let money = part.zip(currency(params)).map(|(gross, currency)| {
            Money::new(gross, cents(params, &[&name("product_txn_vat_amount")]), None, currency)
        });
        items.push(Item {
            money,
            license_key: text("license_key"),
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

/// The key of a message with several items: of all its items together.
fn joint_key(items: &[Item]) -> String {
    match items {
        [] => String::new(),
        [one] => one.dedupe_key.clone(),
        [first, rest @ ..] => {
            format!("{}+{}", first.dedupe_key, short_hash(&mut rest.iter().map(|i| i.dedupe_key.as_str())))
        }
    }
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
            // What a connection says of itself is no content: the same form through another one is the same.
            let own = |name: &str| ["ipn_", "event_", "function_"].iter().any(|own| name.starts_with(own));
            let content = short_hash(&mut params.content().filter(|(n, _)| !own(n)).map(|(_, v)| v));
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
