//! What must come of the messages: the law of the sync told a second time, as a fold over the messages in the order in which
//! they were dealt with. It knows no steps, leases, claims or stores.

use std::collections::{BTreeMap, BTreeSet};

use super::shop::{self, Message, PRODUCTS, Plan, Shop, Stand, What};

type Count = BTreeMap<String, usize>;

/// A contact as it must be.
#[derive(Debug, Default, Clone)]
pub struct Contact {
    pub first_name: String,
    pub orders: BTreeSet<usize>,
    /// What we have put on it, and what has to stay.
    pub tags: BTreeSet<String>,
    /// What was there before us.
    pub foreign: BTreeSet<String>,
    asked: BTreeSet<String>,
    newsletter: &'static str,
    /// The last choice of each order: a renewal repeats it.
    choices: BTreeMap<usize, &'static str>,
    /// Tickets that it holds.
    pub tickets: usize,
    holds_test_ticket: bool,
    /// How often each tag came: each time may start a workflow.
    pub came: Count,
    pub has_business: bool,
    /// Notes, appointments and enrolments of playbooks.
    pub welcomes: usize,
    /// A movement of real money was seen.
    pub has_lifetime: bool,
}

/// An order as the ledger must have it.
#[derive(Debug, Default, Clone)]
pub struct Order {
    pub items: Vec<Item>,
    payments: Vec<Payment>,
    /// Lines of its note, and what the note says of the items: as of the order's last message.
    pub history: usize,
    pub noted: Vec<Stand>,
    pub tasks: Vec<Task>,
    /// Its deal, if there is one, and whether it is lost: as of the order's last message.
    pub deal: Option<bool>,
    /// A message said that it replaces another, now or on a day to come.
    replaces: bool,
    will_replace: bool,
}

#[derive(Debug, Clone)]
pub struct Item {
    /// Of the shop's order; `None` until a message names it.
    pub item: Option<usize>,
    pub stand: Stand,
    sequence_no: u32,
    is_paid: bool,
}

#[derive(Debug, Clone)]
pub struct Task {
    pub purpose: &'static str,
    pub is_open: bool,
    /// About what was bought beside the plan, under a number of its own.
    of_upsell: bool,
}

#[derive(Debug, Clone)]
struct Payment {
    id: String,
    cents: i64,
    sequence_no: u32,
    /// Of a plan, or of something that was bought beside it.
    of_plan: bool,
    returned: Vec<Returned>,
}

#[derive(Debug, Clone)]
struct Returned {
    transaction: String,
    cents: i64,
    /// For which items; none: for all.
    items: Vec<usize>,
}

/// What money that went back ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Nothing,
    Whole,
    Part,
    Unclear,
}

/// What follows for an item.
enum Verdict {
    Is(Stand),
    Stays,
    Ask,
}
use Verdict::{Ask, Is, Stays};

pub struct Model<'a> {
    shop: &'a Shop,
    /// Deals, business, playbooks.
    full: bool,
    /// Digistore24 answers questions.
    answers: bool,
    pub contacts: BTreeMap<String, Contact>,
    pub orders: BTreeMap<usize, Order>,
    /// Order, buyer or address -> the address that the contact was made with.
    known: BTreeMap<String, String>,
    /// Questions that nobody but a person can answer.
    pub open_questions: usize,
    /// Orders whose plan a playbook has stopped.
    pub stops: BTreeSet<String>,
}

impl<'a> Model<'a> {
    pub fn new(shop: &'a Shop, full: bool, answers: bool) -> Self {
        let (contacts, orders, known) = Default::default();
        Self { shop, full, answers, contacts, orders, known, open_questions: 0, stops: BTreeSet::new() }
    }

    /// Somebody was in the CRM before us.
    pub fn contact_before_us(&mut self, email: &str) {
        let contact = self.contacts.entry(email.to_owned()).or_default();
        contact.first_name = "Old".into();
        contact.foreign.insert("vip".into());
    }

