//! What the ledger knows about one contact: every order, every item, every payment. The contact's status, tags and
//! fields follow from it and from nothing else.

use std::cmp::Ordering;

use super::{payments::Payment, playbook, settings::Mapping, transition::State};
use crate::json::{Map, Set, Value, json, put};
use crate::{
    digistore24::{Cents, Event, Kind},
    record, words,
};

record! {
    /// One contact of one location.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Person {
        /// Every buyer number seen: `merchant:id`. Two buyers may share an e-mail address and so a contact.
        pub buyers: Set,
        /// In the order in which they came.
        pub orders: Vec<OrderState>,
        /// Tickets that the person holds, whoever bought them, by Digistore24's number: `is` (the last action), `at` (when it
        /// last changed, ISO 8601), `day` (`2026-12-23`), `test`.
        pub tickets: Map,
        /// Tags that we put on the contact and that are still there as far as we know.
        pub tags: Set,
        /// Of those, tags that are earned but were not put on: an import is silent, because tags start workflows.
        pub withheld: Set,
        /// Tags that were there before us: never ours to remove.
        pub foreign_tags: Set,
        /// Tags that events and playbooks brought: they stay until a playbook takes them off.
        pub kept: Set,
        /// The business that the contact was put into.
        pub business: Option<String>,
        /// Custom fields as last written.
        pub fields: Map,
        /// Custom fields that a form filled, by order and form: they go when it is revoked.
        pub forms: Map,
        /// Names and address as last written, each as a short hash.
        pub profile: Map,
        /// The GHL user who looks after the contact, as last seen.
        pub assigned_to: Option<String>,
        /// The last choice: `optin` or `optout`.
        pub newsletter: Option<String>,
        /// Every choice about newsletters, the oldest first: `{ choice, text, order, at, product, gdprCountry }`. Evidence,
        /// only ever added to.
        pub choices: Vec<Value>,
        /// The contact wants no more mail, as HighLevel last showed it. Nothing that Digistore24 says changes that.
        pub unsubscribed: bool,
    }
}

record! {
    /// One order (an upsell counts to its base order).
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct OrderState {
        /// `merchant:base order`.
        pub key: String,
        /// The base order id.
        pub id: String,
        /// A test order.
        pub test: bool,
        /// Three letters.
        pub currency: String,
        /// What was bought.
        pub items: Vec<ItemState>,
        /// What was paid.
        pub payments: Vec<Payment>,
        /// What happened, oldest first.
        pub history: Vec<HistoryLine>,
        /// The order's note in GHL.
        pub note_id: Option<String>,
        /// Our open tasks in GHL.
        pub open_tasks: Vec<OpenTask>,
        /// The order's deal in GHL.
        pub deal_id: Option<String>,
        /// The deal as last written, names in place of ids.
        pub deal: Map,
        /// The order that this one has replaced, as sent.
        pub replaces: Option<String>,
        /// The order that this one will replace, on a day to come, as sent.
        pub replaces_later: Option<String>,
        /// Tags that a message put on before it was given up: ours, whether earned or not, until the next of the order.
        pub left_tags: Set,
    }
}

record! {
    /// One item of an order.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ItemState {
        /// Its item id, else its product id.
        pub key: String,
        /// The order as sent: of an upsell its own.
        pub order_id: Option<String>,
        /// Where it stands.
        pub state: State,
        /// The number of the payment or miss that led there.
        pub sequence_no: u32,
        /// Which product.
        pub product_id: Option<String>,
        /// Its name.
        pub product_name: Option<String>,
        /// The vendor's tags of the product.
        pub tags: Vec<String>,
        /// The plan's kind.
        pub billing_type: Option<String>,
        /// The event of the last change, as Digistore24 named it, and why.
        pub last_event: String,
        /// `2026-12-23`.
        pub next_payment_at: Option<String>,
        /// The last paid day of a cancelled plan.
        pub paid_until: Option<String>,
        /// A payment for it was seen. Else it may have been bought long before the plugin came.
        pub is_paid: bool,
    }
}

record! {
    /// A task of ours that nobody has completed yet.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OpenTask {
        /// Its id in GHL.
        pub id: String,
        /// What it is for.
        pub purpose: Purpose,
        /// About which order, as sent: an upsell has one of its own. Nothing: about the whole order.
        pub order: Option<String>,
    }
}

