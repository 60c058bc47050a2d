//! Digistore24 as it would be: orders, what happens to them, the messages that tell of it, and where each item really stands
//! when all has happened.

use std::collections::BTreeMap;
use std::fmt;

use ghl_digistore24::json::{Value, json};

use super::support::Rng;

pub const MERCHANT: &str = "777";
/// Id, name and the vendor's tag.
pub const PRODUCTS: [(&str, &str, &str); 3] =
    [("512345", "Kräuterkurs", "kraeuter"), ("6", "Buch", ""), ("77", "Club", "club")];

/// Where an item stands, the best for its buyer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    Active,
    Cancelling,
    Completed,
    Paused,
    Ended,
    Refunded,
    Chargeback,
    Upgraded,
}

impl Stand {
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cancelling => "cancelling",
            Self::Completed => "completed",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::Refunded => "refunded",
            Self::Chargeback => "chargeback",
            Self::Upgraded => "upgraded",
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// `last`: of all installments. `stopped`: it was under way when the plan was cancelled.
    Paid {
        last: bool,
        stopped: bool,
    },
    /// Missed: it could not be charged.
    Unpaid,
    /// Missed: it was not tried, because somebody had cancelled.
    NotTried,
    /// Missed: for a reason that says nothing.
    Unclear,
    Refund,
    Chargeback,
    Cancelled,
    Resumed,
    LastDay,
    /// A refused payment, a form: something for the order's note.
    News,
    /// A ticket for whoever holds it.
    Ticket,
    /// An approved affiliate.
    Partner,
    /// Nothing that is synced: a test of the connection, another merchant's, something unknown.
    Noise,
}

#[derive(Debug, Clone)]
pub struct Money {
    pub transaction: String,
    /// The payment that a refund returns.
    pub parent: Option<String>,
    pub cents: i64,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub what: What,
    pub email: String,
    pub buyer: String,
    pub first_name: String,
    pub has_company: bool,
    /// Of [`Shop::orders`].
    pub order: usize,
    /// Of the order's items; none: the message doesn't say which.
    pub items: Vec<usize>,
    pub sequence_no: u32,
    pub money: Option<Money>,
    pub newsletter: &'static str,
    /// What Digistore24 sends.
    pub raw: Value,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, email, buyer, order, items, sequence_no, money, .. } = self;
        write!(f, "{what:?} order {order} {items:?} number {sequence_no} of {buyer} {email} {money:?}")
    }
}

#[derive(Debug, Clone)]
pub struct Item {
    pub id: String,
    /// Of [`PRODUCTS`].
    pub product: usize,
    pub stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Single,
    Subscription,
    Installments(u32),
}

#[derive(Debug)]
pub struct Order {
    pub id: String,
    pub buyer: usize,
    pub plan: Plan,
    pub test: bool,
    pub items: Vec<Item>,
    /// The order that it replaces.
    pub replaces: Option<usize>,
    /// On a day to come.
    pub is_later: bool,
}

impl Item {
    /// It comes under a number of its own.
    pub fn is_upsell(&self) -> bool {
        self.id.ends_with('7')
    }
}

impl Order {
    /// Whether a message is about the plan, not about something that was bought beside it.
    pub fn is_plan(&self, message: &Message) -> bool {
        message.items.iter().all(|&item| !self.items[item].is_upsell())
    }

    /// Where an item really stands.
    pub fn truth(&self, item: usize) -> Stand {
        self.items[item].stand
    }
}

#[derive(Debug)]
struct Buyer {
    id: String,
    email: String,
    /// From this message on the buyer has another address.
    moves: Option<usize>,
    first_name: String,
    has_company: bool,
}

/// What is sent next.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    pub message: usize,
    /// Only when all before it has been dealt with: Digistore24 sends a payment again after its refund.
    pub later: bool,
}

#[derive(Debug, Default)]
pub struct Shop {
    pub orders: Vec<Order>,
    pub messages: Vec<Message>,
    /// In the order in which it happened.
    pub deliveries: Vec<Delivery>,
    buyers: Vec<Buyer>,
    /// Several items come in one message.
    grouped: bool,
    transactions: u32,
}