    /// The money of this payment has gone back: the same message again is no repetition.
    pub fn is_returned(&self, message: &Message) -> bool {
        let (What::Paid { .. }, Some(money)) = (message.what, &message.money) else { return false };
        let order = self.orders.get(&message.order);
        order.is_some_and(|order| {
            // All of it, or so that something that it paid for is gone.
            let is_gone = |items: &[usize]| {
                let mut of =
                    order.items.iter().filter(|i| items.is_empty() || i.item.is_some_and(|i| items.contains(&i)));
                of.any(|item| matches!(item.stand, Stand::Refunded | Stand::Chargeback))
            };
            order.payments.iter().any(|p| {
                p.id == money.transaction
                    && !p.returned.is_empty()
                    && (p.cents <= back(p) || p.returned.iter().any(|returned| is_gone(&returned.items)))
            })
        })
    }

    /// A message has been dealt with.
    pub fn apply(&mut self, number: usize, repeated: bool) {
        let message = &self.shop.messages[number];
        match message.what {
            What::Noise => panic!("message {number} is none of ours"),
            What::Partner if self.full => {
                let contact = self.contacts.entry(message.email.clone()).or_default();
                contact.asked.extend(["ds24-affiliate", "partner"].map(str::to_owned));
                self.tag(&message.email);
            }
            What::Partner => panic!("message {number} is not synced"),
            What::Ticket => self.hold_ticket(message),
            _ => self.apply_to_order(message, repeated),
        }
    }

    /// The day of an upgrade has come.
    pub fn upgrade(&mut self, number: usize) {
        let message = &self.shop.messages[number];
        let email = self.whose(message).unwrap();
        let order = self.orders.get_mut(&message.order).unwrap();
        if order.is_in_force() {
            order.replaces = true;
            self.settle_replaced(&email, None);
        }
        self.tag(&email);
    }

    /// A step of a playbook that came later: the first brings a tag, the second a task.
    pub fn apply_later(&mut self, number: usize, brings_tag: bool) {
        let message = &self.shop.messages[number];
        let email = self.whose(message).unwrap();
        if brings_tag {
            self.contacts.get_mut(&email).unwrap().asked.insert("month".into());
        } else {
            let of_upsell = !self.shop.orders[message.order].is_plan(message);
            let task = Task { purpose: "playbook", is_open: true, of_upsell };
            self.orders.get_mut(&message.order).unwrap().tasks.push(task);
        }
        self.tag(&email);
    }

    /// A ticket is its holder's, whatever has become of the order.
    fn hold_ticket(&mut self, message: &Message) {
        let email = self.whose(message).unwrap_or_else(|| message.email.clone());
        self.remember(message, &email);
        let contact = self.contacts.entry(email.clone()).or_default();
        if contact.first_name.is_empty() {
            contact.first_name = message.first_name.clone();
        }
        contact.tickets += 1;
        contact.holds_test_ticket |= self.shop.orders[message.order].test;
        self.tag(&email);
    }

    /// What was replaced stays so, also when its messages come later.
    /// `asks`: the order about which a person is asked.
    fn settle_replaced(&mut self, email: &str, asks: Option<usize>) {
        let of_contact = self.contacts[email].orders.clone();
        let is_done = |order: &usize| self.orders.get(order).is_some_and(|o| o.replaces);
        let replaced: Vec<usize> =
            of_contact.iter().filter(|o| is_done(o)).filter_map(|&o| self.shop.orders[o].replaces).collect();
        for old in replaced.into_iter().filter(|old| of_contact.contains(old)) {
            let (sold, mut was_missing) = (&self.shop.orders[old], false);
            for item in self.orders.get_mut(&old).into_iter().flat_map(|o| &mut o.items) {
                let of_plan = item.item.is_none_or(|item| !sold.items[item].is_upsell());
                if of_plan && !matches!(item.stand, Stand::Refunded | Stand::Chargeback) {
                    was_missing |= item.stand == Stand::Paused;
                    item.stand = Stand::Upgraded;
                }
            }
            let Some(order) = self.orders.get_mut(&old).filter(|_| was_missing && asks != Some(old)) else { continue };
            // Nothing is missing any more.
            if order.items.iter().all(|item| item.stand != Stand::Paused) {
                order.tasks.iter_mut().filter(|task| task.purpose == "dunning").for_each(|task| task.is_open = false);
            }
        }
    }