words! {
    /// What a task is for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Purpose {
        /// A payment is missing.
        Dunning = "dunning",
        /// A plan was cancelled.
        Retention = "retention",
        /// The bank took money back.
        Chargeback = "chargeback",
        /// A message could not be understood without a person.
        Review = "review",
        /// Digistore24 wants a proof that a service was delivered.
        ServiceProof = "serviceProof",
        /// The buyer wants the money back.
        RefundRequest = "refundRequest",
        /// Something is to be shipped.
        Delivery = "delivery",
        /// A playbook says so.
        Playbook = "playbook",
    }
}

record! {
    /// One line of the order's note.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HistoryLine {
        /// When, Berlin time: `2026-11-23T10:00:00+01:00`.
        pub at: String,
        /// `payment 2 · 47.00 EUR · transaction 3999938`.
        pub what: String,
        /// The event's id.
        pub event: String,
    }
}

/// Over all items: when the next payment is due, and the last day that is paid for. `2026-12-23`.
pub fn dates(orders: &[OrderState]) -> (Option<&str>, Option<&str>) {
    let (mut next, mut until): (Option<&str>, Option<&str>) = (None, None);
    for item in orders.iter().flat_map(|order| &order.items) {
        let day = item.next_payment_at.as_deref();
        if day.is_some() && (next.is_none() || day < next) {
            next = day;
        }
        until = until.max(item.paid_until.as_deref());
    }
    (next, until)
}

/// The key of the item of an order of which no message has said yet what was bought.
pub(super) const NAMELESS: &str = "1";

impl OrderState {
    /// What came without a name is the first item that gets one: a refund may arrive before its payment. What came with its
    /// product's only is the item of that product.
    pub(super) fn name_items(&mut self, event: &Event) {
        for item in &event.items {
            let product = item.product_id.as_ref();
            let Some(name) = item.id.as_ref().or(product) else { continue };
            let is_it = |known: &&ItemState| match &known.product_id {
                None => known.key == NAMELESS,
                own => own.as_ref() == product && Some(&known.key) == product,
            };
            let old = self.items.iter().find(is_it).map(|known| known.key.clone());
            if let Some(old) = old.filter(|_| self.item(name).is_none()) {
                self.rename(&old, name);
            }
        }
    }

    fn rename(&mut self, old: &str, name: &str) {
        let items = self.items.iter_mut().map(|item| &mut item.key);
        let returned = self.payments.iter_mut().flat_map(|p| &mut p.returned).flat_map(|r| &mut r.items);
        for key in items.chain(returned).filter(|key| *key == old) {
            name.clone_into(key);
        }
        for payment in &mut self.payments {
            if let Some(part) = payment.items.remove(old) {
                put(&mut payment.items, name, part);
            }
        }
    }

    /// Whether not all of its money has gone back. It may have ended since, or been replaced itself.
    pub(super) fn is_in_force(&self) -> bool {
        self.items.iter().any(|item| !matches!(item.state, State::Refunded | State::ChargedBack))
    }

    /// An item by its key.
    pub fn item(&self, key: &str) -> Option<&ItemState> {
        self.items.iter().find(|i| i.key == key)
    }

    /// The item keys that an event means. A message without items means all of what that order, or that upsell, sold.
    pub fn keys_of(&self, event: &Event) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let mut add = |key: &str| {
            if !keys.iter().any(|k| k == key) {
                keys.push(key.to_owned());
            }
        };
        for item in &event.items {
            match (&item.id, &item.product_id) {
                (Some(id), _) => add(id),
                (None, Some(product)) => {
                    let known = self.items.iter().find(|i| i.product_id.as_ref() == Some(product));
                    add(known.map_or(product, |i| &i.key));
                }
                (None, None) => {
                    self.items.iter().filter(|i| i.belongs_to(&event.order.id)).for_each(|i| add(&i.key));
                }
            }
        }
        keys
    }
}

impl ItemState {
    /// Whether it was sold by this order, as sent.
    pub fn belongs_to(&self, order: &str) -> bool {
        self.order_id.as_ref().is_none_or(|id| id == order)
    }
}