/// One run of payments: the order, the items that are paid together, and how far it is.
struct Life {
    order: usize,
    items: Vec<usize>,
    plan: Plan,
    stand: Stand,
    /// The last payment's number.
    paid: u32,
    /// Transaction of each payment, and what is left of it.
    payments: Vec<(String, i64)>,
}

const PRICE: i64 = 4700;

impl Shop {
    pub fn new(rng: &mut Rng) -> Self {
        let mut shop = Self { grouped: rng.chance(60), ..Self::default() };
        for n in 0..1 + rng.below(3) as usize {
            // Two people may share an address.
            let email =
                if n == 1 && rng.chance(40) { shop.buyers[0].email.clone() } else { format!("b{n}@example.com") };
            let first_name = ["Käthe", "Otto", "Bob"][n].to_owned();
            let moves = rng.chance(20).then(|| shop.messages.len() + 1 + rng.below(3) as usize);
            shop.buyers.push(Buyer { id: format!("4{n}"), email, moves, first_name, has_company: rng.chance(70) });
            for _ in 0..1 + u64::from(rng.chance(30)) {
                shop.live(n, None, rng);
            }
        }
        for _ in 0..rng.below(3) {
            shop.noise(rng);
        }
        shop
    }

    /// What the API answers about each order, upsells apart.
    pub fn purchases(&self) -> BTreeMap<String, Value> {
        let mut purchases = BTreeMap::new();
        for order in &self.orders {
            for item in &order.items {
                let id = [order.id.as_str(), if item.is_upsell() { "1" } else { "" }].concat();
                purchases.insert(id, purchase(item.stand));
            }
        }
        purchases
    }

    /// An order and what becomes of it.
    fn live(&mut self, buyer: usize, replaces: Option<usize>, rng: &mut Rng) {
        let plan = match rng.below(6) {
            _ if replaces.is_some() => Plan::Subscription,
            0 | 1 => Plan::Single,
            2 => Plan::Installments(2 + rng.below(2) as u32),
            _ => Plan::Subscription,
        };
        let number = self.orders.len();
        let item = |n: usize, product: usize| Item { id: format!("3{number}{n}"), product, stand: Stand::Active };
        let mut items = vec![item(0, rng.below(2) as usize)];
        // Which of several payments an item had a part in can't be told where each item has messages of its own, in any order.
        if rng.chance(20) && (self.grouped || plan == Plan::Single) {
            items.push(item(1, 2));
        }
        let test = rng.chance(10);
        let count = items.len();
        let is_later = replaces.is_some() && rng.chance(50);
        self.orders.push(Order { id: format!("N{number}X"), buyer, plan, test, items, replaces, is_later });
        let first = u32::from(plan != Plan::Single);
        let mut life = Life {
            order: number,
            items: (0..count).collect(),
            plan,
            stand: Stand::Active,
            paid: first,
            payments: Vec::new(),
        };
        self.pay(&mut life, first, false, rng);
        if let Some(old) = replaces {
            for item in self.orders[old].items.iter_mut().filter(|i| is_open(i.stand) && !i.is_upsell()) {
                item.stand = Stand::Upgraded;
            }
        }
        if rng.chance(15) {
            let id = item(7, 1).id;
            self.orders[number].items.push(Item { id, product: 1, stand: Stand::Active });
            let mut upsell = Life { items: vec![count], plan: Plan::Single, paid: 0, payments: Vec::new(), ..life };
            self.pay(&mut upsell, 0, false, rng);
            if rng.chance(30) {
                self.give_back(&mut upsell, rng);
            }
            self.settle(&upsell);
            life = Life { items: (0..count).collect(), ..life };
        }
        for _ in 0..rng.below(5) {
            if !is_open(life.stand) {
                break;
            }
            self.happen(&mut life, rng);
        }
        self.settle(&life);
        // An upgrade: the old plan is over, and its last messages change nothing.
        if life.plan == Plan::Subscription && life.stand == Stand::Active && self.orders.len() < 4 && rng.chance(15) {
            self.live(buyer, Some(number), rng);
            let next = life.paid + 1;
            self.say(
                &life,
                What::Unclear,
                "on_payment_missed",
                next,
                None,
                json!({ "billing_stop_reason": "upgraded" }),
            );
        }
    }