    fn apply_to_order(&mut self, message: &Message, repeated: bool) {
        let shop_order = &self.shop.orders[message.order];
        let mut order = self.orders.get(&message.order).cloned().unwrap_or_default();
        let is_again = repeated && self.is_returned(message);
        // A part that went back before its payment came was taken for all of it.
        let was_part = order.was_returned_in_part(message);
        order.note_money(message, shop_order.is_plan(message));
        let back = order.back(message, shop_order);
        // What will be replaced ends by that, and no sooner.
        let ends =
            matches!(message.what, What::Unpaid | What::NotTried | What::Unclear | What::Cancelled | What::LastDay);
        let what = if ends && self.will_be_replaced(message) { What::News } else { message.what };

        // Which items? A message that names none means all; the first that is named is the one that had no name.
        let mut touched = message.items.iter().map(|&i| Some(i)).collect::<Vec<_>>();
        if let (Some(first), Some(nameless)) = (touched.first(), order.items.iter_mut().find(|i| i.item.is_none())) {
            nameless.item = *first;
        }
        if touched.is_empty() {
            touched = order.items.iter().map(|i| i.item).collect();
        }
        if touched.is_empty() && !matches!(message.what, What::Resumed | What::News) {
            touched.push(None);
        }
        let (mut became, mut asks) = (Vec::new(), false);
        for which in touched {
            let known = order.items.iter().find(|i| i.item == which).cloned();
            let from = known.as_ref().map(|i| i.stand);
            let newer = known.as_ref().map_or(1, |i| message.sequence_no as i64 - i64::from(i.sequence_no));
            let judged = from.filter(|stand| *stand != Stand::Refunded || !was_part);
            let mut verdict = match (message.what, back) {
                // Its money had gone back before it came.
                (What::Paid { .. }, Back::Whole) if !is_again => judge(judged, What::Refund, Back::Whole, false, newer),
                _ => judge(judged, what, back, is_again, newer),
            };
            if let (Ask, true) = (&verdict, self.answers) {
                verdict = Is(self.truth(message));
            }
            let stand = match verdict {
                Is(stand) => Some(stand),
                Stays => from,
                Ask => {
                    asks = true;
                    // Money of something that was never seen paid.
                    from.or((back == Back::Unclear).then_some(Stand::Refunded))
                }
            };
            let Some(stand) = stand else { continue };
            if from != Some(stand) {
                became.push(stand);
            }
            let mut item = known.unwrap_or(Item { item: which, stand, sequence_no: 0, is_paid: false });
            item.is_paid |= matches!(message.what, What::Paid { .. });
            if matches!(verdict, Is(_)) || from.is_none() || matches!(message.what, What::Paid { .. }) && !is_again {
                item.sequence_no = item.sequence_no.max(message.sequence_no);
            }
            item.stand = stand;
            order.items.retain(|i| i.item != which);
            order.items.push(item);
        }
        if order.items.is_empty() {
            assert_ne!(message.raw["event"], "custom_form", "the form of {} came to nothing", shop_order.id);
            // Nothing to write, but whose it is is known for the next time: of who has bought something.
            if let Some(email) = self.whose(message).filter(|email| !self.contacts[email].orders.is_empty()) {
                self.remember(message, &email);
            }
            return;
        }
        order.history += 1;
        let is_upgrade = shop_order.replaces.is_some() && matches!(message.what, What::Paid { .. });
        let has_day = message.raw["delivery_date"].is_string();
        order.replaces |= is_upgrade && !has_day && !order.will_replace;
        order.will_replace |= is_upgrade && has_day;
        self.open_questions += usize::from(asks);

        let is_paid = matches!(message.what, What::Paid { .. });
        let refunded = became.contains(&Stand::Refunded);
        let none_missing = order.items.iter().all(|i| i.stand != Stand::Paused);
        let sold = &shop_order.items;
        let is_left = |of_upsell: bool| {
            let mut own = order.items.iter().filter(|i| i.item.is_some_and(|item| sold[item].is_upsell()) == of_upsell);
            own.any(|item| grants(item.stand))
        };
        let left = [is_left(false), is_left(true)];
        let is_going_on = left.contains(&true) && order.items.iter().all(|i| i.stand != Stand::Cancelling);
        for task in &mut order.tasks {
            task.is_open &= match task.purpose {
                "review" => true,
                "dunning" => asks || !none_missing,
                "retention" if !asks && is_going_on => false,
                _ => !refunded || left[usize::from(task.of_upsell)],
            };
        }
        let of_upsell = !shop_order.is_plan(message);
        let task = |purpose: &'static str| Task { purpose, is_open: true, of_upsell };
        let mut wanted = Vec::new();
        for (purpose, wish) in [
            ("review", asks),
            ("dunning", became.contains(&Stand::Paused)),
            ("retention", self.full && became.contains(&Stand::Cancelling)),
        ] {
            let is_open = order.tasks.iter().any(|task| task.purpose == purpose && task.is_open);
            // Each question is one of its own, but for the same message again.
            if wish && (!is_open || purpose == "review" && !repeated) {
                wanted.push(task(purpose));
            }
        }
        if became.contains(&Stand::Chargeback) {
            wanted.push(task("chargeback"));
        }
        order.tasks.extend(wanted);
        // Whose is it?
        let email = self.whose(message).unwrap_or_else(|| message.email.clone());
        self.remember(message, &email);
        let contact = self.contacts.entry(email.clone()).or_default();
        if contact.first_name.is_empty() {
            contact.first_name = message.first_name.clone();
        }
        contact.orders.insert(message.order);
        contact.has_lifetime |= message.money.is_some() && !shop_order.test;
        if !message.newsletter.is_empty() {
            let last = contact.choices.insert(message.order, message.newsletter);
            if last != Some(message.newsletter) {
                contact.newsletter = message.newsletter;
            }
        }
        let is_live = !asks && !repeated;
        if self.full && is_paid {
            let is_first = message.sequence_no <= 1;
            if !is_first && !repeated {
                contact.asked.insert("loyal".into());
            }
            contact.has_business |= is_live && message.has_company;
            if is_first && shop_order.replaces.is_none() && is_live {
                contact.asked.insert("welcome".into());
                contact.welcomes += 1;
                order.tasks.push(task("playbook"));
            }
        }
        if self.full && message.what == What::Cancelled && is_live {
            self.stops.insert(shop_order.id.clone());
        }
        self.orders.insert(message.order, order);
        self.settle_replaced(&email, Some(message.order).filter(|_| asks));
        let order = self.orders.get_mut(&message.order).unwrap();
        order.noted = order.items.iter().map(|i| i.stand).collect();
        if self.full && (is_paid || order.deal.is_some()) {
            order.deal = Some(matches!(order.stand(), Some(Stand::Refunded | Stand::Chargeback)));
        }
        self.tag(&email);
    }