/// How the event's payment number compares with the one that set the item's state. Without a number it counts as new; 0 is
/// that of a single payment, and of nothing else.
pub fn compare(item: Option<&ItemState>, event: &Event) -> Ordering {
    let number = event.subscription.as_ref().and_then(|s| s.told_sequence_no);
    match (item, number.filter(|number| *number > 0 || event.event == Kind::Payment)) {
        (Some(item), Some(number)) => number.cmp(&item.sequence_no),
        _ => Ordering::Greater,
    }
}

impl Person {
    /// Forgets everything that belonged to a contact that is gone; what was bought stays.
    #[must_use]
    pub fn without_contact(mut self) -> Self {
        for order in &mut self.orders {
            order.note_id = None;
            order.deal_id = None;
            order.deal = Map::new();
            order.open_tasks.clear();
            order.left_tags = Set::new();
        }
        Self {
            orders: self.orders,
            tickets: self.tickets,
            buyers: self.buyers,
            newsletter: self.newsletter,
            choices: self.choices,
            unsubscribed: self.unsubscribed,
            kept: self.kept,
            ..Self::default()
        }
    }

    /// Takes over what is known of a contact that this one has replaced. Of an order that both know, this one's knowledge
    /// counts.
    pub fn inherit(&mut self, gone: Self) {
        let own = std::mem::replace(&mut self.orders, gone.orders);
        for order in own {
            match self.order_mut(&order.key) {
                Some(old) => *old = order,
                None => self.orders.push(order),
            }
        }
        // What we had put on the other one came along when a person merged the two.
        for tag in gone.tags.iter().filter(|tag| self.foreign_tags.remove(tag)) {
            self.tags.insert(tag.clone());
        }
        for tag in gone.withheld.iter().filter(|tag| !self.foreign_tags.contains(tag)) {
            if self.tags.insert(tag.clone()) {
                self.withheld.insert(tag.clone());
            }
        }
        for (id, ticket) in &gone.tickets {
            if !self.tickets.contains_key(id) {
                put(&mut self.tickets, id, ticket.clone());
            }
        }
        self.buyers.extend(gone.buyers.iter().cloned());
        self.kept.extend(gone.kept.iter().cloned());
        self.choices.extend(gone.choices);
        if !self.unsubscribed {
            self.newsletter = self.newsletter.take().or(gone.newsletter);
        }
        self.unsubscribed |= gone.unsubscribed;
    }

    /// Takes over what was made for an order in HighLevel. A task that was completed stays in doubt: to complete it twice
    /// does no harm.
    pub fn take_made(&mut self, mut made: OrderState) {
        if made.deal_id.is_none() {
            made.deal = Map::new();
        }
        let Some(order) = self.order_mut(&made.key) else {
            (made.items, made.payments, made.history) = (Vec::new(), Vec::new(), Vec::new());
            return self.orders.push(made);
        };
        if made.note_id.is_some() {
            order.note_id = made.note_id;
        }
        if order.deal_id.is_none() {
            (order.deal_id, order.deal) = (made.deal_id, made.deal);
        }
        order.left_tags.extend(made.left_tags);
        for task in made.open_tasks {
            if !order.open_tasks.contains(&task) {
                order.open_tasks.push(task);
            }
        }
    }

    /// Keeps a choice about newsletters as evidence. True: an opt-in, which doesn't count because the person has unsubscribed,
    /// unless that isn't so any more.
    pub fn note_choice(&mut self, event: &Event, at: String) -> bool {
        let consent = &event.consent;
        let Some(choice) = consent.newsletter.as_deref().filter(|c| matches!(*c, "optin" | "optout")) else {
            return false;
        };
        let made = &json!({
            "choice": choice,
            "text": consent.newsletter_text,
            "order": event.order_key(),
            "at": at,
            "product": event.items.first().map(|item| &item.name),
            "gdprCountry": consent.gdpr_country,
        });
        // Each renewal repeats what was chosen with the order.
        let last = self.choices.iter().rfind(|one| one["order"] == made["order"]);
        if last.is_some_and(|last| last["choice"] == made["choice"] && last["text"] == made["text"]) {
            return false;
        }
        let is_void = choice == "optin" && self.unsubscribed;
        if !is_void {
            self.newsletter = Some(choice.to_owned());
        }
        self.choices.push(made.clone());
        is_void
    }

    /// An order by `merchant:base order`.
    pub fn order(&self, key: &str) -> Option<&OrderState> {
        self.orders.iter().find(|o| o.key == key)
    }