    fn settle(&mut self, life: &Life) {
        for &item in &life.items {
            self.orders[life.order].items[item].stand = life.stand;
        }
    }

    /// One thing more.
    fn happen(&mut self, life: &mut Life, rng: &mut Rng) {
        let (next, none) = (life.paid + 1, json!({}));
        let recurring = life.plan != Plan::Single;
        match (life.stand, rng.below(12)) {
            (_, 0) => {
                let money = self.money(None, PRICE);
                self.say(life, What::News, "payment_denial", life.paid, Some(money), none);
            }
            (_, 1) => {
                let ticket = json!({ "eticket_id": self.messages.len().to_string(), "action": "create", "eticket_modified_at": "2026-11-19 10:00:00" });
                self.say(life, What::Ticket, "eticket", life.paid, None, ticket);
            }
            (_, 2) => self.say(
                life,
                What::News,
                "custom_form",
                life.paid,
                None,
                json!({ "form_no": "1", "action": "create" }),
            ),
            // A part of the newest payment, or of an older one: a gesture.
            (_, 3 | 4) if !life.payments.is_empty() => {
                let which = rng.below(life.payments.len() as u64) as usize;
                self.give_part(life, which);
            }
            (_, 5) if !life.payments.is_empty() => self.give_back(life, rng),
            (_, 6) if !life.payments.is_empty() && rng.chance(40) => {
                let (parent, cents) = life.payments.last().cloned().unwrap();
                let money = self.money(Some(parent), cents);
                self.say(life, What::Chargeback, "on_chargeback", life.paid, Some(money), none);
                life.stand = Stand::Chargeback;
            }
            (Stand::Active, 7) if recurring => {
                let reason = json!({ "billing_stop_reason": "by_payment_denial" });
                self.say(life, What::Unpaid, "on_payment_missed", next, None, reason);
                life.stand = Stand::Paused;
            }
            (Stand::Active | Stand::Paused, 8) if recurring => {
                self.say(life, What::Cancelled, "on_rebill_cancelled", life.paid, None, none);
                life.stand = Stand::Cancelling;
            }
            (Stand::Active, 9) if recurring && rng.chance(40) => {
                // Only Digistore24 knows what it means: the payment is missing.
                let reason = json!({ "billing_stop_reason": "no_product" });
                self.say(life, What::Unclear, "on_payment_missed", next, None, reason);
                life.stand = Stand::Paused;
            }
            (Stand::Cancelling, 7) => {
                let reason = json!({ "billing_stop_reason": "by_buyer" });
                self.say(life, What::NotTried, "on_payment_missed", next, None, reason);
            }
            (Stand::Cancelling, 8) => self.pay(life, next, true, rng),
            (Stand::Cancelling, 9) => {
                self.say(life, What::Resumed, "on_rebill_resumed", life.paid, None, none);
                life.stand = Stand::Active;
            }
            (Stand::Cancelling | Stand::Paused, 10) => {
                self.say(life, What::LastDay, "last_paid_day", life.paid, None, none);
                life.stand = Stand::Ended;
            }
            (Stand::Active | Stand::Paused, _) if recurring => self.pay(life, next, false, rng),
            _ => {}
        }
    }

    fn pay(&mut self, life: &mut Life, number: u32, stopped: bool, rng: &mut Rng) {
        let last = matches!(life.plan, Plan::Installments(all) if number >= all);
        let money = self.money(None, PRICE);
        life.payments.push((money.transaction.clone(), money.cents));
        life.paid = number;
        let choice = ["none", "none", "optin", "optout"][rng.below(4) as usize];
        let mut extra = json!({ "newsletter_choice": choice });
        if stopped {
            extra.as_object_mut().unwrap().insert("rebill_stop_noted_at".into(), "2026-11-20 10:00:00".into());
        }
        self.say(life, What::Paid { last, stopped }, "on_payment", number, Some(money), extra);
        match life.stand {
            _ if last => life.stand = Stand::Completed,
            Stand::Cancelling if stopped => {}
            _ => life.stand = Stand::Active,
        }
    }