    fn will_be_replaced(&self, message: &Message) -> bool {
        let Some(email) = self.whose(message) else { return false };
        let replaces = |order: &usize| {
            let sold = &self.shop.orders[*order];
            let upgrade = &self.orders[order];
            sold.is_later && sold.replaces == Some(message.order) && upgrade.will_replace && upgrade.is_in_force()
        };
        self.contacts[&email].orders.iter().any(replaces)
    }

    /// By order, replaced order, buyer and address, in this order.
    fn whose(&self, message: &Message) -> Option<String> {
        self.keys(message).iter().find_map(|key| self.known.get(key)).cloned()
    }

    fn remember(&mut self, message: &Message, email: &str) {
        for key in self.keys(message) {
            // An address that is somebody else's stays so.
            if key.starts_with("address ") {
                self.known.entry(key).or_insert_with(|| email.to_owned());
            } else {
                self.known.insert(key, email.to_owned());
            }
        }
    }

    fn keys(&self, message: &Message) -> Vec<String> {
        let replaced = self.shop.orders[message.order].replaces.filter(|_| matches!(message.what, What::Paid { .. }));
        let own = Some(message.order).filter(|_| message.what != What::Ticket);
        let orders = [own, replaced].into_iter().flatten().map(|order| format!("order {order}"));
        orders.chain([format!("buyer {}", message.buyer), format!("address {}", message.email)]).collect()
    }