    /// An order by `merchant:base order`.
    pub fn order_mut(&mut self, key: &str) -> Option<&mut OrderState> {
        self.orders.iter_mut().find(|o| o.key == key)
    }

    /// Gives an order the deal that another one of the contact has in this pipeline.
    pub fn share_deal(&mut self, key: &str, pipeline: &Value) {
        let of_other = |other: &&OrderState| other.deal_id.is_some() && other.deal.get("pipelineId") == Some(pipeline);
        let Some(other) = self.orders.iter().find(of_other) else { return };
        let (deal_id, deal) = (other.deal_id.clone(), other.deal.clone());
        if let Some(order) = self.order_mut(key).filter(|order| order.deal_id.is_none()) {
            (order.deal_id, order.deal) = (deal_id, deal);
        }
    }

    /// The order's state: the best of its items.
    pub fn order_status(&self, key: &str) -> Option<State> {
        State::best(self.order(key)?.items.iter().map(|i| i.state))
    }

    /// All items of all orders.
    pub fn items(&self) -> impl Iterator<Item = &ItemState> {
        self.orders.iter().flat_map(|o| &o.items)
    }

    /// The contact's status.
    pub fn status(&self) -> Option<State> {
        State::best(self.items().map(|i| i.state))
    }

    /// What all real orders in this currency have brought: paid less returned.
    pub fn lifetime(&self, currency: &str) -> Cents {
        Cents(self.orders.iter().filter(|o| !o.test && o.currency == currency).map(|o| o.balance().0).sum())
    }

    /// The tags of those who may use something: ours by `prefix`, and the vendor's own of the products. `paid`: without what was
    /// never seen paid. Somebody whose first message is a cancellation or a missing payment has been a customer for long.
    pub(super) fn access_tags(&self, mapping: &Mapping, paid: bool) -> Set {
        let (mut tags, by) = (Set::new(), &mapping.tags);
        let by_product = &by["byProduct"];
        for order in &self.orders {
            for item in order.items.iter().filter(|item| item.state.grants() && (item.is_paid || !paid)) {
                tags.insert([&mapping.tag_prefix, "customer"].concat());
                if let Some(product) = item.product_id.as_deref() {
                    tags.insert([&mapping.tag_prefix, "p-", product].concat());
                    tags.extend(playbook::tags(&by_product[product]));
                }
                if mapping.vendor_tags {
                    tags.extend(item.tags.iter().cloned());
                }
            }
        }
        tags
    }

    /// The other tags that should be on the contact, by `prefix`.
    pub fn state_tags(&self, prefix: &str) -> Set {
        let mut tags = Set::new();
        let mut own = |word: &str| {
            tags.insert([prefix, word].concat());
        };
        if let Some(status) = self.status() {
            own(status.word());
        }
        // These show beside the best state.
        for state in [State::Cancelling, State::Paused, State::ChargedBack] {
            if self.items().any(|i| i.state == state) {
                own(state.word());
            }
        }
        let mut test = self.orders.iter().any(|o| o.test);
        for (_, ticket) in &self.tickets {
            test |= ticket["test"].as_bool().unwrap_or_default();
            if ticket["is"] != "revoke" {
                own("eticket");
            }
            if ticket["is"] == "use" {
                own("eticket-used");
            }
        }
        if test {
            own("test");
        }
        match self.newsletter.as_deref() {
            Some("optin") => own("newsletter-requested"),
            Some("optout") => own("newsletter-no"),
            _ => {}
        }
        tags
    }
}

/// Whether a contact, as HighLevel shows it, wants no more mail: its owner unsubscribed, or somebody did it for it.
pub fn is_unsubscribed(contact: &Map) -> bool {
    let of = |name: &str| contact.get(name).unwrap_or(&Value::Null);
    let by_channel = of("dndSettings");
    // From version v3 on the channels are written in lower case.
    let status = |channel: &str| by_channel.get(channel).and_then(|one| one.get("status")).and_then(Value::as_str);
    let blocked = |channel: &str| matches!(status(channel), Some("active" | "permanent"));
    let yes = Value::Bool(true);
    *of("dnd") == yes || *of("unsubscribeEmail") == yes || blocked("Email") || blocked("email")
}