    /// All that is left of the newest payment goes back; perhaps the vendor gives the access back later.
    fn give_back(&mut self, life: &mut Life, rng: &mut Rng) {
        let (parent, cents) = life.payments.last().cloned().unwrap();
        let money = self.money(Some(parent.clone()), cents);
        let order = &self.orders[life.order];
        let nameless = order.items.len() == 1 && rng.chance(25);
        let before = self.messages.len();
        self.say(life, What::Refund, "on_refund", life.paid, Some(money), json!({}));
        if nameless {
            let message = &mut self.messages[before];
            message.items.clear();
            for name in ["order_item_id", "product_id", "product_name", "tags"] {
                message.raw.as_object_mut().unwrap().remove(name);
            }
        }
        life.payments.pop();
        if matches!(life.plan, Plan::Installments(_)) && !life.payments.is_empty() {
            // One of several: a gesture.
            return;
        }
        life.stand = Stand::Refunded;
        if rng.chance(30) {
            let paid = |m: &Message| m.money.as_ref().is_some_and(|money| money.transaction == parent);
            for message in (0..before).filter(|&n| paid(&self.messages[n])) {
                self.deliveries.push(Delivery { message, later: true });
            }
            if rng.chance(50) {
                life.stand = Stand::Active;
            }
        }
    }

    fn give_part(&mut self, life: &mut Life, which: usize) {
        let (parent, left) = &mut life.payments[which];
        let (parent, part) = (parent.clone(), *left / 3);
        *left -= part;
        let money = self.money(Some(parent), part);
        self.say(life, What::Refund, "on_refund", life.paid, Some(money), json!({}));
    }

    fn money(&mut self, parent: Option<String>, cents: i64) -> Money {
        self.transactions += 1;
        Money { transaction: (9000 + self.transactions).to_string(), parent, cents }
    }