    /// What Digistore24 says about the order that a message names.
    fn truth(&self, message: &Message) -> Stand {
        self.shop.orders[message.order].truth(message.items.first().copied().unwrap_or_default())
    }

    /// The tags that follow from all the contact's orders.
    fn tag(&mut self, email: &str) {
        let contact = self.contacts.get_mut(email).unwrap();
        let mut tags: BTreeSet<String> = contact.asked.clone();
        let mut own = |word: &str| tags.insert(format!("ds24-{word}"));
        let known: Vec<(usize, &Item)> = contact
            .orders
            .iter()
            .flat_map(|o| self.orders.get(o).into_iter().flat_map(|order| &order.items).map(|item| (*o, item)))
            .collect();
        if let Some(best) = known.iter().map(|(_, i)| i.stand).filter(|s| *s != Stand::Upgraded).min() {
            own(best.word());
        }
        // These show beside the best one.
        for stand in [Stand::Cancelling, Stand::Paused, Stand::Chargeback] {
            if known.iter().any(|(_, i)| i.stand == stand) {
                own(stand.word());
            }
        }
        if contact.holds_test_ticket || contact.orders.iter().any(|&o| self.shop.orders[o].test) {
            own("test");
        }
        if contact.tickets > 0 {
            own("eticket");
        }
        if !contact.newsletter.is_empty() {
            own(contact.newsletter);
        }
        for (order, item) in known.iter().filter(|(_, i)| grants(i.stand)) {
            // Who is first heard of by anything but a payment was welcomed long ago.
            let mut earn = |tag: String| {
                if item.is_paid || contact.tags.contains(&tag) {
                    tags.insert(tag);
                }
            };
            earn("ds24-customer".into());
            let Some(which) = item.item else { continue };
            let (product, _, vendor) = PRODUCTS[self.shop.orders[*order].items[which].product];
            earn(format!("ds24-p-{product}"));
            for (tag, is_given) in [(vendor, !vendor.is_empty()), ("herbs", self.full && product == "512345")] {
                if is_given {
                    earn(tag.to_owned());
                }
            }
        }
        for tag in tags.difference(&contact.tags) {
            *contact.came.entry(tag.clone()).or_default() += 1;
        }
        contact.tags = tags;
    }

    /// What the contact's real orders have brought, in cents.
    pub fn lifetime(&self, contact: &Contact) -> i64 {
        let real = contact.orders.iter().filter(|&&o| !self.shop.orders[o].test);
        real.filter_map(|o| self.orders.get(o)).map(Order::balance).sum()
    }
}

fn grants(stand: Stand) -> bool {
    matches!(stand, Stand::Active | Stand::Cancelling | Stand::Completed | Stand::Paused)
}