    /// Sends what happened: in one message, or one for each item.
    fn say(&mut self, life: &Life, what: What, event: &str, number: u32, money: Option<Money>, extra: Value) {
        // A ticket or a form is one item's.
        let of_all = !matches!(what, What::News | What::Ticket) || money.is_some();
        if self.grouped || !of_all {
            let items = if of_all { &life.items[..] } else { &life.items[..1] };
            return self.send(life, items, what, event, number, money, extra);
        }
        for &item in &life.items {
            self.send(life, &[item], what, event, number, money.clone(), extra.clone());
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a message has that many parts")]
    fn send(
        &mut self,
        life: &Life,
        items: &[usize],
        what: What,
        event: &str,
        number: u32,
        money: Option<Money>,
        extra: Value,
    ) {
        let (order, n) = (&self.orders[life.order], self.messages.len());
        let buyer = &self.buyers[order.buyer];
        let email = match buyer.moves {
            Some(from) if n >= from => format!("new-{}@example.com", buyer.id),
            _ => buyer.email.clone(),
        };
        let is_upsell = order.items[items[0]].is_upsell();
        let (billing, installments) = match life.plan {
            Plan::Single => ("single_payment", 1),
            Plan::Subscription => ("subscription", 0),
            Plan::Installments(all) => ("installment", all),
        };
        let mut raw = json!({
            "event": event, "custom": n.to_string(), "merchant_id": MERCHANT, "api_mode": if order.test { "test" } else { "live" },
            "order_id": [order.id.as_str(), if is_upsell { "1" } else { "" }].concat(), "upsell_no": if is_upsell { "1" } else { "0" },
            "buyer_id": buyer.id, "email": email, "address_first_name": buyer.first_name, "address_country": "DE",
            "address_phone_no": "030 1234567", "address_company": if buyer.has_company { "ACME" } else { "" },
            "billing_type": billing, "number_of_installments": installments.to_string(), "pay_sequence_no": number.to_string(),
            "next_payment_at": format!("2027-{:02}-{:02}", 1 + n / 28, 1 + n % 28), "item_count": items.len().to_string(),
        });
        let fields = raw.as_object_mut().unwrap();
        let mut set = |name: String, value: String| {
            fields.insert(name, value.into());
        };
        for (index, &item) in items.iter().enumerate() {
            let item = &order.items[item];
            let (product, name, tags) = PRODUCTS[item.product];
            let suffix = if index == 0 { String::new() } else { format!("_{}", index + 1) };
            set(format!("order_item_id{suffix}"), item.id.clone());
            set(format!("product_id{suffix}"), product.to_owned());
            set(format!("product_name{suffix}"), name.to_owned());
            set(format!("tags{suffix}"), tags.to_owned());
        }
        if let Some(money) = &money {
            set("transaction_id".into(), money.transaction.clone());
            set("transaction_amount".into(), format!("{}.{:02}", money.cents / 100, money.cents % 100));
            set("transaction_currency".into(), "EUR".into());
            set("transaction_date".into(), "2026-11-18".into());
            set("transaction_time".into(), format!("10:{:02}:{:02}", n / 60, n % 60));
            money.parent.iter().for_each(|parent| set("parent_transaction_id".into(), parent.clone()));
        }
        if let (Some(old), What::Paid { .. }) = (order.replaces, what) {
            set("upgraded_order_id".into(), self.orders[old].id.clone());
            // The day is told once.
            if order.is_later && number <= 1 {
                set("delivery_date".into(), "2026-12-18".into());
            }
        }
        let newsletter = match extra["newsletter_choice"].as_str() {
            Some("optin") => "newsletter-requested",
            Some("optout") => "newsletter-no",
            _ => "",
        };
        raw.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.messages.push(Message {
            what,
            email,
            buyer: buyer.id.clone(),
            first_name: buyer.first_name.clone(),
            has_company: buyer.has_company,
            order: life.order,
            items: items.to_vec(),
            sequence_no: number,
            money,
            newsletter,
            raw,
        });
        self.deliveries.push(Delivery { message: n, later: false });
    }

    /// What is no order's.
    fn noise(&mut self, rng: &mut Rng) {
        let n = self.messages.len();
        let (what, event, merchant) = match rng.below(5) {
            0 => (What::Noise, "connection_test", MERCHANT),
            1 => (What::Noise, "on_something_new", MERCHANT),
            2 => (What::Noise, "of_filled_out", MERCHANT),
            3 => (What::Noise, "on_payment", "888"),
            _ => (What::Partner, "on_affiliation", MERCHANT),
        };
        let name = format!("partner{n}");
        let email = format!("{name}@example.com");
        let raw = json!({
            "event": event, "custom": n.to_string(), "merchant_id": merchant, "order_id": if merchant == MERCHANT { "" } else { "F1" },
            "transaction_id": n.to_string(), "order_item_id": "1", "email": email, "affiliate_name": name,
        });
        self.messages.push(Message {
            what,
            email,
            buyer: String::new(),
            first_name: String::new(),
            has_company: false,
            order: 0,
            items: Vec::new(),
            sequence_no: 0,
            money: None,
            newsletter: "",
            raw,
        });
        self.deliveries.push(Delivery { message: n, later: false });
    }
}

fn is_open(stand: Stand) -> bool {
    matches!(stand, Stand::Active | Stand::Cancelling | Stand::Completed | Stand::Paused)
}

/// As `getPurchase` tells where it stands.
fn purchase(stand: Stand) -> Value {
    let moved = |kind: &str, amount: &str| json!({ "id": kind, "type": kind, "amount": amount, "currency": "EUR", "created_at": "2026-11-18 10:00:00" });
    let mut moves = vec![moved("payment", "47.00")];
    match stand {
        Stand::Refunded => moves.push(moved("refund", "-47.00")),
        Stand::Chargeback => moves.push(moved("chargeback", "-47.00")),
        _ => {}
    }
    let status = match stand {
        Stand::Completed => "completed",
        Stand::Paused => "unpaid",
        Stand::Active | Stand::Upgraded => "paying",
        _ => "aborted",
    };
    let yes = |is: bool| if is { "Y" } else { "N" };
    json!({
        "billing_status": status, "transaction_list": moves,
        "is_canceled_later": yes(stand == Stand::Cancelling), "is_canceled_now": yes(stand == Stand::Ended),
        "upgraded_by_purchase_id": if stand == Stand::Upgraded { "1" } else { "" },
    })
}