/// Where an item stands after a message. `newer`: by how much its payment number is greater than the last one's.
fn judge(from: Option<Stand>, what: What, back: Back, is_again: bool, newer: i64) -> Verdict {
    use Stand as S;
    let gone = matches!(from, Some(S::Refunded | S::Chargeback | S::Ended | S::Upgraded));
    match (what, from) {
        (What::News, _) => Stays,
        (What::Refund, None) if back != Back::Whole => Ask,
        (What::Refund, _) if back == Back::Part => Stays,
        (What::Refund, Some(S::Refunded | S::Chargeback | S::Upgraded)) => Stays,
        (What::Refund, _) if back == Back::Unclear => Ask,
        (What::Cancelled | What::NotTried | What::LastDay, Some(S::Active)) if newer < 0 => Ask,
        // The bank has the last word; then the end of the money; then the order that replaced this one.
        (What::Paid { .. }, Some(_)) if is_again => {
            if gone {
                Ask
            } else {
                Stays
            }
        }
        (What::Paid { .. }, None) if is_again => Is(S::Active),
        (What::Paid { last, stopped }, Some(S::Refunded | S::Chargeback | S::Ended)) if newer > 0 => {
            paid(last, stopped)
        }
        (What::Paid { .. }, Some(S::Upgraded)) if newer > 0 => Ask,
        (_, Some(S::Chargeback)) => Stays,
        (What::Chargeback, _) => Is(S::Chargeback),
        (_, Some(S::Refunded | S::Upgraded)) => Stays,
        (What::Refund, _) => Is(S::Refunded),
        (_, Some(S::Ended)) => Stays,
        // Whoever has paid everything keeps it.
        (What::Unpaid | What::Unclear, Some(S::Completed)) if newer > 0 => Ask,
        (_, Some(S::Completed)) => Stays,

        (What::Paid { last: true, .. }, None | Some(S::Active | S::Cancelling)) => Is(S::Completed),
        (What::Paid { last, .. }, Some(S::Paused)) if last => {
            if newer < 0 {
                Stays
            } else {
                Is(S::Completed)
            }
        }
        (What::Paid { stopped, .. }, None) => Is(if stopped { S::Cancelling } else { S::Active }),
        (What::Paid { stopped: true, .. }, Some(S::Active)) if newer > 0 => Is(S::Cancelling),
        (What::Paid { stopped, .. }, Some(S::Paused)) if newer >= 0 => {
            Is(if stopped { S::Cancelling } else { S::Active })
        }
        (What::Paid { stopped: false, .. }, Some(S::Cancelling)) if newer > 0 => Is(S::Active),
        (What::Paid { .. }, _) => Stays,

        (What::Unpaid, None) => Is(S::Paused),
        (What::Unpaid, Some(S::Active)) if newer > 0 => Is(S::Paused),
        (What::Unpaid, Some(S::Active)) if newer == 0 => Ask,
        (What::Unpaid, _) => Stays,
        (What::Unclear, _) => Ask,
        (What::Cancelled | What::NotTried, Some(S::Cancelling)) => Stays,
        (What::Cancelled | What::NotTried, _) => Is(S::Cancelling),
        (What::Resumed, Some(S::Paused | S::Cancelling)) => Is(S::Active),
        (What::Resumed, _) => Stays,
        (What::LastDay, _) => Is(S::Ended),
        (What::Ticket | What::Partner | What::Noise, _) => Stays,
    }
}

fn paid(last: bool, stopped: bool) -> Verdict {
    Is(match (last, stopped) {
        (true, _) => Stand::Completed,
        (false, true) => Stand::Cancelling,
        (false, false) => Stand::Active,
    })
}

impl Order {
    /// Not all of its money has gone back.
    fn is_in_force(&self) -> bool {
        self.items.iter().any(|item| !matches!(item.stand, Stand::Refunded | Stand::Chargeback))
    }

    /// The best of its items.
    pub fn stand(&self) -> Option<Stand> {
        self.items.iter().map(|i| i.stand).filter(|s| *s != Stand::Upgraded).min()
    }

    /// What is left of what was paid first for each thing that was sold, in cents; a renewal counts only where nothing before
    /// it is known.
    pub fn first_left(&self) -> i64 {
        let mut paid: BTreeMap<u32, i64> = BTreeMap::new();
        for payment in &self.payments {
            // Money that went back of a payment that has not come yet is none of ours.
            if payment.cents > 0 {
                *paid.entry(payment.sequence_no.max(1)).or_default() += payment.cents - back(payment);
            }
        }
        paid.values().next().copied().unwrap_or_default()
    }

    fn balance(&self) -> i64 {
        // What went back of a payment that has not come was never counted.
        self.payments.iter().filter(|p| p.cents > 0).map(|p| p.cents - back(p)).sum()
    }

    /// A refund of this payment came before it, and was a part of it.
    fn was_returned_in_part(&self, message: &Message) -> bool {
        let (What::Paid { .. }, Some(money)) = (message.what, &message.money) else { return false };
        self.payments.iter().any(|p| p.id == money.transaction && p.cents == 0 && back(p) < money.cents)
    }

    /// The payment that a refund returns, if something of it is known.
    fn returned(&self, message: &Message) -> Option<usize> {
        let parent = message.money.as_ref().and_then(|m| m.parent.as_ref());
        self.payments.iter().position(|p| Some(&p.id) == parent)
    }

    /// What money that goes back ends; of a payment, what had gone back before it came. Its own movement is noted.
    fn back(&self, message: &Message, sold: &shop::Order) -> Back {
        let Some(money) = &message.money else { return Back::Nothing };
        let id = match message.what {
            What::Refund => money.parent.as_ref(),
            What::Paid { .. } => Some(&money.transaction),
            _ => return Back::Nothing,
        };
        let of_plan = sold.is_plan(message);
        let seen: Vec<&Payment> = self.payments.iter().filter(|p| p.of_plan == of_plan && p.cents > 0).collect();
        let newest = seen.iter().map(|p| p.sequence_no).max().unwrap_or_default();
        let own = seen.iter().find(|p| Some(&p.id) == id);
        if message.what != What::Refund && own.is_none_or(|p| p.returned.is_empty()) {
            return Back::Nothing;
        }
        let is_installment = of_plan && matches!(sold.plan, Plan::Installments(n) if n > 1);
        match own {
            // Something is still paid.
            _ if is_installment && seen.iter().any(|p| p.left(message) > 0) => Back::Part,
            Some(_) if is_installment && seen.len() as u32 >= newest => Back::Whole,
            Some(own) if !is_installment && own.left(message) <= 0 && own.sequence_no >= newest => Back::Whole,
            Some(_) if !is_installment => Back::Part,
            None if !is_installment && message.sequence_no > 0 && message.sequence_no < newest => Back::Part,
            _ => Back::Unclear,
        }
    }

    fn note_money(&mut self, message: &Message, of_plan: bool) {
        let Some(money) = &message.money else { return };
        let new = |id: String| Payment { id, cents: 0, sequence_no: 0, of_plan, returned: Vec::new() };
        match message.what {
            What::Paid { .. } => {
                let at = self.payments.iter().position(|p| p.id == money.transaction);
                let at = at.unwrap_or_else(|| {
                    self.payments.push(new(money.transaction.clone()));
                    self.payments.len() - 1
                });
                (self.payments[at].cents, self.payments[at].sequence_no) = (money.cents, message.sequence_no);
            }
            What::Refund | What::Chargeback => {
                let at = self.returned(message).unwrap_or_else(|| {
                    self.payments.push(new(money.parent.clone().unwrap()));
                    self.payments.len() - 1
                });
                let returned = &mut self.payments[at].returned;
                let (transaction, items) = (money.transaction.clone(), message.items.clone());
                match returned.iter_mut().find(|r| r.transaction == transaction) {
                    Some(known) => known.items.extend(items),
                    None => returned.push(Returned { transaction, cents: money.cents, items }),
                }
            }
            _ => {}
        }
    }
}

fn back(payment: &Payment) -> i64 {
    payment.returned.iter().map(|r| r.cents).sum()
}

impl Payment {
    /// What is left for the items of a message.
    fn left(&self, message: &Message) -> i64 {
        let counts = |r: &&Returned| {
            r.items.is_empty() || message.items.is_empty() || r.items.iter().any(|item| message.items.contains(item))
        };
        self.cents - self.returned.iter().filter(counts).map(|r| r.cents).sum::<i64>()
    }
}
